"""Which form shows the settings of which technique. A form has `show_values` and `values_changed`."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from napari_sciml.widgets.microct_form import MicroCTForm

FORMS: dict[str, type[QWidget]] = {"microct": MicroCTForm}
