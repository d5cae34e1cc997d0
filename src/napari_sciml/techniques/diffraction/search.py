"""`FrameSearch`: the work itself, one frame after the other."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.backends.predictor import Predictor
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.diffraction.frames import ceiling_of, read_frame
from napari_sciml.techniques.diffraction.gate import passes
from napari_sciml.techniques.diffraction.grid import grid_shape
from napari_sciml.techniques.diffraction.prepare import STRIP_PX, BoolArray, FloatArray, Prepared, prepare
from napari_sciml.techniques.diffraction.spots import find_spots
from napari_sciml.techniques.diffraction.suspects import suspects

LOWEST_FLOOR = 0.05
"""Tiles below this are not kept as candidates, unless the threshold itself is lower."""


class FrameScorer:
    """Scores the tiles of single frames.

    Parameters
    ----------
    predictor
        What runs the network.
    positive
        Its column of Bragg tiles.
    """

    def __init__(self, predictor: Predictor, positive: int) -> None:
        self.predictor = predictor
        self.positive = positive

    def score(self, prepared: Prepared) -> FloatArray:
        """Give the score of each tile ``(rows, columns)``: 0 where the gate rules a spot out.

        Tiles that are bright in the two rows and columns that the network does not see are looked at a
        second time, moved by as much, and keep the higher score.
        """
        passed, in_strip = passes(prepared)
        places = np.argwhere(passed)
        scores = np.zeros(grid_shape(prepared.pixels.shape), np.float32)
        if not len(places):
            return scores
        rows, columns = places.T
        tiles = prepared.tiles(rows, columns)
        again = in_strip[rows, columns]
        moved = Prepared.moved(tiles[again], STRIP_PX)
        found = self.predictor.classify(np.concatenate([tiles, moved]))[:, self.positive]
        best = found[: len(tiles)].copy()
        best[again] = np.maximum(best[again], found[len(tiles) :])
        scores[rows, columns] = best
        return scores


class FrameSearch:
    """Looks through every frame of a source.

    Attributes
    ----------
    scores
        ``(frames, rows, columns)``: 0 where no spot can be, NaN for frames that were not looked at.
    found
        The spots of each frame so far.
    problems
        One sentence for each frame that could not be used, whose numbers are in `failed`.
    done, total
        Frames.
    """

    def __init__(
        self,
        source: ImageSource,
        scorer: FrameScorer,
        mask: BoolArray | None,
        floor: float,
        beam: tuple[float, float] | None,
    ) -> None:
        self._source = source
        self._scorer = scorer
        self._mask = mask
        self._floor = floor
        self._beam = beam
        self._first_error: SciMLError | None = None
        self.total = frame_count(source)
        self.done = 0
        self.scores = np.full((self.total, *grid_shape(frame_shape(source))), np.nan, np.float32)
        self.found: list[pd.DataFrame] = []
        self.problems: list[str] = []
        self.failed: list[int] = []

    def run(self, cancel: CancelToken) -> Generator[Progress, None, None]:
        """Search frame after frame, yielding after each.

        Raises
        ------
        SciMLError
            If not one frame could be used.
        """
        for number in range(self.total):
            if cancel.cancelled:
                return
            try:
                self.search(number)
            except SciMLError as error:
                self._first_error = self._first_error or error
                self.failed.append(number)
                self.problems.append(f"Frame {number} was left out: {error.message}.")
            self.done += 1
            yield Progress(self.done, self.total, "frames")
        if len(self.failed) == self.total and self._first_error is not None:
            first = self._first_error
            raise SciMLError(f"{self._source.name} cannot be used: {first.message}", first.hint)

    def search(self, number: int) -> None:
        """Search one frame."""
        frame = read_frame(self._source, number)
        prepared = prepare(frame, self._mask)
        scores = self._scorer.score(prepared)
        self.scores[number] = scores
        rows, columns = np.nonzero((scores >= self._floor) & (scores > 0))
        kept: npt.NDArray[np.float32] = scores[rows, columns]
        tiles = prepared.tiles(rows, columns)
        ceiling = ceiling_of(self._source.dtype, frame)
        spots = find_spots(prepared, tiles, rows, columns, kept, number, ceiling)
        if len(spots):
            spots["suspect"] = suspects(spots, self._beam)
        self.found.append(spots)
