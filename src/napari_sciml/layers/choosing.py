"""Who is asked which image of a file is meant: a dialog, once there is a window with one."""

from __future__ import annotations

from collections.abc import Callable

from napari_sciml.io.formats.which_array import SeveralImages

Chooser = Callable[[SeveralImages], str | None]
_choosers: list[Chooser] = []


def ask_with(chooser: Chooser) -> None:
    """Have `chooser` name the part of a file that is meant, or None for none of them."""
    _choosers[:] = [chooser]


def chosen_part(several: SeveralImages) -> str | None:
    """Return the part that the person chose, or None if they want none.

    Raises
    ------
    SeveralImages
        If there is nobody to ask.
    """
    if not _choosers:
        raise several
    return _choosers[0](several)
