"""One at a time: a lock that lasts as long as its holder lives, also over processes."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
PAUSE_S = 0.05
"""Between two tries; short against the time that a folder is changed in."""
UNSURE_S = 24 * 3600.0
"""Where a disk knows no locks, what is younger than a day is thought to be in use."""


@contextmanager
def held(path: Path, wait_s: float = 0.0) -> Iterator[bool]:
    """Hold the lock `path`, whose file goes away afterwards; yields False if another holds it for `wait_s`.

    Where the disk knows no locks it is held at once. A holder that is killed holds it no longer.

    Raises
    ------
    OSError
        If the file cannot be made.
    """
    end, handle = time.monotonic() + wait_s, _take(path)
    while handle is None and time.monotonic() < end:
        time.sleep(PAUSE_S)
        handle = _take(path)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            # Windows removes no open file, others must not see a lock that is free and is about to go.
            if os.name != "nt":
                path.unlink(missing_ok=True)
            os.close(handle)
            if os.name == "nt":
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)


def is_held(path: Path) -> bool:
    """Whether somebody who lives holds the lock."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _lock(handle, unsure=time.time() - os.fstat(handle).st_mtime > UNSURE_S)
    finally:
        os.close(handle)


def _take(path: Path) -> int | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT)
    except FileNotFoundError:
        # The folder went with the lock of another between the two lines.
        return None
    with contextlib.suppress(FileNotFoundError):
        # Whoever held it before may have taken the file away, and a new one be at its place.
        if _lock(handle, unsure=True) and os.path.samestat(os.fstat(handle), path.stat()):
            return handle
    os.close(handle)
    return None


def _lock(handle: int, *, unsure: bool) -> bool:
    """Lock a file for this handle; `unsure` is the answer of a disk without locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in BUSY else unsure
    return True
