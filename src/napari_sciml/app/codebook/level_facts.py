"""Weights of one layer and the values they may take, seen as plain numbers. Instant, whatever their count."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from napari_sciml.app.base.backend_choices import bytes_text, ratio_text
from napari_sciml.networks.codebook.constrained import Coded, Constrained, Weights
from napari_sciml.networks.codebook.kmeans import assign, thresholds

WideArray = npt.NDArray[np.float64]
Places = npt.NDArray[np.uint8]
BINS = 72
"""Bars of the histogram of the weights."""
SHARED = "all"
"""Stands for all layers where they share one set of values."""


@dataclass(frozen=True)
class Spread:
    """Sorted weights with their running sums, so that an error costs a search and no pass over them.

    Attributes
    ----------
    values
        The weights, rising.
    sums, squares
        Running sums of the weights and of their squares, each with a leading zero.
    held
        Where weights keep their places in the table: count, sum and sum of squares of each place's
        weights, ``(3, levels)``. None where each weight goes to the nearest value.
    """

    values: WideArray
    sums: WideArray
    squares: WideArray
    held: WideArray | None = None

    @classmethod
    def of(cls, weights: npt.NDArray[np.float32], places: Places | None = None, levels: int = 0) -> Spread:
        """Sort weights of any shape; `places` of that shape say where each stays in a table of `levels`."""
        values = np.sort(weights, axis=None).astype(np.float64)
        held: WideArray | None = None
        if places is not None:
            flat = weights.ravel().astype(np.float64)
            powers = (None, flat, flat**2)
            rows = [np.bincount(places.ravel(), power, levels) for power in powers]
            held = np.stack(rows).astype(np.float64)
        zero = np.zeros(1)
        return cls(
            values,
            np.concatenate([zero, np.cumsum(values)]),
            np.concatenate([zero, np.cumsum(values**2)]),
            held,
        )

    @property
    def variance(self) -> float:
        """Mean squared distance from the mean."""
        return float(self.values.var())

    def error(self, table: npt.ArrayLike) -> float:
        """Return the mean squared error of replacing each weight by its value in rising `table` ``(k,)``."""
        levels = np.asarray(table, np.float64)
        counts, sums, squares = self._nearest(levels) if self.held is None else self.held
        total = float(np.sum(squares - 2 * levels * sums + levels**2 * counts))
        return max(total, 0.0) / len(self.values)

    def _nearest(self, levels: WideArray) -> tuple[npt.NDArray[np.int64], WideArray, WideArray]:
        """Return count, sum and sum of squares of the weights that are nearest to each value."""
        cuts = np.searchsorted(self.values, thresholds(levels), side="left")
        edges = np.concatenate([[0], cuts, [len(self.values)]])
        return np.diff(edges), np.diff(self.sums[edges]), np.diff(self.squares[edges])

    def histogram(self, table: npt.ArrayLike = ()) -> tuple[npt.NDArray[np.int64], WideArray]:
        """Count the weights in `BINS` equal steps that also span `table`; give counts and edges."""
        ends = [self.values[0], self.values[-1], *np.asarray(table, np.float64)]
        low, high = float(min(ends)), float(max(ends))
        edges = np.linspace(low, high if high > low else low + 1e-6, BINS + 1)
        counts = np.diff(np.searchsorted(self.values, edges[:-1], side="left"), append=0)
        counts[-1] = len(self.values) - int(np.searchsorted(self.values, edges[-2], side="left"))
        return counts, edges


def editable_names(constrained: Constrained) -> list[str]:
    """Name what has values of its own: each quantised layer, or all of them together."""
    return [SHARED] if constrained.spec.scope == "global" else list(constrained.coded)


def title_of(name: str, weights: Weights, constrained: Constrained) -> str:
    """Return which layer it is and how many weights it has."""
    if name == SHARED:
        count = sum(weights[one].size for one in constrained.coded)
        return f"all layers, {count:,} weights"
    return f"{name.removesuffix('.weight')}, {weights[name].size:,} weights"


def rows_of(name: str, constrained: Constrained) -> int:
    """Return how many channels of a layer have values of their own, or 0 if the layer has one set."""
    if name == SHARED:
        return 0
    table = constrained.coded[name].table
    return len(table) if table.ndim == 2 else 0


def weights_at(name: str, row: int, weights: Weights, constrained: Constrained) -> npt.NDArray[np.float32]:
    """Return the float32 weights that a set of values stands for."""
    if name == SHARED:
        return np.concatenate([weights[one].ravel() for one in constrained.coded])
    return weights[name][row] if rows_of(name, constrained) else weights[name]


def table_at(name: str, row: int, constrained: Constrained) -> npt.NDArray[np.float32]:
    """Return a set of values, sorted."""
    table = next(iter(constrained.coded.values())).table if name == SHARED else constrained.coded[name].table
    return table[row] if table.ndim == 2 else table


def places_at(name: str, row: int, constrained: Constrained) -> Places:
    """Return the places of these weights in their table."""
    if name == SHARED:
        return np.concatenate([coded.indices.ravel() for coded in constrained.coded.values()])
    indices = constrained.coded[name].indices
    return indices[row] if rows_of(name, constrained) else indices


def with_table_at(
    name: str, row: int, table: npt.NDArray[np.float32], weights: Weights | None, constrained: Constrained
) -> Constrained:
    """Return the network with another set of values.

    Parameters
    ----------
    table
        The values, rising.
    weights
        Each weight goes to the value that is nearest to what it is here. None: it keeps its place in
        the table, and moves with its value.
    """
    names = list(constrained.coded) if name == SHARED else [name]
    changed = {
        one: _recoded(constrained.coded[one], row, table, None if weights is None else weights[one])
        for one in names
    }
    return replace(constrained, coded={**constrained.coded, **changed})


def _recoded(
    coded: Coded, row: int, table: npt.NDArray[np.float32], weights: npt.NDArray[np.float32] | None
) -> Coded:
    if coded.table.ndim == 1:
        return Coded(coded.indices if weights is None else assign(weights, table), table)
    tables, indices = coded.table.copy(), coded.indices.copy()
    tables[row] = table
    if weights is not None:
        indices[row] = assign(weights[row], table)
    return Coded(indices, tables)


def moved(table: npt.NDArray[np.float32], index: int, value: float) -> npt.NDArray[np.float32]:
    """Move one value, as far as its neighbours let it: they keep their order."""
    low = table[index - 1] if index > 0 else -np.inf
    high = table[index + 1] if index + 1 < len(table) else np.inf
    changed = table.copy()
    changed[index] = np.clip(value, low, high)
    return changed


def facts(spread: Spread, table: npt.ArrayLike, first: npt.ArrayLike, constrained: Constrained) -> str:
    """Return how far this set of values is from the float32 weights, and how large the network is stored.

    `first` are the values that it started with.
    """
    error, least = spread.error(table), spread.error(first)
    share = f"{100 * error / spread.variance:.2g} % of the spread" if spread.variance else "no spread"
    what, start = "Mean squared error", "K-means"
    if spread.held is not None:
        # Training has moved them on purpose: this is no error.
        what, start = "Mean squared distance from the float32 weights", "at the start"
    beside = "" if np.array_equal(table, first) else f"; {start} {least:.2g}"
    whole = 4 * sum(coded.indices.size for coded in constrained.coded.values())
    size = constrained.payload_bytes
    return (
        f"{what} {error:.2g} ({share}{beside}). "
        f"Quantised weights: {bytes_text(size)}, {ratio_text(whole, size)}."
    )
