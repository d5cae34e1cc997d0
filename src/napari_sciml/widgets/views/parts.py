"""Small pieces that the parts of the page Views are made of."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_sciml.widgets.parts.basics import sentence


def column(parent: QWidget) -> QVBoxLayout:
    """Lay out `parent` from above to below, without margins."""
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    return layout


def bold(name: str) -> QLabel:
    """Make a sentence that stands out."""
    label = sentence(name)
    label.setStyleSheet("font-weight: bold")
    return label
