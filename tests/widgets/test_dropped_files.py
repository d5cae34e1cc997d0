"""Files dropped on the window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication, QWidget

from napari_sciml.io.events import event_names
from napari_sciml.layers.source import source_from_layer
from napari_sciml.widgets.panel import SciMLPanel

fabio = pytest.importorskip("fabio")


@pytest.fixture
def frames(tmp_path: Path) -> list[Path]:
    """Three frames, whose names are not in the order of their numbers when sorted as text."""
    paths = [tmp_path / f"lyso_{number}.cbf" for number in (1, 2, 10)]
    for number, path in enumerate(paths):
        fabio.cbfimage.CbfImage(np.full((40, 50), number, np.int32)).write(str(path))
    return paths


def drop(canvas: QWidget, paths: list[Path]) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    where, nothing = QPointF(5, 5), Qt.KeyboardModifier.NoModifier
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    # Qt hands a drop to what was dragged into.
    QApplication.sendEvent(canvas, QDragEnterEvent(QPoint(5, 5), action, mime, button, nothing))
    QApplication.sendEvent(canvas, QDropEvent(where, action, mime, button, nothing))


def test_frames_dropped_at_once_are_one_stack(make_napari_viewer, frames: list[Path], qtbot) -> None:
    viewer = make_napari_viewer()
    panel = SciMLPanel(viewer)
    qtbot.addWidget(panel)
    canvas = next(
        w for w in QApplication.allWidgets() if type(w).__name__ == "QtViewer" and w.viewer is viewer
    )
    drop(canvas, frames[::-1])
    (layer,) = viewer.layers
    assert [int(np.asarray(layer.data[n]).max()) for n in range(3)] == [0, 1, 2]
    assert event_names(source_from_layer(layer))(2) == str(frames[2])
    drop(canvas, frames[:1])
    assert [layer.ndim for layer in viewer.layers] == [3, 2]
