"""`PointsKeeper` keeps a points layer honest while a person and a threshold both change it.

napari gives a new point the features of the last selected one, a network's score included, and tells
nobody about a paste. The keeper marks such points as manual, and when the threshold moves it replaces
the network's points only: what a person added stays, what a person deleted does not come back.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from napari.layers import Points
from psygnal import Signal

from napari_sciml.core.findings import Findings, PointsOverlay
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.layers.points import manual_defaults, model_features, overlay_positions, record
from napari_sciml.layers.styles import MANUAL, MODEL, style_for


@dataclass(frozen=True)
class HandEdits:
    """How many points a person added (or moved) and removed."""

    added: int = 0
    removed: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


class PointsKeeper:
    """Watches one points layer. `keeper_for` makes it and keeps it as long as the layer lives."""

    edited = Signal()
    """Emitted after a person changed the layer and the change has been marked."""

    def __init__(self, layer: Points, label: str) -> None:
        self._layer = weakref.ref(layer)
        self._label = label
        self._ours = False
        self._rows = len(layer.data)
        self._expected = set(_keys(layer.data[self._model_rows(layer)]))
        self._rejected: set[bytes] = set()
        layer.events.data.connect(self._on_data)
        layer.selected_data.events.items_changed.connect(self._on_selection)

    @property
    def layer(self) -> Points | None:
        """The layer, or None once it is gone."""
        return self._layer()

    @property
    def edits(self) -> HandEdits:
        """What a person changed, among the points that the present threshold would show."""
        layer = self.layer
        if layer is None:
            return HandEdits()
        # Rows of the model are always among the expected ones: moved and pasted points are manual.
        model = int(self._model_rows(layer).sum())
        return HandEdits(added=len(layer.data) - model, removed=max(0, len(self._expected) - model))

    def show(self, findings: Findings, overlay: PointsOverlay) -> None:
        """Replace the network's points by those of `findings`, in place, without losing a person's work."""
        layer = self.layer
        if layer is None:
            return
        self._mark_from(layer, self._rows)
        model = self._model_rows(layer)
        self._rejected |= self._expected.difference(_keys(layer.data[model]))

        positions = overlay_positions(findings, overlay)
        keys = _keys(positions)
        self._expected = set(keys)
        keep = np.array([key not in self._rejected for key in keys], dtype=bool)
        features = model_features(findings, overlay)[keep]
        manual = ~model
        data = np.concatenate([positions[keep], layer.data[manual]])
        table = pd.concat([features, layer.features[manual]], ignore_index=True)
        sizes = np.concatenate([np.full(int(keep.sum()), _diameter(overlay)), layer.size[manual]])
        self._write(layer, data, table, sizes)
        layer.metadata = {**layer.metadata, METADATA_KEY: record(findings)}

    def _write(
        self, layer: Points, data: npt.NDArray[np.float64], features: pd.DataFrame, sizes: npt.NDArray[Any]
    ) -> None:
        self._ours = True
        try:
            layer.selected_data = set()
            layer.data = data
            layer.features = features
            layer.feature_defaults = manual_defaults(self._label, features)
            if len(data):
                layer.size = sizes
            self._paint(layer)
            self._rows = len(data)
        finally:
            self._ours = False

    def _on_data(self, event: Any) -> None:
        layer = self.layer
        if self._ours or layer is None:
            return
        action = str(event.action)
        if action == "added":
            # Rows may be counted from the end: one added point arrives as -1.
            self._mark(layer, np.asarray(event.data_indices, dtype=int) % max(len(layer.data), 1))
        elif action == "changed":
            # A moved point is where the person put it; the score belongs to where it was.
            rows = np.asarray(event.data_indices, dtype=int)
            moved = [key not in self._expected for key in _keys(layer.data[rows])]
            self._mark(layer, rows[np.array(moved, dtype=bool)])
        if action in ("added", "changed", "removed"):
            self._rows = len(layer.data)
            self.edited.emit()

    def _on_selection(self, event: Any) -> None:
        layer = self.layer
        if self._ours or layer is None or len(layer.data) <= self._rows:
            return
        # Pasting appends rows and selects them, and emits nothing else.
        self._mark_from(layer, self._rows)
        self.edited.emit()

    def _mark_from(self, layer: Points, first: int) -> None:
        if len(layer.data) > first:
            self._mark(layer, np.arange(first, len(layer.data)))
        self._rows = len(layer.data)

    def _mark(self, layer: Points, rows: npt.NDArray[np.int_]) -> None:
        features = layer.features.copy()
        if (features["source"].to_numpy()[rows] == MANUAL).all() and (
            features["score"].isna().to_numpy()[rows].all()
        ):
            self._paint(layer)
            return
        for name, value in manual_defaults(self._label, features).items():
            features.loc[features.index[rows], name] = value
        self._ours = True
        try:
            layer.features = features
            self._paint(layer)
        finally:
            self._ours = False

    def _paint(self, layer: Points) -> None:
        if not len(layer.data):
            return
        style = style_for(self._label)
        layer.border_color = style.borders(layer.features)
        symbols = style.symbols(layer.features)
        # One symbol for all is set at once; a hundred thousand of them take a noticeable moment.
        layer.symbol = symbols[0] if (symbols == symbols[0]).all() else list(symbols)

    @staticmethod
    def _model_rows(layer: Points) -> npt.NDArray[np.bool_]:
        return np.asarray(layer.features["source"].to_numpy(dtype=object) == MODEL, dtype=bool)


_KEEPERS: weakref.WeakKeyDictionary[Points, PointsKeeper] = weakref.WeakKeyDictionary()


def keeper_for(layer: Points, label: str) -> PointsKeeper:
    """Give the keeper of `layer`, and always the same one: two would take each other for a person."""
    keeper = _KEEPERS.get(layer)
    if keeper is None:
        keeper = _KEEPERS[layer] = PointsKeeper(layer, label)
    return keeper


def _diameter(overlay: PointsOverlay) -> float:
    return float(style_for(overlay.label).constants(overlay.diameter_px)["size"])


def _keys(positions: npt.NDArray[np.float64]) -> list[bytes]:
    """Give one comparable value for each row of `positions` (n, ndim); equal only if all bits are."""
    # Adding zero turns -0.0 into 0.0.
    rows = np.ascontiguousarray(positions, dtype=np.float64) + 0.0
    width, joined = rows.shape[1] * rows.itemsize, rows.tobytes()
    return [joined[start : start + width] for start in range(0, len(joined), width)]
