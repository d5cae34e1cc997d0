"""Where the file is that a link or a virtual dataset of HDF5 means.

HDF5 looks beside the master and then in the current folder, and takes what it finds first; so frames of
another run may enter unseen. Here a file is looked for by its master, wherever the program was started.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

PREFIXES = ("HDF5_EXT_PREFIX", "HDF5_VDS_PREFIX")
"""Environment variables by which a site says where linked files are."""


def linked_file(master: Path, stated: str) -> Path | None:
    """Return the file that `master` calls `stated`, or None if it is not there.

    A path that led elsewhere when it was written is followed as far as its last parts still fit: a folder
    with master and data may be moved, or be written on another system.
    """
    windows = "\\" in stated or PureWindowsPath(stated).drive
    parts = (PureWindowsPath(stated) if windows else PurePosixPath(stated)).parts
    absolute = Path(stated)
    if absolute.is_absolute():
        if absolute.is_file():
            return absolute
        parts = parts[1:]
    elif windows and PureWindowsPath(stated).is_absolute():
        parts = parts[1:]
    for start in range(len(parts)):
        for folder in folders(master):
            if (found := folder.joinpath(*parts[start:])).is_file():
                return found
    return None


def folders(master: Path) -> Iterator[Path]:
    """Yield where files that belong to `master` may lie, the likeliest first."""
    for name in PREFIXES:
        for prefix in filter(None, os.environ.get(name, "").split(os.pathsep)):
            yield Path(prefix.replace("${ORIGIN}", str(master.parent)))
    yield master.parent
    if master.is_symlink():
        yield master.resolve().parent


def moved(master: Path, stated: str, found: Path) -> bool:
    """Whether a file was found elsewhere than `stated` says."""
    return found not in {folder / stated for folder in folders(master)}
