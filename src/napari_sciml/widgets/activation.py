"""What napari calls when anything of this plugin is used for the first time."""

from __future__ import annotations

import sys
from typing import Any

from napari_sciml.io.formats.which_array import SeveralImages
from napari_sciml.layers.choosing import ask_with
from napari_sciml.layers.plugin_samples import offer_samples


def activate(context: Any = None) -> None:
    """Offer samples of other packages, ask which image of a file is meant, and join frames that are dropped.

    Parameters
    ----------
    context
        What napari hands over; it is not looked at.
    """
    offer_samples(context)
    ask_with(choose_image)
    if has_window():
        from napari_sciml.widgets.dropped_files import watch_drops

        watch_drops()


def has_window() -> bool:
    """Whether Qt is there and running: napari's readers also work in scripts without it."""
    qt = sys.modules.get("qtpy.QtWidgets")
    return qt is not None and qt.QApplication.instance() is not None


def choose_image(several: SeveralImages) -> str | None:
    """Return the part of a file that the person picks from a list, or None if they cancel.

    Raises
    ------
    SeveralImages
        If there is no window to ask in.
    """
    if not has_window():
        raise several
    from qtpy.QtWidgets import QApplication, QInputDialog

    lines = [f"{entry.part}   ({entry.size})" for entry in several.choices]
    question = f"{several.container} holds {len(lines)} images. Which one?"
    window = QApplication.activeWindow()
    line, accepted = QInputDialog.getItem(window, "Choose an image", question, lines, 0, False)
    return several.choices[lines.index(line)].part if accepted else None
