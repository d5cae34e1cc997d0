"""`SciMLPanel`: the one dock of the plugin. It shows the pages that are offered and holds no state."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_sciml.app.session import session_for
from napari_sciml.widgets.dropped_files import watch_drops
from napari_sciml.widgets.pages import pages
from napari_sciml.widgets.parts.basics import scrolled
from napari_sciml.widgets.parts.page import Following, Offer, Page, PageWidget


class SciMLPanel(QWidget):
    """The panel "SciML". Closing and reopening it loses nothing: the state belongs to the viewer.

    Parameters
    ----------
    napari_viewer
        The viewer, as napari hands it to plugins.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        self.setObjectName("sciml_panel")
        self._viewer = getattr(napari_viewer, "__wrapped__", napari_viewer)
        self._session = session_for(napari_viewer)
        self._known = pages()
        self._shown: dict[str, tuple[Offer, PageWidget]] = {}
        self._tabs = QTabWidget()
        self._tabs.setObjectName("sciml_pages")
        self._tabs.setDocumentMode(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._tabs)
        controllers = (page.controller(self._session) for page in self._known)
        self._followings = [
            Following(self, controller, self._on_changed)
            for controller in {id(one): one for one in controllers}.values()
        ]
        self._viewer.events.theme.connect(self._on_theme)
        watch_drops()

    def turn_to(self, name: str) -> None:
        """Turn to the page of this name, if it is offered."""
        if name in self._shown:
            self._tabs.setCurrentIndex(self._index_of(self._shown[name][1]))

    def _on_changed(self, state: object) -> None:
        """Have a tab for every page that is offered, and no other."""
        for page in self._known:
            offer, shown = page.offer(self._session), self._shown.get(page.name)
            if offer == (None if shown is None else shown[0]):
                continue
            if shown is not None:
                self._remove(page, shown[1])
            if offer is not None:
                self._open(page, offer)

    def _open(self, page: Page, offer: Offer) -> None:
        widget = offer.widget()
        self._shown[page.name] = (offer, widget)
        widget.attend(self._session)
        widget.show_theme(self._viewer.theme)
        before = self._known[: self._known.index(page)]
        self._tabs.insertTab(sum(one.name in self._shown for one in before), scrolled(widget), offer.title)

    def _remove(self, page: Page, widget: PageWidget) -> None:
        index = self._index_of(widget)
        area = self._tabs.widget(index)
        del self._shown[page.name]
        widget.leave()
        self._tabs.removeTab(index)
        assert area is not None
        area.deleteLater()

    def _index_of(self, widget: QWidget) -> int:
        """Return the tab whose scroll area holds `widget`."""
        areas = [self._tabs.widget(index) for index in range(self._tabs.count())]
        return next(
            index for index, area in enumerate(areas) if area is not None and area.isAncestorOf(widget)
        )

    def _on_theme(self, event: object = None) -> None:
        for _, widget in self._shown.values():
            widget.show_theme(self._viewer.theme)
