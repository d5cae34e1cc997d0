"""Files that are still there, whole, after the power failed: content first, then the name."""

from __future__ import annotations

import contextlib
import glob
import os
import re
import secrets
import time
from pathlib import Path

ABANDONED_S = 24 * 3600.0
"""A draft that was not touched for a day is of a program that was killed; writing takes minutes at most."""
DRAFT = re.compile(r"\..+-[0-9a-f]{8}(\.\w+)?")
"""How the name of a file looks that is being written."""


def new_draft(target: Path) -> Path:
    """Return a path beside a file where to write its next version; abandoned ones are removed."""
    for other in target.parent.glob(f".{glob.escape(target.stem)}-*{glob.escape(target.suffix)}"):
        with contextlib.suppress(OSError):
            if DRAFT.fullmatch(other.name) and time.time() - other.stat().st_mtime > ABANDONED_S:
                other.unlink()
    # The suffix stays last: libraries choose the format by it.
    return target.with_name(f".{target.stem}-{secrets.token_hex(4)}{target.suffix}")


def sync_file(path: Path) -> None:
    """Wait until the content of a file is on the disk."""
    # Windows syncs only what may be written.
    with path.open("r+b" if os.name == "nt" else "rb") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can."""
    if os.name == "nt":
        return
    # Some network disks refuse; they keep their own promise.
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def put(draft: Path, target: Path) -> None:
    """Give a finished file its name, in place of an older one, so that one of the two is always whole."""
    sync_file(draft)
    os.replace(draft, target)
    sync_folder(target.parent)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    draft = new_draft(path)
    try:
        draft.write_bytes(content)
        put(draft, path)
    finally:
        draft.unlink(missing_ok=True)
