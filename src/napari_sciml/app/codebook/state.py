"""What the page Codebook shows, as one frozen snapshot. The controller replaces it; the page draws it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class CodebookState:
    """Everything the page Codebook shows.

    Attributes
    ----------
    offered
        Whether a low-bit network computes, so that there is something to edit.
    loading, loaded
        Whether the weights are being read, or are there.
    layers, layer
        What has values of its own, as words and name, and which is looked at.
    rows, row
        Number of channels with values of their own, 0 if the layer has one set, and the chosen one.
    counts, edges
        Histogram of the float32 weights.
    table
        The values, rising.
    facts
        How large the error is, and the stored network.
    trained
        Whether training found the place of every weight: weights then move with their value. If not, each
        goes to the nearest.
    drawn
        What bars and lines are, in a sentence.
    edited, can_undo
        Whether anything differs from the first values, and whether there is a step to take back.
    follows
        Whether the overlay of the displayed slice follows.
    busy, seen
        Whether the slice is being run, and what was found in it.
    error, note
        What went wrong, or well, last.
    """

    offered: bool = False
    loading: bool = False
    loaded: bool = False
    layers: tuple[tuple[str, str], ...] = ()
    layer: str = ""
    rows: int = 0
    row: int = 0
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    edges: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    table: tuple[float, ...] = ()
    facts: str = ""
    trained: bool = False
    drawn: str = ""
    edited: bool = False
    can_undo: bool = False
    follows: bool = True
    busy: bool = False
    seen: str = ""
    error: str = ""
    note: str = ""
