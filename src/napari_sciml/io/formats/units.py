"""Lengths as image files write them, in micrometres."""

from __future__ import annotations

MICROMETRES = {
    "m": 1e6,
    "meter": 1e6,
    "metre": 1e6,
    "cm": 1e4,
    "centimeter": 1e4,
    "centimetre": 1e4,
    "mm": 1e3,
    "millimeter": 1e3,
    "millimetre": 1e3,
    "um": 1.0,
    "µm": 1.0,
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "nm": 1e-3,
    "nanometer": 1e-3,
    "nanometre": 1e-3,
    "a": 1e-4,
    "å": 1e-4,
    "angstrom": 1e-4,
    "inch": 25400.0,
    "in": 25400.0,
}


def micrometres(value: float, unit: str) -> float | None:
    """Convert a length; None if the unit is none of length (such as ``pixel``) or the value not positive."""
    # The micro sign has two code points, and ImageJ may store it as an escape.
    plain = unit.strip().lower().replace("\\u00b5", "µ").replace("\u03bc", "µ")
    factor = MICROMETRES.get(plain)
    if factor is None or not 0 < value < float("inf"):
        return None
    return value * factor
