"""Which pages the panel has, in the order of their tabs. A page more is one line more here."""

from __future__ import annotations

from napari_sciml.app.session import Session
from napari_sciml.core.lazy_import import Reference, load
from napari_sciml.techniques.registry import window_of
from napari_sciml.widgets.compare.bar import CompareBar
from napari_sciml.widgets.parts.page import Offer, Page
from napari_sciml.widgets.run.page import RunPage


def result_of_technique(session: Session) -> Offer | None:
    """Offer the page of the chosen technique as long as it has a result."""
    state = session.runs.state
    found = window_of(state.technique).result_page
    return None if found is None or state.findings is None else Offer(found[0], load(found[1]))


def simulator_of_technique(session: Session) -> Offer | None:
    """Offer the sliders of the chosen technique's simulator, if it has such."""
    widget = window_of(session.runs.state.technique).simulate_page
    return Offer("Simulate", load(widget)) if widget else None


def run_page() -> RunPage:
    """Make the page Run with the bar of the comparison below its result: neither knows the other."""
    return RunPage([CompareBar()])


RUN_OFFER = Offer("Run", run_page)
RUN = Page("run", lambda session: session.runs, lambda session: RUN_OFFER)
RESULT = Page("result", lambda session: session.runs, result_of_technique)
SIMULATE = Page("simulate", lambda session: session.runs, simulator_of_technique)

PAGES: tuple[Page | Reference, ...] = (
    RUN,
    RESULT,
    SIMULATE,
    "napari_sciml.widgets.codebook.page:PAGE",
)
"""Pages, or where they are."""


def pages() -> tuple[Page, ...]:
    """Return the pages that there are, offered or not."""
    return tuple(page if isinstance(page, Page) else load(page) for page in PAGES)
