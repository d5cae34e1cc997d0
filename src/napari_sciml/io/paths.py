"""What paths mean: parts inside files, patterns, numbers in names, and why one cannot be read."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path

from napari_sciml.core.errors import SciMLError


def split_part(path: str) -> tuple[str, str]:
    """Split ``file.h5::/entry/data`` into the file and the part inside it."""
    file, _, part = path.partition("::")
    return file, part


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key that puts ``slice_9`` before ``slice_10``."""
    pieces = re.split(r"(\d+)", name.lower())
    return tuple((1, int(piece)) if piece.isdigit() else (0, piece) for piece in pieces)


def is_pattern(path: str) -> bool:
    """Whether the path is a pattern such as ``scan_*.tif`` rather than a name that exists."""
    return glob.has_magic(path) and not os.path.lexists(path)


def unreadable(path: Path | str, error: OSError) -> SciMLError:
    """Turn an operating system's refusal into a sentence."""
    if isinstance(error, FileNotFoundError):
        return SciMLError(f"There is no file or folder {path}", "check the path")
    if isinstance(error, PermissionError):
        return SciMLError(f"There is no permission to read {path}", "ask its owner for read access")
    return SciMLError(
        f"{path} could not be read ({error.strerror or error})", "check the disk or the network"
    )
