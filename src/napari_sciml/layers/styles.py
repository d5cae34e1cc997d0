"""How findings look. One place, colours from the Okabe-Ito set, and never by colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

MODEL = "model"
"""Value of the feature `source` for points that a network found."""
MANUAL = "manual"
"""Value of the feature `source` for points that a person added, moved or pasted."""

BLUE = "#56B4E9"
ORANGE = "#E69F00"
VERMILION = "#D55E00"


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

    def borders(self, sources: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Give the border colour (n, 4) RGBA for each value of the feature `source`."""
        manual = np.asarray(sources, dtype=object) == MANUAL
        return np.where(manual[:, None], rgba(self.manual_color), rgba(self.model_color))

    def symbols(self, sources: npt.ArrayLike) -> npt.NDArray[np.object_]:
        """Give the marker's shape for each value of the feature `source`."""
        manual = np.asarray(sources, dtype=object) == MANUAL
        return np.where(manual, "square", "disc").astype(object)

    def constants(self, diameter_px: float) -> dict[str, Any]:
        """Give the arguments that all points of a layer share; the marker is as large as the thing."""
        return {
            "size": max(float(diameter_px), 1.0),
            "face_color": "transparent",
            "border_width": self.border_width,
            "border_width_is_relative": True,
            "canvas_size_limits": (6, 10000),
        }


STYLES = {
    "fiber": PointStyle(one="fibre", many="fibres", in_slices="fibre cross-sections"),
    # Red on the white of inverted grey, beside the orange of the tiles.
    "bragg": PointStyle(
        one="Bragg spot", many="Bragg spots", tiles="Bragg tiles", model_color=VERMILION, border_width=0.16
    ),
}


def style_for(label: str) -> PointStyle:
    """Give the style of `label`; a label nobody styled gets the common look and its own name."""
    return STYLES.get(label, PointStyle(one=label, many=f"{label}s"))


def rgba(color: str) -> npt.NDArray[np.float64]:
    """Give red, green, blue and opacity, 0 to 1, of a colour written ``#rrggbb``."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return np.array([*parts, 1.0])
