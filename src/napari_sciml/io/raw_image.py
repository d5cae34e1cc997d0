"""`RawImage`: what a file format knows about its pixels, before anyone decides what the axes mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_sciml.core.source import nothing_to_close


@dataclass(frozen=True)
class RawImage:
    """Pixels as they lie in a file.

    Attributes
    ----------
    data
        Array-like with ``shape``, ``dtype`` and numpy-style basic indexing; not read yet.
    axes
        A letter for each dimension as the file names it (``t c z y x``, ``s`` for colour samples), or
        None if the format does not say. Letters that the format does not know are ``?``.
    pixel_um
        Edge of a pixel in micrometres by axis letter; axes that nobody measured are absent.
    part
        Where in the file the pixels lie, for example ``/entry/data``; empty if the file is one image.
    close
        Releases the file.
    place
        Gives file and number in it of an image along the first axis, where they lie in several files;
        no number where a file is one image.
    known
        Settings of a technique that the file itself states, as in `ImageSource.known`.
    cautions
        What of the file was not used, is missing or had to be guessed, as in `ImageSource.cautions`.
    """

    data: Any
    axes: tuple[str, ...] | None = None
    pixel_um: Mapping[str, float] = field(default_factory=dict)
    part: str = ""
    close: Callable[[], None] = nothing_to_close
    place: Callable[[int], tuple[str, int | str | None]] | None = None
    known: Mapping[str, Any] = field(default_factory=dict)
    cautions: tuple[str, ...] = ()
