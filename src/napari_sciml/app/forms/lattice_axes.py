"""The three ways to say where the pixels of a GISAXS image lie in q, as a form shows them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_sciml.techniques.gisaxs.axes.choose import DETECTOR, RANGES

WAYS = {"ranges": "q ranges", "poni": "PONI file", "typed": "typed geometry"}
"""Name of a way -> what a person calls it."""
OWN = {"ranges": ("half_plane",), "poni": ("poni",), "typed": DETECTOR}
"""Settings that mean something on one way only."""


def way_of(values: Mapping[str, Any], known: Mapping[str, Any], wanted: str) -> str:
    """Return which way leads to q: what was said decides, then what a person `wanted`, then the image."""
    for settings in (values, {} if wanted else known):
        if settings.get("poni") is not None:
            return "poni"
        if any(settings.get(name) is not None for name in DETECTOR):
            return "typed"
    return wanted or "ranges"


def leave_way(values: Mapping[str, Any], way: str) -> dict[str, Any]:
    """Return the values without those of the other ways; ranges mean something else on each."""
    others = {name for other, names in OWN.items() if other != way for name in names}
    return {name: value for name, value in values.items() if name not in others and name not in RANGES}


def still_known(known: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an image states and a run with these `values` still uses.

    Who gives a geometry of a detector does not want the ranges of a picture that is in q, and a PONI file
    holds what else the image says of the detector.
    """
    dropped: set[str] = set()
    if values.get("poni") is not None:
        dropped |= {*RANGES, *DETECTOR}
    if any(values.get(name) is not None for name in DETECTOR):
        dropped |= set(RANGES)
    return {name: value for name, value in known.items() if name not in dropped}
