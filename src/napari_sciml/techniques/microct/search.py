"""`SliceSearch`: the work itself, plane after plane and tile after tile."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.backends.predictor import Predictor
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.image_loop import Search
from napari_sciml.core.non_maximum_suppression import suppress
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.normalise.pixels import FloatArray
from napari_sciml.networks.receptive_window import CENTRE_PX
from napari_sciml.techniques.microct.centres import find_peaks
from napari_sciml.techniques.microct.decide import PlaneFinds
from napari_sciml.techniques.microct.polarity import core_contrast
from napari_sciml.techniques.microct.prepare import missing_pixels, prepare, to_image
from napari_sciml.techniques.microct.run_geometry import RunGeometry
from napari_sciml.techniques.microct.score_map import fill_map, map_tiles, unknown_map
from napari_sciml.techniques.microct.slices import read_slices


class SliceSearch(Search):
    """Looks for fibres in every plane of a source.

    Attributes
    ----------
    found
        Candidates of each plane so far.
    elements
        Elements of the map that were computed.
    """

    def __init__(
        self,
        source: ImageSource,
        geometry: RunGeometry,
        predictor: Predictor,
        stride: int,
        tile_px: int,
        floor: float,
    ) -> None:
        self._tiles = map_tiles(geometry, stride, tile_px)
        super().__init__(source.name, geometry.slicing.count, "tiles", len(self._tiles))
        self._source = source
        self._geometry = geometry
        self._predictor = predictor
        self._stride = stride
        self._floor = floor
        self._with_missing = 0
        self._first_missing = ""
        self._broken: dict[str, str] = {}
        self.found: list[PlaneFinds] = []
        self.elements = 0

    def run(self, cancel: CancelToken) -> Generator[Progress, None, None]:
        """Search plane after plane, yielding after each tile.

        Raises
        ------
        SciMLError
            If not one plane could be used.
        """
        slicing = self._geometry.slicing
        yield from self.each(
            read_slices(self._source, slicing),
            lambda plane: self.search(*plane, cancel),
            cancel,
            lambda plane: slicing.place(*plane[:2]),
        )
        if self._with_missing:
            slices = "1 slice has" if self._with_missing == 1 else f"{self._with_missing} slices have"
            self.problems.append(
                f"{slices} pixels that are NaN or infinity (first: {self._first_missing}); they were taken "
                "as plain background."
            )

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out of the slices, for the record."""
        if not self._broken:
            return ()
        place, what = next(iter(self._broken.items()))
        slices = "1 slice has" if len(self._broken) == 1 else f"{len(self._broken)} slices have"
        return (f"{slices} broken or empty parts, which were left out (first: {what} in {place})",)

    def _note_missing(self, place: str, missing: int, size: int) -> None:
        if 0 < missing < size:
            self._with_missing += 1
            self._first_missing = self._first_missing or f"{missing} of {size} in {place}"

    def search(
        self, frame: int, number: int, plane: npt.NDArray[Any] | SciMLError, cancel: CancelToken
    ) -> Iterator[None]:
        """Search one plane, yielding after each tile; stopped early, its candidates are those so far."""
        if isinstance(plane, SciMLError):
            raise plane
        place = self._geometry.slicing.place(frame, number)
        self._note_missing(place, missing_pixels(plane), plane.size)
        prepared = prepare(plane, self._geometry, lambda broken: self._broken.update({place: broken}))
        field = self._predictor.model.normalise(prepared[np.newaxis])[0]
        scores = unknown_map(self._geometry, self._stride)
        for _ in fill_map(scores, field, self._tiles, self._predictor, self._stride):
            yield
            if cancel.cancelled:
                break
        self.elements += int(np.isfinite(scores).sum())
        self.found.append(self._candidates(frame, number, scores, field))

    def _candidates(self, frame: int, number: int, scores: FloatArray, field: FloatArray) -> PlaneFinds:
        peaks = find_peaks(scores, self._stride, self._floor)
        scale = self._geometry.scale
        rows, columns = (
            to_image(elements, self._stride, factor)
            for elements, factor in zip((peaks.rows, peaks.columns), scale, strict=True)
        )
        height, width = self._geometry.slicing.shape
        inside = (rows >= -0.5) & (rows <= height - 0.5) & (columns >= -0.5) & (columns <= width - 0.5)
        rows, columns, strength = rows[inside], columns[inside], peaks.scores[inside]
        # Distances are meant at the network's scale, where fibres are round.
        kept = suppress(np.column_stack((rows, columns)) * scale, strength, self._geometry.min_distance)
        place = self._geometry.slicing.coordinates(frame, number, rows[kept], columns[kept])
        middles = (
            elements[inside][kept] * self._stride + CENTRE_PX for elements in (peaks.rows, peaks.columns)
        )
        return PlaneFinds(tuple(place), np.minimum(strength[kept], 1.0), core_contrast(field, *middles))
