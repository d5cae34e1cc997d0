"""Lengths as image files write them, in micrometres."""

from __future__ import annotations

import re
import unicodedata

PREFIXES = {
    "k": ("kilo", 1e9),
    "": ("", 1e6),
    "d": ("deci", 1e5),
    "c": ("centi", 1e4),
    "m": ("milli", 1e3),
    "u": ("micro", 1.0),
    "n": ("nano", 1e-3),
    "p": ("pico", 1e-6),
    "f": ("femto", 1e-9),
}
"""Symbol, name and size in micrometres of the multiples of a metre, after UDUNITS and UCUM."""
MICROMETRES = {
    **{f"{symbol}m": factor for symbol, (_, factor) in PREFIXES.items()},
    **{f"{name}{metre}": factor for name, factor in PREFIXES.values() for metre in ("meter", "metre")},
    **dict.fromkeys(("micron", "u", "mu", "mum"), 1.0),
    **dict.fromkeys(("a", "å", "ao", "ang", "angstrom", "ångström", "ångstrom", "angström"), 1e-4),
    **dict.fromkeys(("in", "ini", "inch", "inches", '"'), 25400.0),
}
"""What one unit is in micrometres, by the name that `micrometres` makes of its spelling."""


def micrometres(value: float, unit: str) -> float | None:
    """Convert a length; None if the unit is none of length (such as ``pixel``) or the value not positive.

    Examples
    --------
    >>> micrometres(650, "nm"), micrometres(2, "Micro metres"), micrometres(1, "pixel")
    (0.65, 2.0, None)
    """
    plain = plain_unit(unit)
    factor = MICROMETRES.get(plain, MICROMETRES.get(plain.removesuffix("s")))
    if factor is None or not 0 < value < float("inf"):
        return None
    return value * factor


def plain_unit(unit: str) -> str:
    """Bring the spellings of a unit to one: ``µm``, ``Micro meter``, ``um/pixel``."""
    # ImageJ writes the micro sign as an escape; read in a wrong encoding it has a letter before it.
    text = unit.strip().lower().replace("\\u00b5", "µ").replace("\\u03bc", "µ").replace("âµ", "µ")
    # The micro sign and the angstrom have two code points each.
    text = unicodedata.normalize("NFKC", text).replace("μ", "u")
    text = re.sub(r"\s*(/|per)\s*(pixel|px|voxel)s?$", "", text)
    return re.sub(r"[\s_.\-\[\]()]", "", text)
