"""What napari calls when anything of this plugin is used for the first time."""

from __future__ import annotations

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
    from qtpy.QtWidgets import QApplication

    offer_samples(context)
    ask_with(choose_image)
    if QApplication.instance() is not None:
        from napari_sciml.widgets.dropped_files import watch_drops

        watch_drops()


def choose_image(several: SeveralImages) -> str | None:
    """Return the part of a file that the person picks from a list, or None if they cancel.

    Raises
    ------
    SeveralImages
        If there is no window to ask in.
    """
    from qtpy.QtWidgets import QApplication, QInputDialog

    if QApplication.instance() is None:
        raise several
    lines = [f"{entry.part}   ({entry.size})" for entry in several.choices]
    question = f"{several.container} holds {len(lines)} images. Which one?"
    window = QApplication.activeWindow()
    line, accepted = QInputDialog.getItem(window, "Choose an image", question, lines, 0, False)
    return several.choices[lines.index(line)].part if accepted else None
