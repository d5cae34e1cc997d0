"""Weights of one layer and the values they may take, seen as plain numbers. Instant, whatever their count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from napari_sciml.app.compute import bytes_words, ratio_words
from napari_sciml.networks.codebook.constrained import Coded, Constrained, Weights
from napari_sciml.networks.codebook.kmeans import assign, thresholds

BINS = 72
SHARED = "all"
"""Stands for all layers where they share one set of values."""


@dataclass(frozen=True)
class Spread:
    """Sorted weights with their running sums, so that an error costs a search and no pass over them."""

    values: npt.NDArray[np.float64]
    sums: npt.NDArray[np.float64]
    squares: npt.NDArray[np.float64]

    @classmethod
    def of(cls, weights: npt.NDArray[np.float32]) -> Spread:
        """Sort weights of any shape."""
        values = np.sort(weights, axis=None).astype(np.float64)
        zero = np.zeros(1)
        return cls(
            values,
            np.concatenate([zero, np.cumsum(values)]),
            np.concatenate([zero, np.cumsum(values**2)]),
        )

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest weight."""
        return float(self.values[0]), float(self.values[-1])

    @property
    def variance(self) -> float:
        """Mean squared distance from the mean."""
        return float(self.values.var())

    def error(self, table: npt.ArrayLike) -> float:
        """Give the mean squared error of replacing each weight by the nearest of sorted `table` ``(k,)``."""
        levels = np.asarray(table, np.float64)
        cuts = np.searchsorted(self.values, thresholds(levels), side="left")
        edges = np.concatenate([[0], cuts, [len(self.values)]])
        counts, sums, squares = np.diff(edges), np.diff(self.sums[edges]), np.diff(self.squares[edges])
        total = float(np.sum(squares - 2 * levels * sums + levels**2 * counts))
        return max(total, 0.0) / len(self.values)

    def histogram(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Count the weights in `BINS` equal steps; give counts and edges."""
        low, high = self.range
        edges = np.linspace(low, high if high > low else low + 1e-6, BINS + 1)
        counts = np.diff(np.searchsorted(self.values, edges[:-1], side="left"), append=0)
        counts[-1] = len(self.values) - int(np.searchsorted(self.values, edges[-2], side="left"))
        return counts, edges


def editable_names(constrained: Constrained) -> list[str]:
    """Name what has values of its own: each rounded layer, or all of them together."""
    return [SHARED] if constrained.spec.scope == "global" else list(constrained.coded)


def title_of(name: str, weights: Weights, constrained: Constrained) -> str:
    """Say which layer it is and how many weights it has."""
    if name == SHARED:
        count = sum(weights[one].size for one in constrained.coded)
        return f"all layers, {count:,} weights"
    return f"{name.removesuffix('.weight')}, {weights[name].size:,} weights"


def rows_of(name: str, constrained: Constrained) -> int:
    """Give how many channels of a layer have values of their own, or 0 if the layer has one set."""
    if name == SHARED:
        return 0
    table = constrained.coded[name].table
    return len(table) if table.ndim == 2 else 0


def weights_at(name: str, row: int, weights: Weights, constrained: Constrained) -> npt.NDArray[np.float32]:
    """Give the float32 weights that a set of values stands for."""
    if name == SHARED:
        return np.concatenate([weights[one].ravel() for one in constrained.coded])
    return weights[name][row] if rows_of(name, constrained) else weights[name]


def table_at(name: str, row: int, constrained: Constrained) -> npt.NDArray[np.float32]:
    """Give a set of values, sorted."""
    table = next(iter(constrained.coded.values())).table if name == SHARED else constrained.coded[name].table
    return table[row] if table.ndim == 2 else table


def with_table_at(
    name: str, row: int, table: npt.NDArray[np.float32], weights: Weights, constrained: Constrained
) -> Constrained:
    """Give the network with another set of values; each weight goes to the nearest of them."""
    if not rows_of(name, constrained):
        return constrained.with_table(name, table, weights)
    coded = constrained.coded[name]
    tables, indices = coded.table.copy(), coded.indices.copy()
    tables[row] = np.sort(table)
    indices[row] = assign(weights[name][row], tables[row])
    changed: Mapping[str, Coded] = {**constrained.coded, name: Coded(indices, tables)}
    return replace(constrained, coded=changed)


def moved(table: npt.NDArray[np.float32], index: int, value: float) -> npt.NDArray[np.float32]:
    """Move one value, as far as its neighbours let it: they keep their order."""
    low = table[index - 1] if index > 0 else -np.inf
    high = table[index + 1] if index + 1 < len(table) else np.inf
    changed = table.copy()
    changed[index] = np.clip(value, low, high)
    return changed


def facts(spread: Spread, table: npt.ArrayLike, best: npt.ArrayLike, constrained: Constrained) -> str:
    """Say how large the error of this set of values is, and how large the network is stored."""
    error, least = spread.error(table), spread.error(best)
    share = f"{100 * error / spread.variance:.2g} % of the spread" if spread.variance else "no spread"
    beside = "" if np.array_equal(table, best) else f"; K-means {least:.2g}"
    whole = 4 * sum(coded.indices.size for coded in constrained.coded.values())
    size = constrained.payload_bytes
    return (
        f"Mean squared error {error:.2g} ({share}{beside}). "
        f"Rounded weights: {bytes_words(size)}, {ratio_words(whole, size)}."
    )
