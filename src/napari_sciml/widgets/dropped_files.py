"""Several frames or micrographs dropped at once become one stack, as the files of a folder do.

napari opens dropped files one by one, each by itself; only with Shift held it hands a reader all of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QApplication, QWidget

from napari_sciml.io.formats.mrc import MRC, MRC_STACK
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.formats.readers import DETECTOR, reader_by_name

TOGETHER: tuple[Reader, ...] = (DETECTOR, MRC, MRC_STACK)
"""Formats whose files are frames of a series when several are dropped; TIFF may be anything."""
CANVAS = "QtViewer"
"""The class of the widget on which napari takes what is dropped."""


def watch_drops() -> None:
    """Watch the canvas of each window; once is enough."""
    for window in QApplication.topLevelWidgets():
        for canvas in window.findChildren(QWidget):
            if type(canvas).__name__ == CANVAS and canvas.findChild(DropWatch) is None:
                canvas.installEventFilter(DropWatch(canvas))


class DropWatch(QObject):
    """Takes drops of several files that are one series; all others go on to napari."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Open a series and keep the event, or let it pass."""
        if not isinstance(event, QDropEvent) or event.type() != QEvent.Type.Drop:
            return False
        mime, alt = event.mimeData(), Qt.KeyboardModifier.AltModifier
        # With Alt, napari asks for the reader.
        if mime is None or QApplication.keyboardModifiers() & alt:
            return False
        paths = [url.toLocalFile() for url in mime.urls()]
        if not one_series(paths):
            return False
        open_together(watched, paths)
        return True


def one_series(paths: list[str]) -> bool:
    """Whether files are two or more of one kind that make a series."""
    kinds = {reader_by_name(Path(path)) for path in paths}
    return len(paths) > 1 and len(kinds) == 1 and kinds <= set(TOGETHER) and all(map(is_file, paths))


def is_file(path: str) -> bool:
    """Whether there is a file of this name on this machine."""
    return Path(path).is_file()


def open_together(canvas: Any, paths: list[str]) -> None:
    """Open files as one layer of the viewer that a canvas shows; what is wrong is told by the reader."""
    from napari_sciml.layers.readers import read_series

    for data, arguments, kind in (layer for layer in read_series(paths) if len(layer) == 3):
        getattr(canvas.viewer, f"add_{kind}")(data, **arguments)
