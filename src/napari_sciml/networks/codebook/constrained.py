"""`Constrained`: a low-bit network, as its levels and the places of its numbers in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.codebook.kmeans import assign, optimal
from napari_sciml.networks.codebook.spec import EXACT_DATA, CodebookSpec, Targets, bits_for

FloatArray = npt.NDArray[np.float32]
Weights = Mapping[str, FloatArray]
GLOBAL = "all"
"""Name of the one table of the scope ``global``."""


@dataclass(frozen=True)
class Coded:
    """One tensor as places in a table.

    Attributes
    ----------
    indices
        Of the tensor's shape.
    table
        ``(levels,)`` values, or ``(channels, levels)`` with one row for each entry of the first axis.
    """

    indices: npt.NDArray[np.uint8]
    table: FloatArray

    def expand(self) -> FloatArray:
        """Return the tensor itself."""
        if self.table.ndim == 1:
            values: FloatArray = self.table[self.indices]
            return values
        rows = self.indices.reshape(len(self.table), -1)
        return np.take_along_axis(self.table, rows.astype(np.intp), axis=1).reshape(self.indices.shape)


@dataclass(frozen=True)
class Constrained:
    """A low-bit network.

    Attributes
    ----------
    spec
        How it was made.
    coded
        The tensors that hold levels.
    floats
        The others, as they are: biases, and what is no weight.
    data
        The levels of the data, rising, or None if the data stay as they are.
    parent
        Hash of the float32 weights.
    notes
        What a person should know, for example that a tensor has fewer values than levels.
    """

    spec: CodebookSpec
    coded: Mapping[str, Coded]
    floats: Mapping[str, FloatArray]
    data: FloatArray | None
    parent: str = ""
    notes: tuple[str, ...] = field(default=(), compare=False)

    def expand(self) -> dict[str, FloatArray]:
        """Return all tensors."""
        return {**{name: coded.expand() for name, coded in self.coded.items()}, **self.floats}

    @property
    def tables(self) -> dict[str, FloatArray]:
        """The different tables: by tensor, or the single one of the scope ``global``."""
        if self.spec.scope == "global" and self.coded:
            return {GLOBAL: next(iter(self.coded.values())).table}
        return {name: coded.table for name, coded in self.coded.items()}

    @property
    def payload_bytes(self) -> int:
        """Size of indices and tables: ``ceil(n bits / 8)`` for each tensor, 4 bytes for each level."""
        tables = sum(4 * table.size for table in self.tables.values())
        return tables + sum(
            -(-coded.indices.size * bits_for(coded.table.shape[-1]) // 8) for coded in self.coded.values()
        )


def targets_of(weights: Weights, targets: Targets) -> list[str]:
    """Name the tensors that get levels.

    ``convolutions`` are tensors of four axes, ``weights`` of two and more, ``biases`` means every one.
    """
    least = {"convolutions": 4, "weights": 2, "biases": 1}[targets]
    return [name for name, tensor in weights.items() if tensor.ndim >= least]


def constrain(
    weights: Weights, spec: CodebookSpec, data: FloatArray | None, *, only: str = "", parent: str = ""
) -> Constrained:
    """Replace trained weights by the levels that are nearest, without any training: the paper's way.

    With the method ``data`` the weights stay as they are, and only the data get levels.

    Parameters
    ----------
    weights
        The parameters of a network whose batch normalisation is folded, by name.
    spec
        Levels, scope and targets.
    data
        The levels of the data, see `data_codebook`.
    only
        Name of a tensor to which the levels are confined, to see how sensitive the network is to it.

    Raises
    ------
    SciMLError
        If there is nothing to replace.
    """
    if spec.method == "data":
        return Constrained(spec, {}, weights, data, parent)
    names = [only] if only else targets_of(weights, spec.targets)
    if not names:
        raise SciMLError(f"This network has no {spec.targets} to replace by levels", "choose other targets")
    if spec.scope == "global":
        together = np.concatenate([weights[name].ravel() for name in names])
        table = optimal(together, spec.levels)
        coded = {name: Coded(assign(weights[name], table), table) for name in names}
    else:
        coded = {name: code(weights[name], spec) for name in names}
    floats = {name: tensor for name, tensor in weights.items() if name not in coded}
    return Constrained(spec, coded, floats, data, parent, fewer(coded, spec.levels))


def code(tensor: FloatArray, spec: CodebookSpec) -> Coded:
    """Return one tensor its own levels, or one set for each entry of its first axis."""
    if spec.scope == "layer" or tensor.ndim < 2:
        table = optimal(tensor, spec.levels)
        return Coded(assign(tensor, table), table)
    rows = tensor.reshape(len(tensor), -1)
    tables = [optimal(row, spec.levels) for row in rows]
    longest = max(len(table) for table in tables)
    # A row with fewer values repeats its last one.
    table = np.stack([np.pad(row, (0, longest - len(row)), mode="edge") for row in tables])
    indices = np.stack([assign(row, levels) for row, levels in zip(rows, tables, strict=True)])
    return Coded(indices.reshape(tensor.shape), table)


def fewer(coded: Mapping[str, Coded], levels: int) -> tuple[str, ...]:
    """Return which tensors have fewer values than levels."""
    short = [
        f"{name} ({found.table.shape[-1]})" for name, found in coded.items() if found.table.shape[-1] < levels
    ]
    if not short:
        return ()
    shown = ", ".join(short[:3]) + (f" and {len(short) - 3} more" if len(short) > 3 else "")
    return (f"{levels} levels were asked for, but some tensors have fewer different values: {shown}",)


def data_codebook(images: FloatArray, levels: int, rule: str = "") -> FloatArray:
    """Return the levels of the data, fitted to normalised training images and to no others.

    Parameters
    ----------
    rule
        Tag of the rule that normalised them. Fields that were only scaled (``field-robust``) have values of
        all sizes; clustered as they are, most levels would go to a few bright spots, so they are clustered on
        the scale of ``asinh``.
    """
    if rule in EXACT_DATA:
        return np.sinh(optimal(np.arcsinh(images), levels)).astype(np.float32)
    return optimal(images, levels)
