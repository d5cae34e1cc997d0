"""Which files a folder or a pattern stands for, and who opens them: TIFF, MRC or pictures."""

from __future__ import annotations

import glob
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.file_stack import Opener, is_tiff, open_files
from napari_sciml.io.formats.mrc import open_mrc
from napari_sciml.io.formats.mrc_header import STACK_SUFFIXES
from napari_sciml.io.formats.photo import open_photo
from napari_sciml.io.formats.tiff import open_tiff
from napari_sciml.io.paths import PHOTO_SUFFIXES, is_mrc_name, natural_key, unreadable
from napari_sciml.io.raw import RawImage


@dataclass(frozen=True)
class FileFamily:
    """Files that may stand in one series.

    Attributes
    ----------
    name
        What to call them.
    owns
        Whether a file is one of them, by its name.
    opener
        Opens one.
    outer
        Letter of the axis that counts them; empty where their content decides.
    """

    name: str
    owns: Callable[[Path], bool]
    opener: Opener
    outer: str = ""


def is_stack(path: Path) -> bool:
    """Whether the name is that of a stack of images in MRC form."""
    return is_mrc_name(path) and any(suffix.lower() in STACK_SUFFIXES for suffix in path.suffixes)


FAMILIES = (
    FileFamily("TIFF", is_tiff, open_tiff),
    # A micrograph never is a slice of a volume.
    FileFamily("MRC", lambda path: is_mrc_name(path) and not is_stack(path), open_mrc, "t"),
    FileFamily("MRC stack", is_stack, open_mrc, "t"),
    FileFamily("JPEG or PNG", lambda path: path.suffix.lower() in PHOTO_SUFFIXES, open_photo),
)
PREVIEWS = FAMILIES[-1]
"""Pictures beside other images are previews of them."""


def family_of(paths: Sequence[Path]) -> FileFamily | None:
    """Return the family that all of these files belong to, or None."""
    return next((family for family in FAMILIES if all(map(family.owns, paths))), None)


def files_in(folder: Path) -> tuple[FileFamily, list[Path]]:
    """List the image files of a folder in natural order; hidden files do not count.

    Raises
    ------
    SciMLError
        If there are none or several kinds, or the folder may not be read.
    """
    try:
        entries = list(folder.iterdir())
    except OSError as error:
        raise unreadable(folder, error) from error
    if not entries:
        raise SciMLError(f"The folder {folder} is empty", "choose a folder of images")
    seen = [path for path in entries if not path.name.startswith(".")]
    found = {family.name: [path for path in seen if family.owns(path)] for family in FAMILIES}
    present = [family for family in FAMILIES if found[family.name]]
    if len(present) > 1 and PREVIEWS in present:
        present.remove(PREVIEWS)
    if not present:
        raise SciMLError(
            f"The folder {folder} holds no TIFF files, nor MRC, JPEG or PNG", "choose a folder of images"
        )
    if len(present) > 1:
        kinds = " and ".join(f"{len(found[family.name])} {family.name} files" for family in present)
        example = next(iter(found[present[0].name])).suffix
        raise SciMLError(
            f"The folder {folder} holds {kinds}", f"say which with a pattern, for example '*{example}'"
        )
    return present[0], in_order(found[present[0].name])


def files_matching(pattern: str) -> tuple[FileFamily, list[Path]]:
    """List the files that a pattern such as ``scan_*.tif`` matches, in natural order.

    Raises
    ------
    SciMLError
        If there are none, or they are of several kinds.
    """
    found = [Path(path) for path in glob.glob(pattern)]
    if not found:
        raise SciMLError(f"No file matches {pattern}", "check the pattern and put quotes around it")
    paths = in_order(found)
    # What only a look inside can tell is tried as TIFF, and named if it is none.
    family = family_of(paths) or FAMILIES[0]
    if family is FAMILIES[0] and any(other.owns(path) for other in FAMILIES[1:] for path in paths):
        raise SciMLError(
            f"{pattern} matches files of several kinds", "give a pattern that ends in one suffix"
        )
    return family, paths


def in_order(paths: Sequence[Path]) -> list[Path]:
    """Sort files by the numbers in their names."""
    return sorted(paths, key=lambda path: natural_key(path.name))


def open_family(family: FileFamily, paths: list[Path], name: str, independent_frames: bool) -> RawImage:
    """Open files of one family as one image, stack or series."""
    return open_files(paths, name, independent_frames, family.opener, family.outer)
