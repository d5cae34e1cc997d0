"""Disagreements of two results as a points layer: a symbol and a colour for each kind, words on hover."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from napari.layers import Points

from napari_sciml.layers.disagreements import FIRST, KIND, OTHER, SECOND, WHAT, Comparison
from napari_sciml.layers.points import LayerData
from napari_sciml.layers.spatial import Place
from napari_sciml.layers.styles import GREEN, PURPLE, VERMILION, rgba

NAME = "Disagreement"
LOOKS = {FIRST: ("diamond", GREEN), SECOND: ("triangle_up", PURPLE), OTHER: ("star", VERMILION)}
"""Kind -> symbol and colour. Circles and squares are taken by what was found."""
SIGNS = {FIRST: "◇", SECOND: "△", OTHER: "☆"}
"""The same symbols for a line of text."""
WORDS = "words"
WORDS_AWAY = 0.8
"""Distance of the words from the middle of their mark, in its sizes."""
LARGER = 1.5
"""The mark just surrounds what was found."""
LEAST_SHARE = 1 / 50
"""Size of a mark at least, as a share of the slice, so that it is seen on the whole of it.

Limits in pixels of the canvas would do the same, but then napari shows a white dot where a slice has no mark.
"""


def disagreement_layer(comparison: Comparison, place: Place) -> LayerData:
    """Build the layer; its features say what differs and which score each of the two gave."""
    features = features_of(comparison)
    arguments: dict[str, Any] = {
        "name": f"{NAME} ({place.name})",
        "ndim": len(comparison.columns),
        "features": features,
        "face_color": "transparent",
        "border_width": 0.07,
        "text": {
            "string": f"{{{WORDS}}}",
            "color": VERMILION,
            "size": 14,
            "anchor": "center",
            "translation": _below(comparison),
        },
        **place.spatial,
    }
    if len(features):
        arguments |= _looks(comparison)
    return positions(comparison), arguments, "points"


def show_disagreements(layer: Points, comparison: Comparison) -> None:
    """Replace what a layer of this kind shows."""
    layer.selected_data = set()
    layer.data = positions(comparison)
    layer.features = features_of(comparison)
    if len(layer.data):
        for name, value in _looks(comparison).items():
            setattr(layer, name, value)
        layer.text.translation = _below(comparison)


def positions(comparison: Comparison) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the places ``(n, ndim)`` in pixels of the image."""
    return np.ascontiguousarray(comparison.table[list(comparison.columns)].to_numpy(np.float64))


def features_of(comparison: Comparison) -> pd.DataFrame:
    """Return what differs in words, the two scores, and the words that are written on the image."""
    table = comparison.table
    features = table[[WHAT, *comparison.scores]].reset_index(drop=True)
    # Only what is called otherwise needs words on the image; the rest is said by the symbol.
    features[WORDS] = np.where(table[KIND].to_numpy(object) == OTHER, table[WHAT].to_numpy(object), "")
    return features


def _looks(comparison: Comparison) -> dict[str, Any]:
    table = comparison.table
    kinds = table[KIND].to_numpy(object)
    symbols = [LOOKS[kind][0] for kind in kinds]
    return {
        # One symbol for all is set at once; many take a noticeable moment.
        "symbol": symbols[0] if len(set(symbols)) == 1 else symbols,
        "border_color": np.array([rgba(LOOKS[kind][1]) for kind in kinds]),
        "size": _sizes(comparison),
    }


def _sizes(comparison: Comparison) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.maximum(
        comparison.table["size"].to_numpy(np.float64) * LARGER, comparison.side_px * LEAST_SHARE
    )


def _below(comparison: Comparison) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return how far from a mark its words stand: just below, for the largest that has some."""
    named = (comparison.table[KIND] == OTHER).to_numpy()
    down = np.zeros(len(comparison.columns))
    down[-2] = float(_sizes(comparison)[named].max(initial=0.0)) * WORDS_AWAY
    return down
