"""Files that are still there, whole, after the power failed: content first, then the name."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


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
