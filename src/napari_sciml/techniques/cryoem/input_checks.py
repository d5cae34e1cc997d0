"""What can be wrong with the files of a run: movies instead of micrographs, headers that cannot be true."""

from __future__ import annotations

from pathlib import Path

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.frames import frame_count
from napari_sciml.core.source import ImageSource

FIRST = 3
"""So many cautions are written out."""


def refuse_movie(source: ImageSource) -> None:
    """Raise `SciMLError` if a stack is a movie of one place. Reads two frames of a stack that may be one."""
    from napari_sciml.io.movie_detection import looks_like_movie, shows_one_field

    reason = looks_like_movie(source)
    if reason and shows_one_field(source):
        raise SciMLError(
            f"{reason}: its frames show one place",
            "align and sum it first, for example with MotionCor or RELION, and open the sum",
        )


def name_refusal(source: ImageSource) -> str:
    """Return why the name of a micrograph could not be written so that all programs read it, or nothing."""
    from napari_sciml.io.star import name_fault

    place = source.place
    whole = (source.path or source.name).partition("::")[0]
    files = [place(frame)[0] for frame in range(frame_count(source))] if place else [whole]
    for name in dict.fromkeys(Path(file).name for file in files):
        if fault := name_fault(name):
            return f"The micrograph {name!r} has {fault}, which STAR files cannot hold. Rename it."
    return ""


def file_warnings(source: ImageSource) -> tuple[str, ...]:
    """Return what is wrong with the headers of the MRC files of a source that can be read all the same."""
    from napari_sciml.io.events import scattered
    from napari_sciml.io.formats.mrc import is_mrc_name, mrc_warnings

    place = scattered(source)
    files = [place(frame)[0] for frame in range(frame_count(source))] if place else [source.path or ""]
    found: list[str] = []
    for file in dict.fromkeys(file for file in files if is_mrc_name(Path(file))):
        try:
            found.extend(mrc_warnings(file))
        except SciMLError:
            # A micrograph that cannot be read is told by the run.
            continue
    more = (f"{len(found) - FIRST} more faults of this kind",) if len(found) > FIRST else ()
    return (*found[:FIRST], *more)
