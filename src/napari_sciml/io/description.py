"""`describe`: what a file holds, in a few words, without reading its pixels."""

from __future__ import annotations

import os

from napari_sciml.core.source import ImageSource
from napari_sciml.io.opening import open_image


def describe(path: str | os.PathLike[str]) -> str:
    """Return what `path` holds: ``volume.tif: 24 x 256 x 256 (z, y, x), uint8, pixel 0.65 um, 1.6 MB``.

    Raises
    ------
    SciMLError
        If it cannot be opened.
    """
    source = open_image(path)
    try:
        return describe_source(source)
    finally:
        source.close()


def describe_source(source: ImageSource) -> str:
    """Return what a source holds: shape, axes, type, pixel size and size in memory."""
    shape = " x ".join(str(n) for n in source.shape)
    pixel = "pixel size not stated"
    if source.pixel_size is not None:
        spatial = [size for axis, size in zip(source.axes, source.pixel_size, strict=True) if axis != "t"]
        same = max(spatial) - min(spatial) <= 1e-6 * max(spatial)
        pixel = (
            f"pixel {' x '.join(f'{size:.4g}' for size in (spatial[:1] if same else spatial))} {source.unit}"
        )
    size = float(source.nbytes)
    units = iter(("kB", "MB", "GB"))
    amount = f"{size:.0f} B"
    while size >= 1000 and (unit := next(units, "")):
        size /= 1000
        amount = f"{size:.1f} {unit}"
    return f"{source.name}: {shape} ({', '.join(source.axes)}), {source.dtype}, {pixel}, {amount}"
