"""TIFF files: memory-mapped where they lie flat on disk, otherwise read page by page."""

from __future__ import annotations

import logging
import struct
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_array import expand_index
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.formats.tiff_meta import axis_letters, pixel_sizes
from napari_sciml.io.raw_image import RawImage

DAMAGED = "it may be truncated or still being written; copy it again"


def open_tiff(path: Path) -> RawImage:
    """Open the largest image series of a TIFF file without reading its pixels.

    Raises
    ------
    SciMLError
        If it is not a TIFF file, is truncated, or uses a compression that cannot be read here.
    """
    import tifffile

    with _quiet():
        try:
            tif = tifffile.TiffFile(path)
        except (tifffile.TiffFileError, struct.error) as error:
            raise SciMLError(f"{path} could not be read as TIFF ({error})", DAMAGED) from error
        try:
            check_whole(tif, path)
            series = max(tif.series, key=lambda s: int(np.prod(s.shape, dtype=np.int64)))
            raw = _raw(tif, series, path)
        except (SciMLError, tifffile.TiffFileError, IndexError, struct.error) as error:
            tif.close()
            if isinstance(error, SciMLError):
                raise
            raise SciMLError(f"{path} could not be read as TIFF ({error})", DAMAGED) from error
    return raw


def check_whole(tif: Any, path: Path) -> None:
    """Raise `SciMLError` if the file ends before its pages or their pixels do."""
    if not len(tif.pages):
        raise SciMLError(f"{path} holds no image", DAMAGED)
    handle = tif.filehandle
    lost = [offset for offset in _lost_tag_offsets(tif, tif.pages[0]) if offset >= handle.size]
    # A whole file ends its chain of pages with a zero; ScanImage writes its own kind of chain.
    following = _tag_table(tif, tif.pages[len(tif.pages) - 1])[1]
    if lost or (following and not tif.is_scanimage):
        raise SciMLError(f"{path} is truncated: what follows page {len(tif.pages)} is missing", DAMAGED)
    for series in tif.series:
        ends = [_end(page) for page in series.pages if page is not None]
        if series.dataoffset is not None:
            ends.append(series.dataoffset + series.nbytes)
        if max(ends, default=0) > handle.size:
            raise SciMLError(
                f"{path} is truncated: {handle.size} bytes are there, {max(ends)} are needed", DAMAGED
            )


def _raw(tif: Any, series: Any, path: Path) -> RawImage:
    letters = axis_letters(series.axes)
    sizes = pixel_sizes(tif, series)
    if series.dataoffset is not None:
        dtype = np.dtype(series.dtype).newbyteorder(tif.byteorder)
        data = np.memmap(path, dtype, mode="r", offset=series.dataoffset, shape=series.shape)
        tif.close()
        return RawImage(data, letters, sizes)
    return RawImage(TiffPages(tif, series, path), letters, sizes, close=tif.close)


class TiffPages:
    """The pages of one series as an array; a page is decoded when a pixel of it is asked for."""

    def __init__(self, tif: Any, series: Any, path: Path) -> None:
        self.shape: tuple[int, ...] = tuple(series.shape)
        self.dtype: np.dtype[Any] = np.dtype(series.dtype)
        self._pages = series.pages
        self._lock = threading.Lock()
        # Nobody is bound to call `close`; a forgotten image must not keep its file open.
        weakref.finalize(self, tif.close)
        self._cached: tuple[int, npt.NDArray[Any]] | None = None
        count = len(series.pages)
        split = 0
        while split < len(self.shape) and int(np.prod(self.shape[:split], dtype=np.int64)) != count:
            split += 1
        if int(np.prod(self.shape[:split], dtype=np.int64)) != count:
            raise SciMLError(f"{path} has {count} pages, which do not make the shape {self.shape}", DAMAGED)
        self._stack, self._frame = self.shape[:split], self.shape[split:]
        self._check_compression(path)

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        parts = expand_index(index, len(self.shape))
        numbers = np.arange(len(self._pages)).reshape(self._stack)[parts[: len(self._stack)]]
        within = parts[len(self._stack) :]
        if numbers.ndim == 0:
            return np.array(self._page(int(numbers))[within])
        frames = [self._page(int(number))[within] for number in numbers.ravel()]
        shape = np.empty(self._frame, dtype=bool)[within].shape
        if not frames:
            return np.empty((*numbers.shape, *shape), dtype=self.dtype)
        return np.stack(frames).reshape(*numbers.shape, *shape)

    def _page(self, number: int) -> npt.NDArray[Any]:
        with self._lock:
            if self._cached is None or self._cached[0] != number:
                page = self._pages[number]
                if page is None:
                    pixels = np.zeros(self._frame, dtype=self.dtype)
                else:
                    pixels = page.asarray(maxworkers=1).reshape(self._frame)
                self._cached = (number, pixels)
            return self._cached[1]

    def _check_compression(self, path: Path) -> None:
        import tifffile

        first = next(page for page in self._pages if page is not None).keyframe
        if first.compression not in tifffile.TIFF.DECOMPRESSORS:
            raise SciMLError(
                f"{path} is compressed with {getattr(first.compression, 'name', first.compression)}, "
                "which cannot be read here",
                "install the decoder with: pip install imagecodecs",
            )


def _end(page: Any) -> int:
    return int(page.dataoffsets[-1] + page.databytecounts[-1]) if len(page.dataoffsets) else 0


def _tag_table(tif: Any, page: Any) -> tuple[bytes, int]:
    """Return the raw tags of a page and the offset of the page that should follow it."""
    handle, layout = tif.filehandle, tif.tiff
    handle.seek(page.offset)
    count = _number(handle.read(layout.tagnosize), layout)
    table: bytes = handle.read(count * layout.tagsize)
    return table, _number(handle.read(layout.offsetsize), layout)


def _lost_tag_offsets(tif: Any, page: Any) -> list[int]:
    """Return the offsets of those tags of a page that the library could not read."""
    layout = tif.tiff
    table, _ = _tag_table(tif, page)
    entries = [table[start : start + layout.tagsize] for start in range(0, len(table), layout.tagsize)]
    return [
        _number(entry[-layout.offsetsize :], layout)
        for entry in entries
        if _number(entry[:2], layout) not in page.tags
    ]


def _number(content: bytes, layout: Any) -> int:
    return int.from_bytes(content, "little" if layout.byteorder == "<" else "big")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's log lines off the terminal while the same fault becomes a `SciMLError`."""

    def drop(_: logging.LogRecord) -> bool:
        return False

    logger = logging.getLogger("tifffile")
    logger.addFilter(drop)
    try:
        yield
    finally:
        logger.removeFilter(drop)


TIFF = Reader(
    "TIFF",
    open_tiff,
    (".tif", ".tiff", ".btf", ".tf8"),
    ((0, b"II*\x00"), (0, b"MM\x00*"), (0, b"II+\x00"), (0, b"MM\x00+")),
)
