"""`NumberEdit`: a number that may be left out; what counts then is shown in grey."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QWidget


class NumberEdit(QLineEdit):
    """Shows a number or nothing, and emits what a person makes of it: a number, or None for nothing.

    A spin box cannot be empty. What is no number is not taken; the field goes back to what it was.
    """

    edited = Signal(object)

    def __init__(self, name: str, tooltip: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setToolTip(tooltip)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(44)
        self._value: float | None = None
        self.editingFinished.connect(self._on_finished)

    @property
    def value(self) -> float | None:
        """The number, or None where nothing is said."""
        return self._value

    def show_number(self, value: float | None, instead: float | str | None = None) -> None:
        """Show `value`; where it is None, say in grey what counts `instead`."""
        grey = instead if isinstance(instead, str) else written(instead)
        if self.placeholderText() != grey:
            self.setPlaceholderText(grey)
        # Typing must not be interrupted by the echo of what was typed.
        if value != self._value or not self.hasFocus():
            self._value = value
            if self.text() != written(value):
                self.setText(written(value))

    def _on_finished(self) -> None:
        text = self.text().strip().replace(",", ".").replace("−", "-")
        try:
            value = float(text) if text else None
        except ValueError:
            self.setText(written(self._value))
            return
        if value != self._value:
            self._value = value
            self.edited.emit(value)


class NumberPair(QWidget):
    """Two numbers side by side, with a word or sign between and a unit behind."""

    def __init__(self, first: NumberEdit, second: NumberEdit, between: str, unit: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(first, 1)
        row.addWidget(QLabel(between))
        row.addWidget(second, 1)
        row.addWidget(QLabel(unit))


class RangeEdit(QWidget):
    """Two ends of a range that count only together: emits both, or None if both are left empty."""

    edited = Signal(object)

    def __init__(self, name: str, tooltip: str, unit: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._low = NumberEdit(f"{name}_low", tooltip)
        self._high = NumberEdit(f"{name}_high", tooltip)
        self._instead: tuple[float, float] | None = None
        self._partial = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(NumberPair(self._low, self._high, "to", unit))
        self._low.edited.connect(self._on_edited)
        self._high.edited.connect(self._on_edited)

    def show_range(
        self, value: tuple[float, float] | None, instead: tuple[float, float] | None, words: str
    ) -> None:
        """Show `value`; where it is None, what counts `instead`, and `words` where nothing does."""
        self._instead = instead
        # One end that a person has typed waits for the other.
        if value is not None:
            self._partial = False
        if self._partial:
            return
        for n, edit in enumerate((self._low, self._high)):
            edit.show_number(None if value is None else value[n], words if instead is None else instead[n])

    def _on_edited(self) -> None:
        ends = (self._low.value, self._high.value)
        if ends == (None, None):
            self._partial = False
            self.edited.emit(None)
            return
        if self._instead is not None:
            low, high = (
                end if end is not None else there for end, there in zip(ends, self._instead, strict=True)
            )
            ends = (low, high)
        self._partial = None in ends
        if not self._partial:
            self.edited.emit(ends)


def written(value: float | None) -> str:
    """Write a number as a person would; nothing for None."""
    return "" if value is None else f"{value:.9g}"
