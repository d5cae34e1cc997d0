"""`ReorderedArray`: a file's array with the channel chosen, axes in order and native bytes, still unread."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError

READ_FAULTS = (OSError, EOFError, ValueError, RuntimeError, zlib.error)
"""What the format libraries raise when pixels on disk are damaged or missing."""


class ReorderedArray:
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
        self.dtype: np.dtype[Any] = np.dtype(data.dtype).newbyteorder("=")

    @property
    def raw(self) -> Any:
        """The file's array itself."""
        return self._data

    @property
    def ndim(self) -> int:
        """Number of axes that remain."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of pixels."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __len__(self) -> int:
        return self.shape[0]

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

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.asarray(self[...], dtype=dtype)


def expand_index(index: Any, ndim: int) -> tuple[int | slice, ...]:
    """Write a basic index with one integer or slice for each of `ndim` axes."""
    parts = index if isinstance(index, tuple) else (index,)
    if any(part is Ellipsis for part in parts):
        at = next(i for i, part in enumerate(parts) if part is Ellipsis)
        missing = ndim - (len(parts) - 1)
        parts = (*parts[:at], *([slice(None)] * missing), *parts[at + 1 :])
    if len(parts) > ndim:
        raise IndexError(f"{len(parts)} indices for {ndim} axes")
    whole = (*parts, *([slice(None)] * (ndim - len(parts))))
    return tuple(part if isinstance(part, slice) else int(part) for part in whole)
