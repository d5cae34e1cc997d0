"""How findings look. One place, colours from the Okabe-Ito set, and never by colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.techniques.registry import mark_for
from napari_sciml.techniques.window_spec import Color

MODEL = "model"
"""Value of the feature `source` for points that a network found."""
MANUAL = "manual"
"""Value of the feature `source` for points that a person added, moved or pasted."""

FOUND = "found"
"""The feature that says whether a predicted point was found."""

BLUE = "#56B4E9"
ORANGE = "#E69F00"
VERMILION = "#D55E00"
GREEN = "#009E73"
YELLOW = "#F0E442"
PURPLE = "#CC79A7"


@dataclass(frozen=True)
class PointStyle:
    """The look and the words of one label.

    Points of the model are circles and points of a person are squares, in colours that people with
    any colour vision can tell apart on grey.
    """

    one: str
    many: str
    in_slices: str = ""
    """What many are called where one thing is met again in every slice; empty means as `many`."""
    tiles: str = "positive tiles"
    """What the tiles are called that hold some."""
    model_color: str = ORANGE
    manual_color: str = BLUE
    border_width: float = 0.12

    missing_color: str = ""
    """For points that were predicted and not found, which are crosses; empty where nothing is predicted."""

    def borders(self, features: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the border colour (n, 4) RGBA of each point from the features `source` and `found`."""
        manual, missing = _kinds(features)
        known = np.where(
            missing[:, None], rgba(self.missing_color or self.model_color), rgba(self.model_color)
        )
        return np.where(manual[:, None], rgba(self.manual_color), known)

    def symbols(self, features: pd.DataFrame) -> npt.NDArray[np.object_]:
        """Return the marker's shape of each point from the features `source` and `found`."""
        manual, missing = _kinds(features)
        return np.where(manual, "square", np.where(missing, "x", "disc")).astype(object)

    def constants(self, diameter_px: float) -> dict[str, Any]:
        """Return the arguments that all points of a layer share; the marker is as large as the thing."""
        return {
            "size": max(float(diameter_px), 1.0),
            "face_color": "transparent",
            "border_width": self.border_width,
            "border_width_is_relative": True,
            "canvas_size_limits": (6, 10000),
        }


COLORS: dict[Color | Literal[""], str] = {
    "orange": ORANGE,
    "blue": BLUE,
    "vermilion": VERMILION,
    "green": GREEN,
    "yellow": YELLOW,
    "purple": PURPLE,
    "": "",
}
"""Name of a colour in a `Mark` -> the colour."""

CHOSEN_COLOR = GREEN
"""Fills the points that a person has singled out, for example those of one view."""
CHOSEN_OPACITY = 0.45
"""Opacity of what is chosen: the image stays visible below it."""

FEATURE_COLORS = {"peak": YELLOW, "ring": BLUE, "arc": PURPLE, "line": GREEN}
"""Kind of a feature found in an image -> its colour."""


def style_for(label: str) -> PointStyle:
    """Return the style of `label`; a label that no technique has gets the common look and its own name."""
    mark = mark_for(label)
    return PointStyle(
        one=mark.one,
        many=mark.many,
        in_slices=mark.in_slices,
        tiles=mark.tiles,
        model_color=COLORS[mark.color],
        manual_color=COLORS[mark.by_hand],
        border_width=mark.border,
        missing_color=COLORS[mark.missing],
    )


def _kinds(features: pd.DataFrame) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return for each point whether a person made it, and whether it was predicted and not found."""
    manual = features["source"].to_numpy(dtype=object) == MANUAL
    if FOUND not in features:
        return manual, np.zeros_like(manual)
    return manual, np.array([value is not None and value == 0 for value in features[FOUND]], bool)


def rgba(color: str) -> npt.NDArray[np.float64]:
    """Return red, green, blue and opacity, 0 to 1, of a colour written ``#rrggbb``."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return np.array([*parts, 1.0])
