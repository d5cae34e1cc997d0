"""NIfTI volumes (.nii, .nii.gz): mapped where they lie flat, unpacked as a whole otherwise."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_array import LazyArray, LoadedOnce, expand_index
from napari_sciml.io.formats.flat_volume import named_axes, turned
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.formats.units import micrometres
from napari_sciml.io.raw_image import RawImage

DAMAGED = "it may be truncated or still being written; copy it again"
UNITS = {"meter": "m", "mm": "mm", "micron": "um"}
"""Units of length as the library names the codes of the header."""


def open_nifti(path: Path) -> RawImage:
    """Open a volume without reading its pixels.

    Raises
    ------
    SciMLError
        If its header is damaged, or its pixels are cut short.
    """
    import nibabel
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError

    try:
        image: Any = nibabel.load(path)
        header, proxy = image.header, image.dataobj
        unit = UNITS.get(header.get_xyzt_units()[0], "")
        edges = [float(edge) for edge in header.get_zooms()]
    except (ImageFileError, HeaderDataError, OSError, EOFError, ValueError, zlib.error) as error:
        raise SciMLError(f"{path} could not be read as NIfTI ({error})", DAMAGED) from error
    shape = tuple(int(n) for n in image.shape)[::-1]
    axes = named_axes(len(shape))
    if len(shape) == 5:
        # The fifth axis counts values of one pixel.
        axes = ["c", *named_axes(4)]
    stated = {letter: micrometres(edge, unit) for letter, edge in zip("xyz", edges, strict=False)}
    sizes = {letter: size for letter, size in stated.items() if size is not None}
    cautions = turned(image.affine[:3, :3], path.name)
    if path.suffix.lower() != ".nii":
        pixels: Any = LoadedOnce(shape, stored_type(proxy), lambda: NiftiPixels(proxy, path)[...])
    else:
        pixels = NiftiPixels(proxy, path)
        needed = int(proxy.offset) + int(np.prod(shape, dtype=np.int64)) * image.get_data_dtype().itemsize
        if path.stat().st_size < needed:
            raise SciMLError(
                f"{path} is truncated: {path.stat().st_size} bytes are there, {needed} are needed", DAMAGED
            )
    return RawImage(pixels, tuple(axes), sizes, cautions=cautions)


def stored_type(proxy: Any) -> np.dtype[Any]:
    """Return the type of a pixel: as stored, or float32 where the header scales its values."""
    scaled = (proxy.slope, proxy.inter) != (1.0, 0.0)
    return np.dtype(np.float32) if scaled else np.dtype(proxy.dtype).newbyteorder("=")


class NiftiPixels(LazyArray):
    """The pixels of a file with its axes turned round, slowest first; a part is read when asked for."""

    def __init__(self, proxy: Any, path: Path) -> None:
        self.shape = tuple(int(n) for n in proxy.shape)[::-1]
        self.dtype = stored_type(proxy)
        self._proxy, self._path = proxy, path

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        try:
            part = np.asarray(self._proxy[expand_index(index, self.ndim)[::-1]])
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise SciMLError(f"{self._path} could not be read ({error})", DAMAGED) from error
        return part.T.astype(self.dtype, copy=False)


NIFTI = Reader(
    "NIfTI",
    open_nifti,
    (".nii",),
    ((344, b"n+1\x00"), (344, b"n+2\x00")),
    needs_mark=False,
    packed=True,
    variants="versions 1 and 2, also packed",
)
