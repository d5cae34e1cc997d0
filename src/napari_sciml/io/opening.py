"""`open_image`: any file, folder or pattern that holds a greyscale image, as an `ImageSource`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import AXES_BY_NDIM, ImageSource
from napari_sciml.io.axis_order import ReorderedArray
from napari_sciml.io.axis_rules import parse_axes, plan_axes
from napari_sciml.io.file_pixels import reopening
from napari_sciml.io.paths import is_pattern, split_part
from napari_sciml.io.raw_image import RawImage


def open_image(
    path: str | os.PathLike[str],
    *,
    dataset: str | None = None,
    axes: str | Sequence[str] | None = None,
    pixel_size_nm: float | None = None,
    channel: int | None = None,
    independent_frames: bool = False,
    shape: str | Sequence[int] | None = None,
    dtype: str | None = None,
) -> ImageSource:
    """Open an image lazily, whatever holds it.

    Parameters
    ----------
    path
        A TIFF file, a folder of TIFF slices, a pattern (``scan_*.tif``), an OME-Zarr or Zarr folder, an
        HDF5 or NeXus file, a .npy or .npz file; an MRC file (.mrc, .mrcs, .map, also packed), a greyscale
        JPEG or PNG, a detector file (CBF, EDF, MarCCD, SMV), or a folder or pattern of one kind of them.
        ``file.h5::/entry/data`` names the part inside.
    dataset
        The part inside the file, instead of ``::``.
    axes
        One letter for each dimension, such as ``"zyx"``, where the file does not say or is wrong.
    pixel_size_nm
        Edge of a pixel in nanometres along every spatial axis, where the file does not say or is wrong.
    channel
        Which channel to take from an image with several.
    independent_frames
        The files of a folder or pattern are pictures that do not depend on each other. One that is damaged
        or of another size then keeps its place and is told when it is read; otherwise it is told now.
    shape
        Number of pixels along each axis, slowest first, of a volume without a header (.raw, .vol):
        ``(300, 512, 512)`` or ``"300,512,512"``.
    dtype
        Type of its pixels, such as ``"uint16"``; ``">u2"`` has the higher byte first.

    Returns
    -------
    ImageSource
        Axes are a subset of ``t, z, y, x`` in this order; sizes are in micrometres (1 along ``t``).

    Raises
    ------
    SciMLError
        One sentence for everything that can be wrong with the path, the file or the pixels' layout.

    Examples
    --------
    >>> import numpy, tempfile, pathlib
    >>> from napari_sciml.io import open_image
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "volume.npy"
    >>> numpy.save(file, numpy.zeros((3, 40, 50), dtype="uint8"))
    >>> open_image(file, pixel_size_nm=650).axes
    ('z', 'y', 'x')
    """
    text = os.fspath(path)
    how: dict[str, Any] = {
        "dataset": dataset,
        "axes": axes,
        "pixel_size_nm": pixel_size_nm,
        "channel": channel,
        "independent_frames": independent_frames,
        "shape": parse_shape(shape),
        "dtype": dtype,
    }
    opened = open_once(text, **how)
    # It may be opened again in another process, which may stand in another folder.
    whole = str(Path(text).expanduser().absolute())
    given = {name: value for name, value in how.items() if value not in (None, False)}
    if axes is not None:
        given["axes"] = list(axes)
    return replace(reopening(partial(open_once, whole, **how), opened), opened=given)


def open_once(
    text: str,
    *,
    dataset: str | None = None,
    axes: str | Sequence[str] | None = None,
    pixel_size_nm: float | None = None,
    channel: int | None = None,
    independent_frames: bool = False,
    shape: str | Sequence[int] | None = None,
    dtype: str | None = None,
) -> ImageSource:
    """Open an image as `open_image` does, until it is closed."""
    file, inside = (text, "") if os.path.lexists(text) else split_part(text)
    part = dataset or inside
    typed = {"shape": parse_shape(shape), "dtype": dtype}
    raw = _open_raw(file, part, independent_frames, {k: v for k, v in typed.items() if v is not None})
    try:
        name = Path(file).name or file
        shown = f"{name}::{raw.part}" if raw.part else name
        source = arrange(raw, shown, axes, pixel_size_nm, channel)
    except SciMLError:
        raw.close()
        raise
    full = str(Path(file).expanduser().absolute())
    return ImageSource.from_array(
        source.data,
        axes=source.axes,
        pixel_size=source.pixel_size,
        unit=source.unit,
        name=shown,
        path=f"{full}::{raw.part}" if raw.part else full,
        close=raw.close,
        place=raw.place if axes is None and source.ndim == 3 else None,
        known=raw.known,
        cautions=raw.cautions,
    )


def parse_shape(shape: str | Sequence[int] | None) -> list[int] | None:
    """Return the numbers of a size such as ``300,512,512`` or ``300x512x512``.

    Raises
    ------
    SciMLError
        If it is none.
    """
    if shape is None:
        return None
    parts = re.split(r"[\s,x×]+", shape.strip("()[] ")) if isinstance(shape, str) else list(shape)
    if not 2 <= len(parts) <= 4 or not all(str(part).isdecimal() and int(part) > 0 for part in parts):
        raise SciMLError(
            f"{shape} is not the size of an image", "give pixels along z, y and x, for example 300,512,512"
        )
    return [int(part) for part in parts]


def _open_raw(file: str, part: str, independent_frames: bool, typed: dict[str, Any]) -> RawImage:
    """Hand the path to the module that knows its format."""
    from napari_sciml.io.formats.detector_series import detector_files, open_detector
    from napari_sciml.io.formats.file_patterns import files_in, files_matching
    from napari_sciml.io.formats.file_stack import open_files
    from napari_sciml.io.formats.readers import READABLE, reader_of

    if not file.strip():
        raise SciMLError("No file was given", READABLE)
    if typed:
        return _open_typed(Path(file).expanduser(), typed)
    if frames := detector_files(file):
        return open_detector(frames)
    if is_pattern(file):
        return open_files(*files_matching(file), file, independent_frames, part)
    path = Path(file).expanduser()
    reader = reader_of(path)
    if reader is None:
        return open_files(*files_in(path), path.name, independent_frames, part)
    if part and not reader.parts:
        raise SciMLError(f"{path} has no parts to choose {part} from", "leave the part out")
    return reader.opener(path, part) if reader.parts else reader.opener(path)


def _open_typed(path: Path, typed: dict[str, Any]) -> RawImage:
    """Open a volume of which a person says how large it is."""
    from napari_sciml.io.formats.raw_volume import RAW
    from napari_sciml.io.formats.readers import READERS

    if not path.is_file():
        raise SciMLError(f"There is no file {path}", "check the path")
    own = next((reader for reader in READERS if reader.has_name(path) and reader is not RAW), None)
    if own is not None:
        raise SciMLError(
            f"{path} is a {own.name} file, which states its own size and type", "leave shape and dtype out"
        )
    return RAW.opener(path, **typed)


def arrange(
    raw: RawImage,
    name: str,
    axes: str | Sequence[str] | None,
    pixel_size_nm: float | None,
    channel: int | None,
) -> ImageSource:
    """Drop and order axes, choose the channel and attach the pixel size."""
    shape = tuple(int(n) for n in raw.data.shape)
    if axes is not None:
        letters = parse_axes(axes, len(shape), name)
    elif raw.axes is not None:
        letters = raw.axes
    else:
        letters = AXES_BY_NDIM.get(len(shape), ("?",) * len(shape))
    # A series of one frame stays a series: it says where the frame lies.
    keep = axes is not None or raw.axes is None or raw.place is not None
    plan = plan_axes(letters, shape, channel, name, keep=keep)
    flat = isinstance(raw.data, np.ndarray) and raw.data.dtype.isnative
    if flat and not plan.fixed and plan.order == tuple(range(len(shape))):
        data = raw.data
    else:
        data = ReorderedArray(raw.data, plan.fixed, plan.order, name)
    if pixel_size_nm is not None:
        if not 0 < pixel_size_nm < float("inf"):
            raise SciMLError(f"A pixel size of {pixel_size_nm} nm is not possible", "give a positive number")
        sizes = dict.fromkeys("zyx", pixel_size_nm / 1000)
    else:
        sizes = dict(raw.pixel_um)
    if not {"y", "x"} <= set(sizes) or ("z" in plan.names and "z" not in sizes):
        return ImageSource.from_array(data, axes=plan.names, name=name)
    pixel_size = tuple(sizes.get(letter, 1.0) for letter in plan.names)
    return ImageSource.from_array(data, axes=plan.names, pixel_size=pixel_size, unit="um", name=name)
