"""Which views show what is special about a technique: those that its `WindowSpec` names."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from napari_sciml.core.reference import Reference, load
from napari_sciml.techniques.registry import window_of
from napari_sciml.widgets.parts.result_page import ResultPage
from napari_sciml.widgets.simulate.page import SimulatePage


def form_of(technique: str) -> type[QWidget] | None:
    """Return the form of the settings that a run needs."""
    return widget(window_of(technique).form)


def decider_of(technique: str) -> type[QWidget] | None:
    """Return what decides beside the threshold, without a new run."""
    return widget(window_of(technique).decider)


def result_page_of(technique: str) -> tuple[str, type[ResultPage]] | None:
    """Return the page that shows a result, and the words on its tab."""
    found = window_of(technique).result_page
    return None if found is None else (found[0], load(found[1]))


def simulate_page_of(technique: str) -> type[SimulatePage] | None:
    """Return the page with the sliders of a technique's simulator."""
    page: type[SimulatePage] | None = widget(window_of(technique).simulate_page)
    return page


def widget(reference: Reference) -> type | None:
    """Import the class that a reference names, if it names one."""
    kind: type | None = load(reference) if reference else None
    return kind
