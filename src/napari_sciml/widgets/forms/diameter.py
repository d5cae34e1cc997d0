"""`LengthEdit`: one length in micrometres or pixels, with the other unit beside it."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtGui import QStandardItemModel
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

PX = "px"
UM = "µm"
NO_SIZE = (
    "The image has no pixel size, so micrometres are not on offer. Set the layer's scale and units to um."
)


class LengthEdit(QWidget):
    """Shows a length and emits what a person makes of it.

    Signals
    -------
    edited(value, unit)
        The new number and its unit, `PX` or `UM`.
    """

    edited = Signal(float, str)

    def __init__(self, name: str, tooltip: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._um_per_px: float | None = None
        self._number = self._create_number(f"{name}_value", tooltip)
        self._unit = self._create_unit(f"{name}_unit")
        self._other = QLabel()
        self._other.setWordWrap(True)
        self._other.setObjectName(f"{name}_other")
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._number, 1)
        row.addWidget(self._unit)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self._other)

    def show_length(self, value: float, unit: str, um_per_px: float | None) -> None:
        """Show `value` in `unit`; `um_per_px` is None where the pixel size is not known."""
        self._um_per_px = um_per_px
        with_number, with_unit = QSignalBlocker(self._number), QSignalBlocker(self._unit)
        # Typing must not be interrupted by the echo of what was typed.
        if abs(self._number.value() - value) > 0.5 * 10 ** -self._number.decimals():
            self._number.setValue(value)
        self._number.setSuffix("")
        self._unit.setCurrentText(unit)
        self._allow_um(um_per_px is not None)
        del with_number, with_unit
        self._other.setText(self._in_other_unit(value, unit))

    def _create_number(self, name: str, tooltip: str) -> QDoubleSpinBox:
        number = QDoubleSpinBox()
        number.setObjectName(name)
        number.setToolTip(tooltip)
        number.setDecimals(2)
        number.setRange(0.01, 9999.0)
        number.setSingleStep(0.5)
        number.setKeyboardTracking(False)
        number.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        number.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        number.valueChanged.connect(self._on_number)
        return number

    def _create_unit(self, name: str) -> QComboBox:
        unit = QComboBox()
        unit.setObjectName(name)
        unit.addItems([UM, PX])
        unit.textActivated.connect(self._on_unit)
        return unit

    def _allow_um(self, known: bool) -> None:
        model = self._unit.model()
        assert isinstance(model, QStandardItemModel)
        item = model.item(self._unit.findText(UM))
        assert item is not None
        item.setEnabled(known)
        self._unit.setToolTip("" if known else NO_SIZE)
        self._other.setToolTip("" if known else NO_SIZE)

    def _in_other_unit(self, value: float, unit: str) -> str:
        if self._um_per_px is None:
            return "no pixel size"
        if unit == UM:
            return f"= {value / self._um_per_px:.1f} px"
        return f"= {value * self._um_per_px:.2f} µm"

    def _on_number(self, value: float) -> None:
        self.edited.emit(value, self._unit.currentText())

    def _on_unit(self, unit: str) -> None:
        if self._um_per_px is None:
            return
        value = self._number.value()
        converted = value * self._um_per_px if unit == UM else value / self._um_per_px
        self.edited.emit(round(converted, self._number.decimals()), unit)
