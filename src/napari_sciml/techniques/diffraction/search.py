"""`FrameSearch`: the work itself, one frame after the other."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.backends.predictor import Predictor
from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.image_loop import Search
from napari_sciml.core.no_pixel import Ranges
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.source import ImageSource
from napari_sciml.io.masks.frame_mask import FrameMask
from napari_sciml.techniques.diffraction.grid import grid_shape
from napari_sciml.techniques.diffraction.prefilter import passes
from napari_sciml.techniques.diffraction.prepare import STRIP_PX, FloatArray, Prepared, prepare
from napari_sciml.techniques.diffraction.ring_spots import suspects
from napari_sciml.techniques.diffraction.spots import find_spots
from napari_sciml.techniques.diffraction.usable_frames import ceiling_of, read_frame

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
        """Return the score of each tile ``(rows, columns)``: 0 where the prefilter rules a spot out.

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


class FrameSearch(Search):
    """Looks through every frame of a source.

    Attributes
    ----------
    scores
        ``(frames, rows, columns)``: 0 where no spot can be, NaN for frames that were not looked at.
    found
        The spots of each frame so far.
    """

    def __init__(
        self,
        source: ImageSource,
        scorer: FrameScorer,
        mask: FrameMask | None,
        floor: float,
        beam: tuple[float, float] | None,
        stated: Ranges = (),
    ) -> None:
        super().__init__(source.name, frame_count(source))
        self._source = source
        self._scorer = scorer
        self._mask = mask
        self._floor = floor
        self._beam = beam
        self._stated = stated
        self._marked: dict[int, tuple[str, str]] = {}
        self.scores = np.full((self.total, *grid_shape(frame_shape(source))), np.nan, np.float32)
        self.found: list[pd.DataFrame] = []

    @property
    def notes(self) -> tuple[str, ...]:
        """Pixels that a value marks as not measured in some of the frames only."""
        if not self._marked:
            return ()
        number, (sentence, _) = next(iter(self._marked.items()))
        more = len(self._marked) - 1
        others = f"; the same kind in {more} other frame{'' if more == 1 else 's'}" if more else ""
        return (f"in frame {number}, {sentence}{others}",)

    @property
    def cautions(self) -> tuple[str, ...]:
        """The same, of values that no file states to mean so."""
        told = ((number, caution) for number, (_, caution) in self._marked.items() if caution)
        return tuple(f"in frame {number}, {caution}" for number, caution in [*told][:1])

    def run(self, cancel: CancelToken) -> Generator[Progress, None, None]:
        """Search frame after frame, yielding after each.

        Raises
        ------
        SciMLError
            If not one frame could be used.
        """
        yield from self.each(range(self.total), self.search, cancel)

    def search(self, number: int) -> Iterator[None]:
        """Search one frame, yielding when it is done."""
        frame = read_frame(self._source, number)
        ignored = None if self._mask is None else self._mask.of(number)
        prepared = prepare(frame, ignored, stated=self._stated)
        if prepared.marked is not None:
            self._marked[number] = prepared.marked.sentence, prepared.marked.caution
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
        yield
