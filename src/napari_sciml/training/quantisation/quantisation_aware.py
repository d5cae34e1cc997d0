"""`LowBitNetwork`: a network that computes with its levels while it is trained.

``trained`` keeps every weight's place in its table and learns the tables: the gradient of a level is the sum
of those of its weights (Han et al., ICLR 2016). ``qat`` keeps hidden weights, computes with their levels, and
hands the gradient of the levels straight through to them (Bengio et al., 2013); its tables follow
the hidden weights by one of Lloyd's steps for each batch. ``data`` quantises no weight: the network
is trained on quantised data, as in the paper's Fig. 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from napari_sciml.networks.codebook.constrained import Coded, Constrained, FloatArray, constrain
from napari_sciml.networks.codebook.module import data_tables, pad_like_data, quantise, weights_of
from napari_sciml.networks.codebook.spec import CodebookSpec

UNIT = 8.0
"""Unit of hidden weights, in sizes of those that share a table; set by hand, so that steps of 0.001 move
weights by 0.8 % of their size."""


class LowBitNetwork(nn.Module):
    """Computes with levels; learns them or, behind them, hidden weights.

    Parameters
    ----------
    network
        The float32 network with its batch normalisation folded; it is changed.
    spec
        Levels, scope, targets, and the method: ``trained``, ``qat`` or ``data``.
    data
        The levels of the data, or None. Images go through them here.
    follow
        For how many batches the tables of ``qat`` follow the hidden weights. Then they stay, and the weights
        settle: levels that go on moving while the steps of learning shrink can lose what was learnt.
    own_units
        Whether hidden weights are learnt in units of `UNIT` times the size of those that share their table. A
        step of learning then moves all of them by a like share; without it, filters that are a hundred times
        as large as others hardly move.
    """

    seen: Tensor

    def __init__(
        self,
        network: nn.Module,
        spec: CodebookSpec,
        data: FloatArray | None,
        follow: int = 2**62,
        *,
        own_units: bool = False,
    ) -> None:
        super().__init__()
        self._follow = follow
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))
        self.spec = spec
        self.data = data
        start = constrain(weights_of(network), spec, data)
        if data is not None:
            pad_like_data(network, data)
        self._data = None if data is None else data_tables(data)
        self.network = network
        self.groups = grouped(start, spec)
        """Names of the tensors that share a table."""
        for number, names in enumerate(self.groups):
            table = torch.from_numpy(np.atleast_2d(start.coded[names[0]].table).copy())
            places = torch.cat([self._rows(torch.from_numpy(start.coded[n].indices)) for n in names], 1)
            if spec.method == "trained":
                self.register_parameter(f"table{number}", nn.Parameter(table))
                self.register_buffer(f"places{number}", places.long())
            else:
                self.register_buffer(f"table{number}", table)
                rows = torch.cat([self._rows(network.get_parameter(name).detach()) for name in names], 1)
                unit = units_of(rows) if own_units else torch.ones(len(rows), 1)
                self.register_buffer(f"unit{number}", unit)
                self.register_parameter(f"hidden{number}", nn.Parameter(rows / unit))
        for name in start.coded:
            network.get_parameter(name).requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of normalised images ``(n, 1, h, w)``."""
        if self._data is not None:
            images = quantise(images, *self._data)
        answers: Tensor = functional_call(self.network, dict(self.levels()), (images,))
        return answers

    def levels(self) -> Mapping[str, Tensor]:
        """Return the tensors that the network computes with."""
        result = {}
        moving = self.training and int(self.seen) < self._follow
        self.seen += int(self.training)
        for number, names in enumerate(self.groups):
            table = cast("Tensor", getattr(self, f"table{number}"))
            tensors = [self.network.get_parameter(name) for name in names]
            if self.spec.method == "trained":
                places = cast("Tensor", getattr(self, f"places{number}"))
                rows = table.gather(1, places)
            else:
                flat = self._hidden(number)
                with torch.no_grad():
                    if moving:
                        table.copy_(lloyd_step(flat, table))
                    quantised = table.gather(1, places_of(flat, table))
                # Exactly the levels, with the gradient of the hidden weights.
                rows = quantised + (flat - flat.detach())
            lengths = [tensor.numel() // len(rows) for tensor in tensors]
            for name, tensor, part in zip(names, tensors, torch.split(rows, lengths, dim=1), strict=True):
                result[name] = part.reshape(tensor.shape)
        return result

    def constrained(self, parent: str) -> Constrained:
        """Return what was learned, with whole tables and places."""
        coded = {}
        with torch.no_grad():
            for number, names in enumerate(self.groups):
                table = cast("Tensor", getattr(self, f"table{number}"))
                tensors = [self.network.get_parameter(name) for name in names]
                if self.spec.method == "trained":
                    places = cast("Tensor", getattr(self, f"places{number}"))
                    # Levels may have passed one another.
                    table, order = table.sort(dim=1)
                    places = order.argsort(dim=1).gather(1, places)
                else:
                    places = places_of(self._hidden(number), table)
                lengths = [tensor.numel() // len(places) for tensor in tensors]
                kept = table.numpy().copy()
                for name, tensor, part in zip(
                    names, tensors, torch.split(places, lengths, dim=1), strict=True
                ):
                    indices = part.reshape(tensor.shape).numpy().astype(np.uint8)
                    coded[name] = Coded(indices, kept if len(kept) > 1 else kept[0])
        floats = {
            name: tensor.copy() for name, tensor in weights_of(self.network).items() if name not in coded
        }
        return Constrained(self.spec, coded, floats, self.data, parent)

    def _hidden(self, number: int) -> Tensor:
        """Return the hidden weights ``(rows, n)`` behind a table."""
        hidden, unit = (cast("Tensor", getattr(self, f"{name}{number}")) for name in ("hidden", "unit"))
        return hidden * unit

    def _rows(self, tensor: Tensor) -> Tensor:
        """Return a tensor as the rows that have a table of their own."""
        per_channel = self.spec.scope == "channel" and tensor.ndim > 1
        return tensor.reshape(len(tensor) if per_channel else 1, -1)


def grouped(start: Constrained, spec: CodebookSpec) -> Sequence[Sequence[str]]:
    """Return the tensors that share a table: all of them, or each by itself."""
    if spec.scope == "global" and start.coded:
        return [list(start.coded)]
    return [[name] for name in start.coded]


def units_of(rows: Tensor) -> Tensor:
    """Return the unit of each row of hidden weights; zeros have no size of their own."""
    size = UNIT * rows.square().mean(1, keepdim=True).sqrt()
    return torch.where(size > 0, size, 1.0)


def places_of(rows: Tensor, table: Tensor) -> Tensor:
    """Return the place of each of ``(rows, n)`` in its row of levels; on a threshold it is the upper."""
    middles = ((table[:, 1:].double() + table[:, :-1].double()) / 2).float()
    return torch.searchsorted(middles.contiguous(), rows.contiguous(), right=True)


def lloyd_step(rows: Tensor, table: Tensor) -> Tensor:
    """Move each level to the mean of its values; one without any stays."""
    places = places_of(rows, table)
    counts = torch.zeros_like(table).scatter_add_(1, places, torch.ones_like(rows))
    sums = torch.zeros_like(table).scatter_add_(1, places, rows)
    return torch.where(counts > 0, sums / counts.clamp_min(1), table).sort(dim=1).values
