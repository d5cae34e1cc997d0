"""Pixels that napari may slice without anybody reading the rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_sciml.core.source import ImageSource
from napari_sciml.io.file_pixels import FilePixels


def lazy_array(source: ImageSource) -> Any:
    """Wrap pixels so that napari slices them without reading the rest: as they are, or as dask planes."""
    if isinstance(source.data, np.ndarray):
        return source.data
    if isinstance(source.data, FilePixels) and isinstance(source.data.held, np.ndarray):
        return source.data.held
    import dask.array as da

    chunks = getattr(source.data, "chunks", None) or (*(1,) * (source.ndim - 2), *source.shape[-2:])
    frame_stack: Any = da.from_array(  # type: ignore[no-untyped-call]
        source.data,
        chunks=chunks,
        lock=True,
        # Naming it by its content would read or make every pixel.
        name=False,
        meta=np.empty((0,) * source.ndim, dtype=source.dtype),
    )
    # What it takes to make a plane is known of the layer too.
    frame_stack.making = source.making
    return frame_stack
