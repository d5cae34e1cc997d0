"""`LazyArray` and `FrameArray`: array-likes whose pixels are read, or made, when they are asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Within = tuple[int | slice, ...]
"""The part of a frame that is asked for: an integer or a slice for each of its axes."""


class LazyArray:
    """Describe what every array-like has beside its shape, its type and its way to pixels."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of pixels."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        raise NotImplementedError

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.asarray(self[...], dtype=dtype)


class LoadedOnce(LazyArray):
    """An array that is loaded as a whole when the first pixel is asked for.

    Parameters
    ----------
    shape, dtype
        What is known before.
    load
        Returns the pixels.
    """

    def __init__(
        self, shape: tuple[int, ...], dtype: np.dtype[Any], load: Callable[[], npt.NDArray[Any]]
    ) -> None:
        self.shape, self.dtype = shape, dtype
        self._load = load
        self._lock = threading.Lock()
        self._pixels: npt.NDArray[Any] | None = None

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        with self._lock:
            if self._pixels is None:
                self._pixels = self._load()
        part: npt.NDArray[Any] = self._pixels[index]
        return part


class FrameArray(LazyArray):
    """Equal frames as one array whose first axis counts them; each is read by itself."""

    def read(self, number: int, within: Within) -> npt.NDArray[Any]:
        """Return a part of one frame."""
        raise NotImplementedError

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        which, *rest = expand_index(index, self.ndim)
        within = tuple(rest)
        if isinstance(which, int):
            return self.read(which, within)
        frames = [self.read(number, within) for number in range(*which.indices(len(self)))]
        shape = np.empty(self.shape[1:], bool)[within].shape
        return np.stack(frames) if frames else np.empty((0, *shape), self.dtype)


def expand_index(index: Any, ndim: int) -> Within:
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
