"""`fiber_map`: the probabilities over the whole image, computed only where somebody looks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.backends.predictor import Predictor
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import FieldMap
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.microct.prepare import prepare, to_image
from napari_sciml.techniques.microct.run_geometry import RunGeometry
from napari_sciml.techniques.microct.score_map import fill_map, map_shape, map_tiles, unknown_map


class PlaneScorer:
    """Computes the map of one plane; opens the predictor once and lets one thread in at a time."""

    def __init__(
        self,
        source: ImageSource,
        geometry: RunGeometry,
        opener: Callable[[], Predictor],
        stride: int,
        tile_px: int,
    ) -> None:
        self._source = source
        self._geometry = geometry
        self._opener = opener
        self._stride = stride
        self._tiles = map_tiles(geometry, stride, tile_px)
        self._predictor: Predictor | None = None
        self._lock = threading.Lock()

    def scores(self, frame: int, number: int) -> npt.NDArray[np.float32]:
        """Return the map of one plane; NaN all over where the plane cannot be used."""
        plane = self._geometry.slicing.read(self._source, frame, number, number + 1)[0]
        scores = unknown_map(self._geometry, self._stride)
        try:
            prepared = prepare(plane, self._geometry)
        except SciMLError:
            # The run has listed this plane among its problems.
            return scores
        with self._lock:
            if self._predictor is None:
                self._predictor = self._opener()
            field = self._predictor.model.normalise(prepared[np.newaxis])[0]
            for _ in fill_map(scores, field, self._tiles, self._predictor, self._stride):
                pass
        return scores

    def __call__(self, block_id: tuple[int, ...] | None = None) -> npt.NDArray[np.float32]:
        """Return the map of the plane of one chunk, with the axes of the source."""
        slicing, ndim = self._geometry.slicing, self._source.ndim
        where = block_id or (0,) * ndim
        frame = 0 if slicing.time_axis is None else where[slicing.time_axis]
        number = 0 if slicing.slice_axis is None else where[slicing.slice_axis]
        others = [axis for axis in range(ndim) if axis not in slicing.plane_axes]
        return np.expand_dims(self.scores(frame, number), tuple(others))

    def __getstate__(self) -> dict[str, Any]:
        # The network is opened again where the map is looked at.
        return {**self.__dict__, "_predictor": None, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())


def fiber_map(
    source: ImageSource, geometry: RunGeometry, opener: Callable[[], Predictor], stride: int, tile_px: int
) -> FieldMap:
    """Return the lazy map of a source, with axes in the source's order."""
    import dask.array as da

    slicing = geometry.slicing
    scorer = PlaneScorer(source, geometry, opener, stride, tile_px)
    shape = map_shape(geometry, stride)
    chunks: dict[int, tuple[int, ...]] = {
        axis: (n,) for axis, n in zip(slicing.plane_axes, shape, strict=True)
    }
    scale = {axis: stride / factor for axis, factor in zip(slicing.plane_axes, geometry.scale, strict=True)}
    zero = np.zeros(1)
    translate = {
        axis: float(to_image(zero, stride, factor)[0])
        for axis, factor in zip(slicing.plane_axes, geometry.scale, strict=True)
    }
    for axis, count in ((slicing.time_axis, slicing.frames), (slicing.slice_axis, slicing.slices)):
        if axis is not None:
            chunks[axis], scale[axis], translate[axis] = (1,) * count, 1.0, 0.0

    axes = range(source.ndim)
    lazy: Any = da.map_blocks
    array = lazy(
        scorer,
        chunks=tuple(chunks[axis] for axis in axes),
        dtype=np.float32,
        meta=np.empty((0,) * source.ndim, np.float32),
    )
    return FieldMap(array, tuple(scale[axis] for axis in axes), tuple(translate[axis] for axis in axes))
