"""Which views show what is special about a technique; the one place of this room that knows them by name.

A form has ``show_state(state)``, ``values_changed(dict)`` and may have ``asked(str)``: the name of one of the
technique's actions. A decider has ``show_state(state)`` and ``decided(str, object)``: a live setting and its
value. A result page is listed with the words on its tab and has ``show_state(state)``, ``show_theme(theme)``
and the signals of `widgets.result_page.ResultPage`.
"""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from napari_sciml.widgets.forms.cryoem import CryoEMForm
from napari_sciml.widgets.forms.diffraction import DiffractionForm
from napari_sciml.widgets.forms.gisaxs import GisaxsForm
from napari_sciml.widgets.forms.microct import MicroCTForm
from napari_sciml.widgets.hits.page import HitsPage
from napari_sciml.widgets.lattice.page import LatticePage
from napari_sciml.widgets.parts.min_tiles import MinTiles
from napari_sciml.widgets.parts.result_page import ResultPage
from napari_sciml.widgets.simulate.page import SimulatePage
from napari_sciml.widgets.views.page import ViewsPage

FORMS: dict[str, type[QWidget]] = {
    "cryoem": CryoEMForm,
    "diffraction": DiffractionForm,
    "gisaxs": GisaxsForm,
    "microct": MicroCTForm,
}
"""Technique -> the form of the settings that a run needs."""

DECIDERS: dict[str, type[QWidget]] = {"diffraction": MinTiles}
"""Technique -> what decides beside the threshold, without a new run."""

RESULT_PAGES: dict[str, tuple[str, type[ResultPage]]] = {
    "cryoem": ("Views", ViewsPage),
    "diffraction": ("Hits", HitsPage),
    "gisaxs": ("Lattice", LatticePage),
}
"""Technique -> the page that shows its result, there as soon as there is one."""

SIMULATE_PAGES: dict[str, type[SimulatePage]] = {"gisaxs": SimulatePage}
"""Technique -> the page with the sliders of its simulator."""
