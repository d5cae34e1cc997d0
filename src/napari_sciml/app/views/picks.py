"""The picks as they stand on screen: what a model found and what a person made of it."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd
from napari.layers import Points

from napari_sciml.app.canvas.result import Result
from napari_sciml.layers.styles import CHOSEN_COLOR, CHOSEN_OPACITY, MODEL, rgba

COLUMNS = ("frame", "y", "x", "score")
SOURCE = "source"


def picks_layer(result: Result) -> Points | None:
    """Return the layer of the picks, or None once it is gone."""
    return next(iter(result.points), None)


def picks_of(result: Result) -> pd.DataFrame:
    """List the picks that are on screen, a person's own among them.

    Returns
    -------
    DataFrame
        ``frame, y, x`` in pixels of the micrograph, ``score`` (NaN for a pick of a person) and ``source``. If
        the layer is gone, what the run found.
    """
    layer = picks_layer(result)
    if layer is None:
        table = result.findings.table[list(COLUMNS)].copy()
        table[SOURCE] = MODEL
        return table.reset_index(drop=True)
    places = with_frames(np.asarray(layer.data, np.float64))
    # A pick lies in a frame, wherever between two of them it was set down.
    frames = np.clip(np.round(places[:, 0]), 0, (result.frames or 1) - 1)
    return pd.DataFrame(
        {
            "frame": frames.astype(np.int64),
            "y": places[:, 1],
            "x": places[:, 2],
            "score": layer.features["score"].to_numpy(np.float64),
            SOURCE: layer.features["source"].to_numpy(object),
        }
    )


def with_frames(places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return places ``(n, 3)`` as frame, y, x; those on a single image lie in frame 0."""
    return np.pad(places, ((0, 0), (1, 0))) if places.shape[1] == 2 else places


def keys(table: pd.DataFrame) -> list[tuple[int, float, float]]:
    """Return one comparable value for each row of a table of picks; equal only for the same place."""
    return list(
        zip(table["frame"].astype(int), table["y"].astype(float), table["x"].astype(float), strict=True)
    )


def single_out(result: Result, chosen: Collection[tuple[int, float, float]]) -> None:
    """Fill the rings of the picks at these places and empty all others. Touches nothing that is saved."""
    layer = picks_layer(result)
    if layer is None or not len(layer.data):
        return
    inside = np.array([key in chosen for key in keys(picks_of(result))], bool)
    filled = rgba(CHOSEN_COLOR) * (1, 1, 1, CHOSEN_OPACITY)
    colors = np.where(inside[:, np.newaxis], filled, 0.0)
    if colors.shape != layer.face_color.shape or not np.allclose(layer.face_color, colors):
        layer.face_color = colors
