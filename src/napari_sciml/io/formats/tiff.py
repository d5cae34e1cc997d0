"""TIFF files: memory-mapped where they lie flat on disk, otherwise read page by page."""

from __future__ import annotations

import logging
import struct
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_array import expand_index
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.formats.tiff_meta import axis_letters, ome_elements, pixel_sizes
from napari_sciml.io.formats.which_array import ArrayEntry, choose_image
from napari_sciml.io.raw_image import RawImage

DAMAGED = "it may be truncated or still being written; copy it again"


def open_tiff(path: Path, part: str = "") -> RawImage:
    """Open an image of a TIFF file without reading its pixels: the one with a number, or the one meant.

    Raises
    ------
    SciMLError
        If it is not a TIFF file, is truncated, holds several that may be meant, or uses a compression that
        cannot be read here.
    """
    import tifffile

    with _quiet():
        try:
            tif = tifffile.TiffFile(path)
        except (tifffile.TiffFileError, struct.error) as error:
            raise SciMLError(f"{path} could not be read as TIFF ({error})", DAMAGED) from error
        try:
            check_whole(tif, path)
            raw = _raw(tif, _chosen_series(tif, path, part), path, part)
        except (SciMLError, tifffile.TiffFileError, IndexError, struct.error) as error:
            tif.close()
            if isinstance(error, SciMLError):
                raise
            raise SciMLError(f"{path} could not be read as TIFF ({error})", DAMAGED) from error
    return raw


def without_parts(paths: Sequence[Path]) -> list[Path]:
    """Leave out files that another one names as parts of its OME-TIFF: opening that one opens them all."""
    named = {path: ome_parts(path) for path in paths}
    kept: set[Path] = set()
    for path in sorted(paths, key=lambda path: -len(named[path])):
        if not any(path in named[other] for other in kept):
            kept.add(path)
    return [path for path in paths if path in kept]


def ome_parts(path: Path) -> set[Path]:
    """Return the files over which the OME metadata of a file spreads its planes; none if it has none."""
    import tifffile

    with _quiet():
        try:
            # The library would open the other files too.
            with tifffile.TiffFile(path, _multifile=False) as tif:
                text = tif.ome_metadata if tif.is_ome else None
        except (tifffile.TiffFileError, struct.error, OSError, IndexError):
            return set()
    return {path.parent / str(node.get("FileName")) for node in ome_elements(text, "UUID")}


def is_colour(path: Path) -> bool:
    """Whether a TIFF file holds pictures in colour, as far as its first page tells. Never raises."""
    import tifffile

    try:
        with _quiet(), tifffile.TiffFile(path) as tif:
            return int(tif.pages.first.samplesperpixel) >= 3
    except (OSError, tifffile.TiffFileError, IndexError, struct.error):
        return False


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
        # An OME-TIFF may have pages in other files.
        ends = [(_end(page), page.parent.filehandle) for page in series.pages if page is not None]
        if series.dataoffset is not None:
            ends.append((series.dataoffset + series.nbytes, handle))
        for end, file in ends:
            if end > file.size:
                raise SciMLError(
                    f"{path.with_name(file.name)} is truncated: {file.size} bytes are there, "
                    f"{end} are needed",
                    DAMAGED,
                )


def _chosen_series(tif: Any, path: Path, part: str) -> Any:
    """Return the series with the number `part`, or the one that is meant.

    Raises
    ------
    SciMLError
        If there is no such number, or several may be meant.
    """
    every = list(tif.series)
    if part:
        if not part.isdecimal() or int(part) >= len(every):
            hint = f"its images are counted from 0 to {len(every) - 1}" if every[1:] else "leave the part out"
            raise SciMLError(f"{path} has no part {part}", hint)
        return every[int(part)]
    if len(every) == 1:
        return every[0]
    entries = [ArrayEntry(str(n), tuple(one.shape), np.dtype(one.dtype)) for n, one in enumerate(every)]
    return every[int(choose_image(entries, str(path)).part)]


