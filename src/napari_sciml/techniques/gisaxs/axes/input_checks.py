"""Numbers that cannot be meant: a length in the wrong unit, a wavelength for an energy, a q in 1/angstrom.

The limits are far outside of what beamlines use, and yet tell the units of one quantity apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques.gisaxs.refraction import HC_KEV_NM, wavenumber

ENERGY_KEV = 2.0, 200.0
"""Energies in keV that GISAXS is measured with; others are taken for eV or a wavelength."""
DISTANCE_MM = 50.0, 1e5
"""Distances of sample and detector in mm; others are taken for metres or micrometres."""
PIXEL_UM = 2.0, 2000.0
"""Edges of a detector's pixel in micrometres; others are taken for metres, millimetres or nanometres."""
INCIDENCE_DEG = 0.02, 2.0
"""Angles of grazing incidence in degrees; others are taken for radians or milliradians."""
SMALLEST_Q = 0.15
"""A picture whose largest q (1/nm) is smaller is refused as 1/angstrom: it would hold less than the first
spots of particles 50 nm apart."""
LARGEST_Q = 50.0
"""A picture whose largest q (1/nm) is larger is refused as 1/m: small-angle scattering ends far below."""


def check_numbers(given: Mapping[str, Any], shape: tuple[int, int]) -> None:
    """Raise `SciMLError` for the first number that cannot be meant, with the unit that it looks like.

    Parameters
    ----------
    given
        Settings by name; None where nobody said.
    shape
        Rows and columns of a frame.
    """
    check_energy(given.get("energy_kev"))
    check_distance(given.get("distance_mm"))
    check_pixel(given.get("pixel_um"))
    check_incidence(given.get("incidence_deg"))
    for name, length, word in (("beam_row", shape[0], "rows"), ("beam_column", shape[1], "columns")):
        value = given.get(name)
        if value is not None and not -length <= value <= 2 * length:
            raise SciMLError(
                f"{name}={value:g} lies far outside of the frame, which has {length} {word}",
                "give the place of the direct beam in pixels, counted from the upper left corner",
            )
    for name in ("qy_range", "qz_range"):
        if (limits := given.get(name)) is not None:
            check_range(name, limits, given.get("energy_kev"))
    if (limits := given.get("qz_range")) is not None and max(limits) <= 0:
        raise SciMLError(
            f"qz_range={limits[0]:g},{limits[1]:g} holds nothing above q_z = 0, where the sample scatters to",
            "give the smaller value first and q_z upwards positive",
        )


def check_energy(value: float | None) -> None:
    """Raise `SciMLError` for an energy in eV, and for a wavelength."""
    if value is None or ENERGY_KEV[0] <= value <= ENERGY_KEV[1]:
        return
    if value > ENERGY_KEV[1]:
        hint = f"give keV; {value:g} eV are {value / 1000:g} keV"
    elif value > 0.3:
        hint = f"give keV; a wavelength of {value:g} angstrom is {10 * HC_KEV_NM / value:.4g} keV"
    else:
        hint = f"give keV; a wavelength of {value:g} nm is {HC_KEV_NM / value:.4g} keV"
    raise SciMLError(f"energy_kev={value:g} is no energy that GISAXS is measured with", hint)


def check_distance(value: float | None) -> None:
    """Raise `SciMLError` for a distance in metres or micrometres."""
    if value is None or DISTANCE_MM[0] <= value <= DISTANCE_MM[1]:
        return
    if value < DISTANCE_MM[0]:
        hint = f"give millimetres; {value:g} m are {value * 1000:g} mm"
    else:
        hint = f"give millimetres; {value:g} um are {value / 1000:g} mm"
    raise SciMLError(f"distance_mm={value:g} is no distance that GISAXS is measured at", hint)


def check_pixel(value: float | None) -> None:
    """Raise `SciMLError` for a pixel in metres, millimetres or nanometres."""
    if value is None or PIXEL_UM[0] <= value <= PIXEL_UM[1]:
        return
    if value < 2e-3:
        hint = f"give micrometres; {value:g} m are {value * 1e6:g} um"
    elif value < PIXEL_UM[0]:
        hint = f"give micrometres; {value:g} mm are {value * 1000:g} um"
    else:
        hint = f"give micrometres; {value:g} nm are {value / 1000:g} um"
    raise SciMLError(f"pixel_um={value:g} is no edge of a detector's pixel", hint)


def check_incidence(value: float | None) -> None:
    """Raise `SciMLError` for an angle in radians, and for one that is not grazing."""
    if value is None or INCIDENCE_DEG[0] <= value <= INCIDENCE_DEG[1]:
        return
    if value < INCIDENCE_DEG[0]:
        hint = f"give degrees; {value:g} rad are {math.degrees(value):.3g} degrees"
    elif math.degrees(value / 1000) < 1:
        hint = f"give degrees; {value:g} mrad are {math.degrees(value / 1000):.3g} degrees"
    else:
        hint = "give the angle between beam and surface in degrees, usually 0.05 to 1"
    raise SciMLError(f"incidence_deg={value:g} is no angle of grazing incidence", hint)


def check_range(name: str, limits: tuple[float, float], energy_kev: float | None) -> None:
    """Raise `SciMLError` for a range of q in 1/angstrom or 1/m, or one that this energy cannot reach."""
    text = f"{name}={limits[0]:g},{limits[1]:g}"
    reach = max(abs(limit) for limit in limits)
    if not math.isfinite(reach) or reach > LARGEST_Q:
        raise SciMLError(f"{text} is no range of small-angle scattering", "give it in 1/nm, not in 1/m")
    if reach < SMALLEST_Q:
        raise SciMLError(
            f"{text} ends before the first spot of any lattice of nanoparticles",
            f"give it in 1/nm; 1/angstrom times 10 would be {limits[0] * 10:g},{limits[1] * 10:g}",
        )
    if energy_kev is not None and reach > 2 * wavenumber(energy_kev):
        raise SciMLError(
            f"{text} in 1/nm cannot be reached at {energy_kev:g} keV", "check the range and the energy"
        )
