"""How an image of two to four dimensions is cut into slices, and how these are read slab by slab."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource

SLAB_BYTES = 128 * 2**20
"""As many slices are read at once as fit into this, and always at least one."""


@dataclass(frozen=True)
class Slicing:
    """The slices of a source.

    Attributes
    ----------
    time_axis, slice_axis
        Axes of the source along which slices follow each other; None where there is none.
    plane_axes
        The two axes of the source that span a plane.
    frames, slices
        How many slices there are along them.
    shape
        Rows and columns of a plane.
    """

    time_axis: int | None
    slice_axis: int | None
    plane_axes: tuple[int, int]
    frames: int
    slices: int
    shape: tuple[int, int]

    @property
    def count(self) -> int:
        """Number of slices."""
        return self.frames * self.slices

    def index(self, frame: int, start: int, stop: int) -> tuple[int | slice, ...]:
        """Return the index into the source of slices `start` to `stop` of one frame."""
        where: dict[int, int | slice] = {axis: slice(None) for axis in self.plane_axes}
        if self.time_axis is not None:
            where[self.time_axis] = frame
        if self.slice_axis is not None:
            where[self.slice_axis] = slice(start, stop)
        return tuple(where[axis] for axis in range(len(where)))

    def read(self, source: ImageSource, frame: int, start: int, stop: int) -> npt.NDArray[Any]:
        """Read a slab ``(slices, rows, columns)``."""
        slab = source.read(self.index(frame, start, stop))
        if self.slice_axis is None:
            return slab[np.newaxis]
        dropped = self.time_axis is not None and self.time_axis < self.slice_axis
        # Copied where slices lie across the file, which is then read once for each slab, not each plane.
        return np.ascontiguousarray(np.moveaxis(slab, self.slice_axis - dropped, 0))

    def place(self, frame: int, number: int) -> str:
        """Name one plane for a person."""
        parts = [f"frame {frame}"] if self.time_axis is not None else []
        parts += [f"slice {number}"] if self.slice_axis is not None else []
        return ", ".join(parts) or "the image"

    def coordinates(
        self, frame: int, number: int, rows: npt.NDArray[np.float64], columns: npt.NDArray[np.float64]
    ) -> list[npt.NDArray[np.float64]]:
        """Return the coordinates of points of one plane along each axis of the source."""
        along = dict(zip(self.plane_axes, (rows, columns), strict=True))
        for axis, value in ((self.time_axis, frame), (self.slice_axis, number)):
            if axis is not None:
                along[axis] = np.full(len(rows), float(value))
        return [along[axis] for axis in range(len(along))]


def cut_slices(source: ImageSource, axis: int) -> Slicing:
    """Cut `source` across its spatial axis number `axis`.

    An axis called ``t``, or the first of four, is time. An image of two spatial axes is one plane, and
    `axis` must then be 0.

    Raises
    ------
    SciMLError
        If the source has no such axis.
    """
    time_axis = source.axes.index("t") if "t" in source.axes else (0 if source.ndim == 4 else None)
    spatial = [number for number in range(source.ndim) if number != time_axis]
    if len(spatial) not in (2, 3):
        raise SciMLError(
            f"{source.name} has {len(spatial)} spatial axes", "choose an image with (y, x) or (z, y, x)"
        )
    if len(spatial) == 2 and axis != 0:
        raise SciMLError(
            f"{source.name} is a flat image, which has no axis {axis} to cut across", "set axis to 0"
        )
    slice_axis = spatial.pop(axis) if len(spatial) == 3 else None
    rows, columns = spatial
    return Slicing(
        time_axis=time_axis,
        slice_axis=slice_axis,
        plane_axes=(rows, columns),
        frames=1 if time_axis is None else source.shape[time_axis],
        slices=1 if slice_axis is None else source.shape[slice_axis],
        shape=(source.shape[rows], source.shape[columns]),
    )


def slab_length(source: ImageSource, slicing: Slicing) -> int:
    """Choose how many slices to read at once: whole chunks of the file where they fit."""
    if slicing.slice_axis is None:
        return 1
    fitting = max(1, SLAB_BYTES // max(1, slicing.shape[0] * slicing.shape[1] * source.dtype.itemsize))
    chunks = getattr(source.data, "chunks", None)
    chunk = chunks[slicing.slice_axis] if chunks else 1
    # dask lists every chunk's length, zarr and HDF5 one for all.
    depth = int(chunk[0] if isinstance(chunk, tuple) else chunk)
    whole = fitting - fitting % depth if fitting >= depth else fitting
    return min(whole, slicing.slices)


def read_slices(
    source: ImageSource, slicing: Slicing
) -> Iterator[tuple[int, int, npt.NDArray[Any] | SciMLError]]:
    """Read every plane in order, a bounded slab at a time.

    Yields frame, slice and the pixels ``(rows, columns)``, or the reason why they could not be read: one
    damaged slice does not hide its neighbours.
    """
    step = slab_length(source, slicing)
    for frame in range(slicing.frames):
        for start in range(0, slicing.slices, step):
            stop = min(start + step, slicing.slices)
            for number, plane in read_slab(source, slicing, frame, start, stop):
                yield frame, number, plane


def read_slab(
    source: ImageSource, slicing: Slicing, frame: int, start: int, stop: int
) -> Iterator[tuple[int, npt.NDArray[Any] | SciMLError]]:
    """Read slices `start` to `stop` at once, or one by one if that fails."""
    try:
        slab = slicing.read(source, frame, start, stop)
    except SciMLError as error:
        if stop - start == 1:
            yield start, error
            return
        for number in range(start, stop):
            yield from read_slab(source, slicing, frame, number, number + 1)
        return
    yield from enumerate(slab, start)
