"""Where a detector stood, as data files state it: distance, pixel, beam, energy and angle of incidence.

A geometry is taken only whole (distance, pixel size and beam centre), since half of one, or the zeros that
programs leave where nobody measured, would be worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.hdf5_axes import text
from napari_sciml.io.formats.units import micrometres

HC_KEV_NM = 1.23984198
"""Planck's constant times the speed of light in keV nm."""
M_TO_MM, M_TO_UM, A_TO_NM = 1e3, 1e6, 0.1
"""Metres in millimetres and micrometres, and Angstrom in nanometres."""
EV_PER_KEV = 1e3
"""Electronvolts in a kiloelectronvolt."""
CBF_HEADER = "_array_data.header_contents"
"""Where fabio keeps the lines that PILATUS and EIGER detectors write into a CBF file."""
CBF_LINES = {
    "wavelength": re.compile(r"Wavelength\s+([\d.eE+-]+)\s*A"),
    "energy": re.compile(r"(?:X-ray_)?[Ee]nergy\s+([\d.eE+-]+)\s*eV"),
    "distance": re.compile(r"Detector_distance\s+([\d.eE+-]+)\s*m"),
    "pixel": re.compile(r"Pixel_size\s+([\d.eE+-]+)\s*m\s*x"),
    "beam": re.compile(r"Beam_xy\s*\(\s*([\d.eE+-]+)\s*,\s*([\d.eE+-]+)\s*\)"),
}
"""What such lines look like; energy in eV, lengths in metres, wavelength in Angstrom."""
ANGLES = ("incidence_angle", "incident_angle", "grazing_angle", "alpha_i")
"""What NeXus files call the angle between beam and surface."""


def whole(known: Mapping[str, float | None]) -> dict[str, float]:
    """Return a geometry if it is one, without what is not known; else nothing."""
    needed = [known.get(name) for name in ("distance_mm", "pixel_um", "beam_row", "beam_column")]
    if any(value is None or not np.isfinite(value) for value in needed):
        return {}
    beam = known["beam_row"], known["beam_column"]
    if beam == (0, 0) or not known["distance_mm"] or not known["pixel_um"]:
        return {}
    return {name: round(value, 9) for name, value in known.items() if value is not None and value > 0}


def energy_kev(wavelength_nm: float | None) -> float | None:
    """Return the energy of a wavelength."""
    return HC_KEV_NM / wavelength_nm if wavelength_nm else None


def in_header(header: Mapping[str, Any]) -> dict[str, float]:
    """Return the geometry that the header of a detector file states: CBF, or EDF of the ESRF.

    EDF counts the beam centre from the edge of the first pixel, here pixel centres are whole numbers.
    """
    if CBF_HEADER in header:
        lines = str(header[CBF_HEADER])
        found = {name: pattern.search(lines) for name, pattern in CBF_LINES.items()}
        value = {name: float(match[1]) for name, match in found.items() if match}
        beam = found["beam"]
        energy = value.get("energy", 0.0) / EV_PER_KEV or None
        return whole(
            {
                "distance_mm": value.get("distance", 0.0) * M_TO_MM,
                "pixel_um": value.get("pixel", 0.0) * M_TO_UM,
                "beam_column": float(beam[1]) if beam else None,
                "beam_row": float(beam[2]) if beam else None,
                "energy_kev": energy or energy_kev(value.get("wavelength", 0.0) * A_TO_NM),
            }
        )
    own = {str(name).lower(): number_in(value) for name, value in header.items()}
    column, row = own.get("center_1"), own.get("center_2")
    wavelength = own.get("wavelength")
    return whole(
        {
            "distance_mm": (own.get("sampledistance") or 0.0) * M_TO_MM,
            "pixel_um": (own.get("psize_1") or 0.0) * M_TO_UM,
            "beam_column": None if column is None else column - 0.5,
            "beam_row": None if row is None else row - 0.5,
            "energy_kev": energy_kev(wavelength * 1e9 if wavelength else None),
        }
    )


def number_in(value: Any) -> float | None:
    """Return the number at the beginning of a header's value, or None."""
    match = re.match(r"\s*([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)", str(value))
    return float(match[1]) if match else None


def in_nexus(tree: Any, part: str) -> dict[str, float]:
    """Return the geometry that a NeXus file states for the detector of an image."""
    names = [name for name in tree.datasets() if name not in tree.missing]
    centres = [name for name in names if name.endswith("/beam_center_x")]
    if not centres:
        return {}
    # The detector that shares most of its path with the image.
    detector = max(centres, key=lambda name: shared(name, part)).rpartition("/")[0]
    entry = detector.split("/")[1]
    of_entry = [name for name in names if name.startswith(f"/{entry}/")]

    def value(name: str) -> tuple[float, str] | None:
        try:
            node = tree.node(name)
        except (KeyError, SciMLError):
            return None
        stated = np.asarray(node[()]) if getattr(node, "size", 0) else np.array([])
        if stated.dtype.kind not in "iuf" or not stated.size:
            return None
        return float(stated.ravel()[0]), text(node.attrs.get("units", ""))

    def length_um(name: str) -> float | None:
        stated = value(f"{detector}/{name}")
        return None if stated is None else micrometres(stated[0], stated[1] or "m")

    def anywhere(*last: str) -> tuple[float, str] | None:
        places = (name for word in last for name in of_entry if name.endswith(f"/{word}"))
        return next((found for name in places if (found := value(name)) is not None), None)

    distance = length_um("distance") or length_um("detector_distance")
    row, column = value(f"{detector}/beam_center_y"), value(f"{detector}/beam_center_x")
    energy = anywhere("incident_energy", "photon_energy", "energy")
    kev = None
    if energy is not None:
        kev = energy[0] if "kev" in energy[1].lower() else energy[0] / EV_PER_KEV
    elif (wave := anywhere("incident_wavelength", "wavelength")) is not None:
        um = micrometres(wave[0], wave[1] or "angstrom")
        kev = energy_kev(None if um is None else um * 1e3)
    angle = anywhere(*ANGLES)
    degrees = None
    if angle is not None:
        degrees = float(np.degrees(angle[0])) if "rad" in angle[1].lower() else angle[0]
    return whole(
        {
            "distance_mm": None if distance is None else distance / 1e3,
            "pixel_um": length_um("x_pixel_size"),
            "beam_row": None if row is None else row[0],
            "beam_column": None if column is None else column[0],
            "energy_kev": kev,
            "incidence_deg": degrees,
        }
    )


def shared(one: str, other: str) -> int:
    """Return in how many steps two paths begin alike."""
    pairs = zip(one.split("/"), other.split("/"), strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), len(other.split("/")))
