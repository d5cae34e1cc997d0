"""Settings that are about one image: they stay with it when another one is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from napari.layers import Layer

OF_IMAGE = frozenset(
    (
        *("mask", "poni", "qy_range", "qz_range", "half_plane", "intensity"),
        *("energy_kev", "incidence_deg", "distance_mm", "pixel_um", "beam_row", "beam_column"),
    )
)
"""Names of settings that say how one image was taken, not what is wanted of a run."""

Values = Mapping[str, Mapping[str, Any]]
"""Technique -> its settings."""


class ImageSettings:
    """Keeps what was said of each image while another one is worked on."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Layer, Values] = WeakKeyDictionary()

    def moved(self, values: Values, left: Layer, taken: Layer | None) -> dict[str, dict[str, Any]]:
        """Return the settings for the image that is `taken`, and keep those of the one that is `left`."""
        self._kept[left] = {
            technique: {name: value for name, value in own.items() if name in OF_IMAGE}
            for technique, own in values.items()
        }
        known = {} if taken is None else self._kept.get(taken, {})
        return {
            technique: {
                **{name: value for name, value in values.get(technique, {}).items() if name not in OF_IMAGE},
                **known.get(technique, {}),
            }
            for technique in {*values, *known}
        }
