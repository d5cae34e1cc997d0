"""Write files whole or not at all: into a temporary neighbour, then renamed over the target."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_sciml.core.durable_files import new_draft, put
from napari_sciml.core.errors import SciMLError

FULL = {errno.ENOSPC, errno.EDQUOT}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path in the same folder; it becomes `path` if the block ends well.

    An older file at `path` stays untouched until then, and nothing is left behind if the block fails.

    Raises
    ------
    SciMLError
        If the folder is absent or may not be written, or the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> target = Path(tempfile.mkdtemp()) / "note.txt"
    >>> with replacing(target) as draft:
    ...     _ = draft.write_text("done")
    >>> target.read_text()
    'done'
    """
    target = Path(path)
    draft = new_draft(target)
    try:
        yield draft
        put(draft, target)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        draft.unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write a UTF-8 text file whole or not at all, and return its path."""
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")
    return Path(path)


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder and its parents if they are absent, and return its path.

    Raises
    ------
    SciMLError
        If that is not allowed, or a file of that name is in the way.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    return folder


def unwritable(path: Path, error: OSError) -> SciMLError:
    """Turn an operating system's refusal to write into a sentence."""
    if error.errno in FULL:
        return SciMLError(
            f"The disk is full; {path} was not written", "free some space or choose another folder"
        )
    if error.errno in FORBIDDEN:
        return SciMLError(f"There is no permission to write {path}", "choose a folder that you may write to")
    if error.errno == errno.ENOENT:
        return SciMLError(f"The folder {path.parent} does not exist", "make it or choose another")
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return SciMLError(
            f"{path} could not be written because something else has that name ({error.strerror})",
            "choose another name",
        )
    return SciMLError(f"{path} could not be written ({error.strerror or error})", "choose another folder")
