"""Which widgets show what is special about a technique: those that its `WindowSpec` names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qtpy.QtWidgets import QWidget

from napari_sciml.core.lazy_import import Reference, load
from napari_sciml.core.settings import RunSettings
from napari_sciml.techniques.registry import get_technique, technique_names, window_of
from napari_sciml.widgets.forms.plain import PlainForm, own_fields


def form_of(technique: str) -> Callable[[], QWidget] | None:
    """Return the form of the settings that a run needs; one made from them where a science brings none."""
    if form := widget(window_of(technique).form):
        return form
    kind = get_technique(technique).settings_type if technique in technique_names() else RunSettings
    return partial(PlainForm, kind) if own_fields(kind) else None


def decider_of(technique: str) -> type[QWidget] | None:
    """Return what decides beside the threshold, without a new run."""
    return widget(window_of(technique).decider)


def widget(reference: Reference) -> type | None:
    """Import the class that a reference names, if it names one."""
    kind: type | None = load(reference) if reference else None
    return kind
