"""`FilePixels`: an image in a file that can be closed, sent to another process, and read again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_array import LazyArray
from napari_sciml.core.source import ImageSource

Opener = Callable[[], ImageSource]


class FilePixels(LazyArray):
    """An array-like that opens its file when pixels are asked for, and again after it was closed.

    Only the way to open the file travels to another process, never the open file.

    Parameters
    ----------
    opener
        Opens the file; a `functools.partial` of a function that can be imported, so that it can be pickled.
    opened
        What it gave.
    """

    def __init__(self, opener: Opener, opened: ImageSource) -> None:
        self._opener = opener
        self._opened: ImageSource | None = opened
        self._lock = threading.Lock()
        self.shape, self.dtype = opened.shape, opened.dtype
        self.chunks = getattr(opened.data, "chunks", None)

    @property
    def is_open(self) -> bool:
        """Whether the file is held open now."""
        return self._opened is not None

    @property
    def held(self) -> Any:
        """What the format's library gives for the pixels.

        Raises
        ------
        SciMLError
            If the file is gone, or is not the one that it was.
        """
        return self._source().data

    @property
    def raw(self) -> Any:
        """The pixels as they lie in the file, before anyone chose axes."""
        return getattr(self.held, "raw", self.held)

    def place(self, number: int) -> tuple[str, int | str | None]:
        """Return file and number in it of an image along the first axis, as `ImageSource.place` says."""
        place = self._source().place
        assert place is not None, "only a series of files hands this on"
        return place(number)

    def close(self) -> None:
        """Release the file until pixels are asked for again."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def _source(self) -> ImageSource:
        with self._lock:
            if self._opened is None:
                opened = self._opener()
                if (opened.shape, opened.dtype) != (self.shape, self.dtype):
                    opened.close()
                    raise SciMLError(
                        f"{opened.name} has changed since it was opened: it was {self.shape} {self.dtype} "
                        f"and is {opened.shape} {opened.dtype} now",
                        "open it again",
                    )
                self._opened = opened
            return self._opened

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        return np.asarray(self.held[index])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": None, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())


def reopening(opener: Opener, opened: ImageSource) -> ImageSource:
    """Return an open source whose pixels can be closed and read again, here or in another process."""
    pixels = FilePixels(opener, opened)
    place = None if opened.place is None else pixels.place
    return replace(opened, data=pixels, close=pixels.close, place=place)
