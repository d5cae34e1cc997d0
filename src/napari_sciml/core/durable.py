"""Files that are still there, whole, after the power failed: content first, then the name."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

PART = ".part"
"""Ends the name of a file that is being written; it begins with a dot."""


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
    draft = path.with_name(f".{path.name}-{secrets.token_hex(3)}{PART}")
    try:
        draft.write_bytes(content)
        put(draft, path)
    finally:
        draft.unlink(missing_ok=True)
