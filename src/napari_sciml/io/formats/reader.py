"""`Reader`: one file format, how its files are known, and what opens them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from napari_sciml.io.raw_image import RawImage

PACKED_SUFFIXES = (".gz", ".bz2")


@dataclass(frozen=True)
class Reader:
    """Describe a file format; the module of each has one, and `readers` lists them.

    Attributes
    ----------
    name
        What messages call the format.
    opener
        ``opener(path)`` gives the image of a file, or ``opener(path, part)`` where it may hold several; an
        empty `part` stands for the only one.
    suffixes
        How names of its files end, in lower case.
    marks
        Bytes that its files hold, each with the place where: the only sure sign.
    needs_mark
        Whether a file of such a name without a mark is refused; otherwise `opener` finds out.
    packed
        Whether a file may be packed as a whole: ``a.mrc.gz``.
    parts
        Whether a file may hold several images.
    outer
        Letter of the axis that counts the files of a series; empty where their content decides.
    series
        ``series(paths, part, name, independent_frames)`` opens several files as one image, where that is
        more than one image behind the other.
    alone
        Leaves out of the files of a series those that are opened with another one, as its parts.
    variants
        Which kinds of these files are read, in the words of the page on formats.
    in_window
        Whether napari is offered to open such files here; what it opens as well itself is left to it.
    window_patterns
        What names look like that are offered, where they are not all that end in one of `suffixes`.
    written
        What this program writes in the format.
    """

    name: str
    opener: Callable[..., RawImage]
    suffixes: tuple[str, ...] = ()
    marks: tuple[tuple[int, bytes], ...] = ()
    needs_mark: bool = True
    packed: bool = False
    parts: bool = False
    outer: str = ""
    series: Callable[[Sequence[Path], str, str, bool], RawImage] | None = None
    alone: Callable[[Sequence[Path]], list[Path]] = list
    variants: str = ""
    in_window: bool = True
    window_patterns: tuple[str, ...] = ()
    written: str = ""

    @property
    def patterns(self) -> tuple[str, ...]:
        """What names look like of files that napari is offered to open here."""
        if not self.in_window:
            return ()
        packings = ("", *PACKED_SUFFIXES) if self.packed else ("",)
        named = (f"*{suffix}{packing}" for packing in packings for suffix in self.suffixes)
        return self.window_patterns or tuple(named)

    def offers(self, path: Path) -> bool:
        """Whether napari is offered to open a file of this name here."""
        return any(fnmatch(path.name.lower(), pattern) for pattern in self.patterns)

    def has_mark(self, start: bytes) -> bool:
        """Whether the first bytes of a file are those of this format."""
        return any(start.startswith(mark, at) for at, mark in self.marks)

    def has_name(self, path: Path) -> bool:
        """Whether a file is called as those of this format are."""
        return has_suffix(path, self.suffixes, packed=self.packed)


def has_suffix(path: Path, suffixes: Collection[str], *, packed: bool) -> bool:
    """Whether a name ends in one of these, before the ending of a packed file if it may be one."""
    own = [suffix.lower() for suffix in path.suffixes]
    if packed and own and own[-1] in PACKED_SUFFIXES:
        own.pop()
    return bool(own) and own[-1] in suffixes
