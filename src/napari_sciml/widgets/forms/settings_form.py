"""`SettingsForm`: what the forms of all sciences share: values, switches and what is emitted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QCheckBox, QWidget

from napari_sciml.core.settings import RunSettings
from napari_sciml.widgets.parts.basics import described


class SettingsForm(QWidget):
    """Holds the values that differ from their defaults and emits all of them when one is changed.

    Parameters
    ----------
    name
        Of the widget.
    kind
        The settings that it shows.
    """

    values_changed = Signal(dict)
    asked = Signal(str)

    def __init__(self, name: str, kind: type[RunSettings]) -> None:
        super().__init__()
        self.setObjectName(name)
        self._kind = kind
        self._values: dict[str, Any] = {}

    def _create_switch(self, setting: str, text: str) -> QCheckBox:
        """Make the switch of a setting that is on or off."""
        switch = QCheckBox(text)
        switch.setObjectName(f"sciml_{setting}")
        switch.setToolTip(described(self._kind, setting))
        switch.toggled.connect(partial(self._on_value, setting))
        return switch

    def _default(self, setting: str) -> Any:
        """Return the value that counts if a person gives none."""
        return self._kind.model_fields[setting].default

    def _on_value(self, setting: str, value: Any) -> None:
        self._change(**{setting: None if value == self._default(setting) else value})

    def _change(self, **changes: Any) -> None:
        self._emit({**self._values, **changes})

    def _emit(self, values: Mapping[str, Any]) -> None:
        self.values_changed.emit({name: value for name, value in values.items() if value is not None})


def show_switch(switch: QCheckBox, is_on: bool) -> None:
    """Show a switch on or off. Emits nothing."""
    blocker = QSignalBlocker(switch)
    switch.setChecked(is_on)
    del blocker
