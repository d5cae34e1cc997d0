"""Greyscale pictures (JPEG, PNG): decoded when a pixel of them is asked for."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_array import LoadedOnce
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.paths import unreadable
from napari_sciml.io.raw_image import RawImage

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
    dtype = np.dtype(DTYPES[mode])

    def load() -> npt.NDArray[Any]:
        return _load(path, pixels=True)[2].astype(dtype, copy=False)

    return RawImage(LoadedOnce(shape, dtype, load), ("y", "x"))


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


PHOTO = Reader(
    "JPEG or PNG",
    open_photo,
    (".jpg", ".jpeg", ".png"),
    ((0, b"\xff\xd8\xff"), (0, b"\x89PNG")),
    variants="grey",
    in_window=False,
    written="overlay.png",
)
