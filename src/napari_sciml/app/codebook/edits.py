"""`CodebookEdits`: values that a person moves, with the steps to take back. Knows neither viewer nor runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from napari_sciml.app.codebook.level_facts import (
    Spread,
    editable_names,
    facts,
    moved,
    places_at,
    rows_of,
    table_at,
    title_of,
    weights_at,
    with_table_at,
)
from napari_sciml.app.codebook.state import CodebookState
from napari_sciml.app.codebook.work import Loaded
from napari_sciml.networks.codebook.constrained import Constrained

MOST_STEPS_BACK = 50
"""Edits that can be taken back: bounds memory."""


@dataclass(frozen=True)
class Sight:
    """The layer, or the channel of it, that is looked at, and its weights."""

    layer: str
    row: int
    spread: Spread
    counts: npt.NDArray[np.int64]
    edges: npt.NDArray[np.float64]

    @classmethod
    def of(cls, layer: str, row: int, loaded: Loaded, now: Constrained) -> Sight:
        """Look at this layer, or at this channel of it."""
        table = table_at(layer, row, now)
        places = places_at(layer, row, now) if loaded.trained else None
        spread = Spread.of(weights_at(layer, row, loaded.weights, now), places, len(table))
        return cls(layer, row, spread, *spread.histogram(table))


class CodebookEdits:
    """Holds a codebook as it is now, and the layer of it that is looked at.

    Parameters
    ----------
    loaded
        What the editing starts from.
    layer
        The layer to look at first, if there is one of that name.
    """

    def __init__(self, loaded: Loaded, layer: str) -> None:
        self.now = loaded.opened
        self._loaded = loaded
        self._history: list[Constrained] = []
        names = editable_names(loaded.opened)
        self._sight = Sight.of(layer if layer in names else names[0], 0, loaded, self.now)
        self._table = self._settled

    def look_at(self, layer: str, row: int) -> None:
        """Look at the values of this layer, or of this channel of it."""
        self._sight = Sight.of(layer, row, self._loaded, self.now)
        self._table = self._settled

    def move(self, index: int, value: float) -> None:
        """Move a value, as far as its neighbours let it; it counts when it is settled."""
        self._table = moved(self._table, index, value)

    def settle(self) -> bool:
        """Take the values as they are now; say whether anything changed."""
        if np.array_equal(self._table, self._settled):
            return False
        nearest = None if self._loaded.trained else self._loaded.weights
        self._history = [*self._history[1 - MOST_STEPS_BACK :], self.now]
        self.now = with_table_at(self._sight.layer, self._sight.row, self._table, nearest, self.now)
        return True

    def reset(self) -> bool:
        """Return the chosen layer its first values again; say whether anything changed."""
        self._table = self._first
        return self.settle()

    def undo(self) -> bool:
        """Take the last change back; say whether there was one."""
        if not self._history:
            return False
        self.now = self._history.pop()
        self._table = self._settled
        return True

    def shown_in(self, state: CodebookState) -> CodebookState:
        """Return `state` with what it shows of this."""
        weights, sight = self._loaded.weights, self._sight
        return replace(
            state,
            layers=tuple((title_of(one, weights, self.now), one) for one in editable_names(self.now)),
            layer=sight.layer,
            rows=rows_of(sight.layer, self.now),
            row=sight.row,
            counts=sight.counts,
            edges=sight.edges,
            table=tuple(float(value) for value in self._table),
            facts=facts(sight.spread, self._table, self._first, self.now),
            trained=self._loaded.trained,
            edited=not np.array_equal(self._table, self._first),
            can_undo=bool(self._history),
        )

    @property
    def _settled(self) -> npt.NDArray[np.float32]:
        return table_at(self._sight.layer, self._sight.row, self.now)

    @property
    def _first(self) -> npt.NDArray[np.float32]:
        return table_at(self._sight.layer, self._sight.row, self._loaded.first)
