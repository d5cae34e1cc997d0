"""One detector file: what it holds, and one of its frames; every fault of the libraries as a sentence."""

from __future__ import annotations

import logging
import struct
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.stated_geometry import in_header
from napari_sciml.io.paths import unreadable

FAULTS = (
    *(AssertionError, AttributeError, EOFError, IndexError, KeyError, OSError, RuntimeError, TypeError),
    *(ValueError, struct.error, zlib.error),
)
"""What fabio raises on files that are cut short or no detector files at all, beside a bare `Exception`."""

_one_at_a_time = threading.Lock()
"""fabio tells some faults to its logger only, which all threads share."""


@dataclass(frozen=True)
class FileKind:
    """How many frames a file has, their rows and columns, their type, and the geometry that it states."""

    frames: int
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    known: Mapping[str, float] = field(default_factory=dict)


def measure(path: Path) -> FileKind:
    """Look into a file.

    Raises
    ------
    SciMLError
        If it is absent, damaged or needs another package.
    """
    with opened(path) as image:
        if (stack := stacked(image, path)) is not None:
            return FileKind(stack.shape[0], (stack.shape[1], stack.shape[2]), stack.dtype)
        count, data = int(image.nframes), flat(image.data, path)
        known = in_header(getattr(image, "header", {}))
    return FileKind(count, (data.shape[0], data.shape[1]), data.dtype, known)


def read_frame(path: Path, number: int, frames: int) -> npt.NDArray[Any]:
    """Read frame `number` of a file that should have `frames`.

    Raises
    ------
    SciMLError
        If it is absent, damaged, needs another package, or has another number of frames.
    """
    with opened(path) as image:
        stack = stacked(image, path)
        count = int(image.nframes) if stack is None else len(stack)
        if count != frames:
            raise SciMLError(
                f"{path.name} has {count} frames, but {frames} were expected",
                "open the series again, or this file by itself",
            )
        if stack is not None:
            return flat(np.array(stack[number]), path)
        return flat(image.data if number == 0 else image.get_frame(number).data, path)


def stacked(image: Any, path: Path) -> npt.NDArray[Any] | None:
    """Return the pixels ``(frames, rows, columns)`` of a file whose one image has three axes, else None.

    EDF of a tomogram or a scan is such a file: mapped where it lies flat on the disk, for it may be large.
    """
    if int(image.nframes) != 1 or len(getattr(image, "shape", ())) != 3:
        return None
    frame = image.get_frame(0)
    start, order = getattr(frame, "start", None), getattr(frame, "byteorder", None)
    packed = getattr(frame, "_data_compression", "unknown")
    if start is None or order is None or packed is not None or path.suffix.lower() != ".edf":
        return np.asarray(image.data)
    dtype = np.dtype(image.dtype).newbyteorder(getattr(order, "value", order))
    return np.memmap(path, dtype, mode="r", offset=int(start), shape=tuple(image.shape))


def flat(data: Any, path: Path) -> npt.NDArray[Any]:
    """Check that this is a picture ``(rows, columns)``."""
    pixels = np.asarray(data)
    if pixels.ndim != 2 or pixels.dtype.kind not in "buif":
        raise SciMLError(f"{path} holds no picture (shape {pixels.shape})", "choose another file")
    return pixels


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a file and close it again; what goes wrong meanwhile becomes a sentence.

    Raises
    ------
    SciMLError
        If it is absent, damaged, or needs a package that is not installed.
    """
    if find_spec("fabio") is None:
        raise SciMLError(f"Reading {path} needs fabio", 'type: pip install "napari-sciml[xray]"')
    import fabio

    from napari_sciml.io.formats.imgcif import PanelFile, check_cbf

    with _one_at_a_time, logged_lines("fabio") as heard:
        try:
            if check_cbf(path):
                yield PanelFile(path)
            else:
                with fabio.open(str(path)) as image:
                    yield image
            if heard:
                raise damaged(path, heard[0])
        except SciMLError as error:
            if heard:
                raise damaged(path, heard[0]) from error
            raise
        except (FileNotFoundError, PermissionError) as error:
            raise unreadable(path, error) from error
        except Exception as error:
            # Both libraries raise the bare class; any other that is no fault of the file is a bug of ours.
            if type(error) is not Exception and not isinstance(error, FAULTS):
                raise
            raise damaged(path, heard[0] if heard else str(error)) from error


@contextmanager
def logged_lines(library: str) -> Iterator[list[str]]:
    """Collect the errors that a library logs in this thread instead of raising them, off the terminal.

    fabio fills up a picture of which a part is missing, and reads on after a wrong checksum.
    """
    heard: list[str] = []
    here = threading.get_ident()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.ERROR and record.thread == here:
                heard.append(record.getMessage())

    logger, listener = logging.getLogger(library), Listener()
    before = logger.propagate, logger.handlers[:]
    logger.propagate, logger.handlers = False, [listener]
    try:
        yield heard
    finally:
        logger.propagate, logger.handlers = before


def damaged(path: Path, reason: str) -> SciMLError:
    """Return the error that a file is not whole."""
    lines = reason.strip().splitlines()
    told = f" ({lines[0]})" if lines else ""
    return SciMLError(
        f"{path} could not be read as a detector file{told}",
        "it may be cut short or of another format; copy it again",
    )
