"""Greyscale pictures (JPEG, PNG): decoded when a pixel of them is asked for."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.paths import unreadable
from napari_sciml.io.raw import RawImage

DTYPES = {"L": "uint8", "I;16": "uint16", "I;16B": "uint16", "I": "int32", "F": "float32", "1": "bool"}
"""Pixels that Pillow calls so are grey, and what they become."""
DAMAGED = "the file may be truncated or damaged; copy it again"


def open_photo(path: Path) -> RawImage:
    """Open a greyscale picture; its size is read now, its pixels later.

    Raises
    ------
    SciMLError
        If it is damaged, too large to be decoded, or in colour.
    """
    mode, shape, _ = _load(path, pixels=False)
    if mode not in DTYPES:
        raise SciMLError(
            f"{path} is a colour picture (mode {mode})", "convert it to greyscale before opening it here"
        )
    return RawImage(PhotoPixels(path, shape, np.dtype(DTYPES[mode])), ("y", "x"))


class PhotoPixels:
    """The pixels of one picture ``(h, w)`` as an array."""

    def __init__(self, path: Path, shape: tuple[int, int], dtype: np.dtype[Any]) -> None:
        self.shape = shape
        self.dtype = dtype
        self._path = path
        self._lock = threading.Lock()
        self._pixels: npt.NDArray[Any] | None = None

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        with self._lock:
            if self._pixels is None:
                self._pixels = _load(self._path, pixels=True)[2].astype(self.dtype, copy=False)
        part: npt.NDArray[Any] = self._pixels[index]
        return part


def _load(path: Path, *, pixels: bool) -> tuple[str, tuple[int, int], npt.NDArray[Any]]:
    """Return mode, shape and, if wanted, the pixels of a picture."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Pillow warns of pictures that a web server should not decode; micrographs are as large.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                shape = (picture.height, picture.width)
                return picture.mode, shape, np.asarray(picture) if pixels else np.empty((0, 0))
    except (FileNotFoundError, PermissionError) as error:
        raise unreadable(path, error) from error
    except Image.DecompressionBombError as error:
        raise SciMLError(f"{path} is too large to be decoded here ({error})", "save it as TIFF") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise SciMLError(f"{path} could not be read as a picture ({error})", DAMAGED) from error


PHOTO = Reader("JPEG or PNG", open_photo, (".jpg", ".jpeg", ".png"), ((0, b"\xff\xd8\xff"), (0, b"\x89PNG")))
