"""The panel is a loop over pages: one more is one entry."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QLabel, QVBoxLayout

from napari_sciml.widgets import pages
from napari_sciml.widgets.parts.page import Offer, Page, PageWidget


class CountPage(PageWidget):
    """Says how many images there are."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sciml_count_page")
        self.label = QLabel()
        self.label.setObjectName("sciml_count")
        QVBoxLayout(self).addWidget(self.label)

    def attend(self, session) -> None:
        self.follow(session.runs, self.show_state)

    def show_state(self, state) -> None:
        self.label.setText(f"{len(state.images)} images")

    def show_theme(self, theme) -> None:
        self.label.setToolTip(theme)


MANY = Offer("Many", CountPage)
COUNT = Page("count", lambda session: session.runs, lambda s: MANY if s.runs.state.images else None)


@pytest.fixture(autouse=True)
def with_a_made_up_page(monkeypatch):
    run, *others = pages.PAGES
    monkeypatch.setattr(pages, "PAGES", (run, COUNT, *others))


def tabs(window) -> list[str]:
    pages = window.find("sciml_pages")
    return [pages.tabText(i) for i in range(pages.count())]


def test_a_page_is_there_as_long_as_it_is_offered_and_in_its_place(window):
    assert tabs(window) == ["Run"]
    window.open_image()
    window.open_image()
    assert tabs(window) == ["Run", "Many"]
    assert window.text("sciml_count") == "2 images"
    window.panel.turn_to("count")
    assert window.find("sciml_pages").currentIndex() == 1
    window.viewer.layers.clear()
    assert tabs(window) == ["Run"]
    window.panel.turn_to("count")
    assert window.find("sciml_pages").currentIndex() == 0


def test_a_page_comes_before_those_that_stand_behind_it(window):
    from napari_sciml.app.session import session_for

    session_for(window.viewer).runs.change_backend_options({"backend": "codebook"})
    assert tabs(window) == ["Run", "Codebook"]
    window.open_image()
    assert tabs(window) == ["Run", "Many", "Codebook"]


def test_a_page_follows_the_theme_and_scrolls(window):
    window.open_image()
    page = window.find("sciml_count_page")
    assert window.find("sciml_count_page_scroll").isAncestorOf(page)
    window.viewer.theme = "light"
    assert window.find("sciml_count").toolTip() == "light"


def test_a_page_that_is_gone_is_told_nothing_more(window, qtbot):
    window.open_image()
    gone = window.find("sciml_count_page")
    label = gone.label
    with qtbot.waitSignal(gone.destroyed, timeout=5000):
        window.viewer.layers.clear()
        assert label.text() == "1 images", "it drew what took it away"
    window.open_image()
    assert tabs(window) == ["Run", "Many"]
