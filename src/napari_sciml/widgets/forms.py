"""Which views show what is special about a technique; the one place of this room that knows them by name.

A form has ``show_state(state)``, ``values_changed(dict)`` and may have ``asked(str)``: the name of one of the
technique's actions. A decider has ``show_state(state)`` and ``decided(str, object)``: a live setting and its
value. A result page is listed with the words on its tab and has ``show_state(state)``, ``show_theme(theme)``
and the signals of `widgets.result_page.ResultPage`.
"""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from napari_sciml.widgets.cryoem_form import CryoEMForm
from napari_sciml.widgets.diffraction_form import DiffractionForm
from napari_sciml.widgets.gisaxs_form import GisaxsForm
from napari_sciml.widgets.hits_page import HitsPage
from napari_sciml.widgets.lattice_page import LatticePage
from napari_sciml.widgets.microct_form import MicroCTForm
from napari_sciml.widgets.min_tiles import MinTiles
from napari_sciml.widgets.result_page import ResultPage
from napari_sciml.widgets.simulate_page import SimulatePage
from napari_sciml.widgets.views_page import ViewsPage

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