def _raw(tif: Any, series: Any, path: Path, part: str) -> RawImage:
    letters = axis_letters(series.axes)
    sizes = pixel_sizes(tif, series)
    check_codec(series.keyframe, path)
    cautions = tuple(_what_is_missing(tif, series, path))
    if series.dataoffset is not None:
        dtype = np.dtype(series.dtype).newbyteorder(tif.byteorder)
        data = np.memmap(path, dtype, mode="r", offset=series.dataoffset, shape=series.shape)
        tif.close()
        return RawImage(data, letters, sizes, part, cautions=cautions)
    return RawImage(TiffPages(tif, series, path), letters, sizes, part, tif.close, cautions=cautions)


def _what_is_missing(tif: Any, series: Any, path: Path) -> Iterator[str]:
    """List which parts of an OME-TIFF are not there and how many planes they cost."""
    absent = sum(page is None for page in series.pages)
    if absent:
        named = {Path(str(node.get("FileName"))) for node in ome_elements(tif.ome_metadata, "UUID")}
        files = sorted(str(name) for name in named if not (path.parent / name).exists())
        where = f": {', '.join(files[:3])}{' and others' * (len(files) > 3)} not beside it" if files else ""
        yield f"{path.name} lacks {absent} of its {len(series.pages)} planes{where}"
    if tif.is_ome and (elsewhere := ome_elements(tif.ome_metadata, "BinaryOnly")):
        file = elsewhere[0].get("MetadataFile")
        yield f"{path.name} has its axes and pixel size in {file}, which is not read"


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
        self._name = path.name

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
                    raise SciMLError(
                        f"Plane {number} of {self._name} is not there",
                        "put all files of the OME-TIFF into one folder",
                    )
                with _quiet(), _opened(page.parent.filehandle):
                    pixels = page.asarray(maxworkers=1).reshape(self._frame)
                self._cached = (number, pixels)
            return self._cached[1]


PROVED: set[tuple[Any, ...]] = set()
"""Compressions, with their predictor and type, of which a part was decoded: a series asks for one only."""


def check_codec(page: Any, path: Path) -> None:
    """Decode the smallest part of a page, so that what cannot be read is told before a run.

    Raises
    ------
    SciMLError
        If the compression, the predictor or the bits of a pixel cannot be read here.
    """
    kind = (page.compression, page.predictor, page.bitspersample, page.sampleformat, page.dtype)
    if kind in PROVED or not page.dataoffsets:
        return
    decode = page.decode
    parts = [n for n, count in enumerate(page.databytecounts) if count]
    first = min(parts, key=lambda n: page.databytecounts[n], default=None)
    try:
        if first is None or decode.__name__.startswith("decode_raise"):
            decode(None, 0)
        else:
            handle = page.parent.filehandle
            with _opened(handle):
                handle.seek(page.dataoffsets[first])
                decode(handle.read(page.databytecounts[first]), first, jpegtables=page.jpegtables)
    except (ImportError, NotImplementedError, ValueError, TypeError) as error:
        name = getattr(page.compression, "name", page.compression)
        bits = f", {page.bitspersample} bits" if page.bitspersample not in (8, 16, 32, 64) else ""
        predictor = f", predictor {getattr(page.predictor, 'name', page.predictor)}" * (page.predictor > 1)
        raise SciMLError(
            f"{path} is compressed with {name}{predictor}{bits}, which cannot be read here ({error})",
            "install the decoder with: pip install imagecodecs; or save it without compression",
        ) from error
    PROVED.add(kind)


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
def _opened(handle: Any) -> Iterator[None]:
    """Open a file for as long as it is read, if it is closed: the other parts of an OME-TIFF are."""
    closed = handle.closed
    if closed:
        handle.open()
    try:
        yield
    finally:
        if closed:
            handle.close()


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
    parts=True,
    alone=without_parts,
    variants="plain, ImageJ, OME (in one file or several), BigTIFF, all compressions of imagecodecs",
)
