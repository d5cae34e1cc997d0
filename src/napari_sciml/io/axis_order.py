"""`ReorderedArray`: a file's array with the channel chosen, axes in order and native bytes, still unread."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_array import LazyArray, expand_index

READ_FAULTS = (OSError, EOFError, ValueError, RuntimeError, zlib.error)
"""What the format libraries raise when pixels on disk are damaged or missing."""


class ReorderedArray(LazyArray):
    """An array-like that maps every index to the file's own axes.

    Parameters
    ----------
    data
        Array-like with ``shape``, ``dtype`` and basic indexing.
    fixed
        Index to take along axes that are dropped.
    order
        The file's axes that remain, in the order in which this array has them.
    name
        What to call the image in messages.
    """

    def __init__(self, data: Any, fixed: Mapping[int, int], order: tuple[int, ...], name: str) -> None:
        self._data = data
        self._fixed = dict(fixed)
        self._order = order
        self._name = name
        self.shape = tuple(int(data.shape[axis]) for axis in order)
        self.dtype = np.dtype(data.dtype).newbyteorder("=")

    @property
    def raw(self) -> Any:
        """The file's array itself."""
        return self._data

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        wanted = expand_index(index, self.ndim)
        full: list[int | slice] = [0] * (len(self._order) + len(self._fixed))
        for axis, position in self._fixed.items():
            full[axis] = position
        for axis, part in zip(self._order, wanted, strict=True):
            full[axis] = part
        try:
            pixels = np.asarray(self._data[tuple(full)])
        except READ_FAULTS as error:
            raise SciMLError(
                f"Pixels of {self._name} could not be read ({error})",
                "the file may be truncated, damaged or still being written; copy it again",
            ) from error
        kept = [axis for axis, part in zip(self._order, wanted, strict=True) if isinstance(part, slice)]
        by_file = sorted(kept)
        pixels = pixels.transpose([by_file.index(axis) for axis in kept])
        return pixels.astype(self.dtype, copy=False)
