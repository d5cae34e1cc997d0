"""`PointsSync` keeps a points layer honest while a person and a threshold both change it.

napari gives a new point the features of the last selected one, a network's score included, and tells
nobody about a paste or a feature that is edited in place. The sync marks such points as manual, and when
the threshold moves it replaces the network's points only: what a person added stays, what a person deleted
does not come back, and a label or a value that a person gave comes back with its point.
"""

from __future__ import annotations

import weakref
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from napari.layers import Points
from psygnal import Signal

from napari_sciml.core.corrections import Corrections
from napari_sciml.core.findings import Findings, PointsOverlay
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.layers.merge_corrections import (
    by_hand,
    gather,
    labelled_rows,
    lay_over,
    model_rows,
    own_columns,
    row_keys,
)
from napari_sciml.layers.points import manual_defaults, model_features, overlay_positions, record
from napari_sciml.layers.styles import MANUAL, style_for


@dataclass(frozen=True)
class HandEdits:
    """What a person changed.

    Attributes
    ----------
    added, removed
        Points that were added or moved, and points of the network that are gone.
    labelled
        Points of the network with another label.
    columns
        Columns beside the network's.
    """

    added: int = 0
    removed: int = 0
    labelled: int = 0
    columns: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.labelled or self.columns)


class PointsSync:
    """Watches one points layer. `points_sync_for` makes it and keeps it as long as the layer lives."""

    edited = Signal()
    """Emitted after a person changed the layer and the change has been marked."""

    def __init__(self, layer: Points, label: str) -> None:
        self._layer = weakref.ref(layer)
        self._label = label
        self._ours = False
        self._rows = len(layer.data)
        self._found: tuple[Hashable, ...] = tuple(layer.features.columns)
        self._expected = dict.fromkeys(row_keys(layer.data[model_rows(layer.features)]))
        self._named: dict[bytes, object] = {}
        self._before = Corrections.none(layer.ndim)
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
        model = int(model_rows(layer.features).sum())
        return HandEdits(
            added=len(layer.data) - model,
            removed=max(0, len(self._expected) - model),
            labelled=int(labelled_rows(layer.features, self._given(layer)).sum()),
            columns=len(own_columns(layer.features, self._found)),
        )

    @property
    def corrections(self) -> Corrections:
        """What a person changed, also in points that the threshold hides now."""
        layer = self.layer
        if layer is None:
            return self._before
        self._mark_from(layer, self._rows)
        points = np.asarray(layer.data, np.float64), layer.features
        return gather(*points, self._given(layer), self._found, self._expected, self._before)

    def adopt(self, findings: Findings, overlay: PointsOverlay) -> None:
        """Take the layer for the points of `findings`, corrections included, as a person left it since."""
        layer = self.layer
        if layer is None:
            return
        self._note(findings, overlay)
        self._before = findings.corrections.get(overlay.table, self._before)
        found = model_rows(layer.features)
        added = found & np.array([key not in self._expected for key in row_keys(layer.data)], dtype=bool)
        self._mark(layer, np.flatnonzero(added))
        self._rows = len(layer.data)

    def show(self, findings: Findings, overlay: PointsOverlay) -> None:
        """Replace the network's points by those of `findings`, in place, without losing a person's work."""
        layer = self.layer
        if layer is None:
            return
        self._before = self.corrections
        manual = ~model_rows(layer.features)
        data, table = lay_over(*self._note(findings, overlay), self._before)
        others = len(data) - int(manual.sum())
        sizes = np.concatenate([np.full(others, _diameter(overlay)), layer.size[manual]])
        self._write(layer, data, table, sizes)
        layer.metadata = {**layer.metadata, METADATA_KEY: record(findings)}

    def _note(
        self, findings: Findings, overlay: PointsOverlay
    ) -> tuple[npt.NDArray[np.float64], pd.DataFrame]:
        """Remember what the network gives, so that what a person changes is told from it, and return it."""
        positions, features = overlay_positions(findings, overlay), model_features(findings, overlay)
        self._label = overlay.label
        self._found = tuple(features.columns)
        keys = row_keys(positions)
        self._expected = dict.fromkeys(keys)
        # Predicted points may be called after what predicts them.
        named = features["label"].to_numpy(dtype=object)
        self._named = dict(zip(keys, named, strict=True)) if (named != overlay.label).any() else {}
        return positions, features

    def _given(self, layer: Points) -> str | npt.NDArray[np.object_]:
        """Return the label that the network gives to all points, or to each row of the layer."""
        if not self._named:
            return self._label
        keys = row_keys(np.asarray(layer.data, np.float64))
        return np.array([self._named.get(key, self._label) for key in keys], dtype=object)

    def _write(
        self, layer: Points, data: npt.NDArray[np.float64], features: pd.DataFrame, sizes: npt.NDArray[Any]
    ) -> None:
        self._ours = True
        try:
            layer.selected_data = set()
            layer.data = data
            if not layer.visible:
                # napari leaves a hidden layer with the displayed rows of before, which may be gone now.
                layer.set_view_slice()
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
            rows = np.asarray(event.data_indices, dtype=int) % max(len(layer.data), 1)
            self._mark(layer, rows, anew=True)
        elif action == "changed":
            # A moved point is where the person put it; the score belongs to where it was.
            rows = np.asarray(event.data_indices, dtype=int)
            moved = [key not in self._expected for key in row_keys(layer.data[rows])]
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

    def _mark(self, layer: Points, rows: npt.NDArray[np.int_], anew: bool = False) -> None:
        """Mark points as manual; those set down anew also have nothing of a point that was selected."""
        marked = np.zeros(len(layer.data), dtype=bool)
        marked[rows] = True
        features = layer.features
        if (features["source"][marked] == MANUAL).all() and features["score"][marked].isna().all():
            self._paint(layer)
            return
        names = [name for name in features.columns if anew or name in self._found]
        names = [name for name in names if name not in ("score", "label", "source")]
        self._ours = True
        try:
            layer.features = by_hand(features, marked, names, self._label if anew else "")
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


_SYNCS: weakref.WeakKeyDictionary[Points, PointsSync] = weakref.WeakKeyDictionary()


def points_sync_for(layer: Points, label: str) -> PointsSync:
    """Return the sync of `layer`, and always the same one: two would take each other for a person."""
    sync = _SYNCS.get(layer)
    if sync is None:
        sync = _SYNCS[layer] = PointsSync(layer, label)
    return sync


def _diameter(overlay: PointsOverlay) -> float:
    return float(style_for(overlay.label).constants(overlay.diameter_px)["size"])
