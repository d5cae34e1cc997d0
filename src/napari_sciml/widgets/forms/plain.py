"""`PlainForm`: the form of a science that brings none of its own, made from its settings."""

from __future__ import annotations

import types
from functools import partial
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from qtpy.QtWidgets import QCheckBox, QComboBox, QLineEdit, QVBoxLayout, QWidget

from napari_sciml.app.base.run_state import RunState
from napari_sciml.core.settings import RunSettings
from napari_sciml.widgets.forms.settings_form import SettingsForm, show_switch
from napari_sciml.widgets.parts.basics import combo, fill, form
from napari_sciml.widgets.parts.number_edit import NumberEdit


class PlainForm(SettingsForm):
    """One row for each setting that is a number, a text, a choice or a yes or no.

    Parameters
    ----------
    kind
        The settings; those that every run has are shown elsewhere.
    """

    def __init__(self, kind: type[RunSettings]) -> None:
        super().__init__("sciml_plain_form", kind)
        self._rows: dict[str, tuple[FieldInfo, QWidget]] = {}
        rows = form()
        for name, field in own_fields(kind).items():
            widget = self._create(name, field)
            if widget is not None:
                widget.setToolTip(field.description or "")
                self._rows[name] = (field, widget)
                rows.addRow(field.title or name.replace("_", " ").capitalize(), widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(rows)

    def show_state(self, state: RunState) -> None:
        """Show the values of `state`; those left out show their defaults."""
        self._values = dict(state.values)
        for name, (field, widget) in self._rows.items():
            value = self._values.get(name, field.default)
            if isinstance(widget, NumberEdit):
                widget.show_number(self._values.get(name), field.default)
            elif isinstance(widget, QComboBox):
                fill(widget, [(str(one), one) for one in choices(field)], value)
            elif isinstance(widget, QCheckBox):
                show_switch(widget, bool(value))
            elif isinstance(widget, QLineEdit) and not widget.hasFocus():
                widget.setText(value or "")

    def _create(self, name: str, field: FieldInfo) -> QWidget | None:
        kind, change = plain_type(field), partial(self._on_value, name)
        if kind in (int, float):
            number = NumberEdit(f"sciml_{name}", "")
            number.edited.connect(lambda value: change(value if value is None else kind(value)))
            return number
        if get_origin(kind) is Literal:
            box = combo(f"sciml_{name}", "")
            box.activated.connect(lambda index: change(box.itemData(index)))
            return box
        if kind is bool:
            check = QCheckBox()
            check.setObjectName(f"sciml_{name}")
            check.toggled.connect(change)
            return check
        if kind is str:
            line = QLineEdit()
            line.setObjectName(f"sciml_{name}")
            line.editingFinished.connect(lambda: change(line.text() or None))
            return line
        return None


def own_fields(kind: type[RunSettings]) -> dict[str, FieldInfo]:
    """Return the settings that a technique adds to those of every run."""
    return {name: field for name, field in kind.model_fields.items() if name not in RunSettings.model_fields}


def plain_type(field: FieldInfo) -> Any:
    """Return the type of a setting, without that it may be left out."""
    annotation = field.annotation
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return parts[0] if len(parts) == 1 else None
    return annotation


def choices(field: FieldInfo) -> tuple[Any, ...]:
    """Return what a setting of a few words takes."""
    return get_args(plain_type(field))
