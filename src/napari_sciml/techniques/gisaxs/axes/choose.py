"""Decide where the pixels of a source lie in q: by ranges, a PONI file, typed numbers, or by ratios only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.frames import frame_shape
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.gisaxs.axes.input_checks import check_numbers
from napari_sciml.techniques.gisaxs.axes.pyfai_geometry import (
    check_poni,
    energy_of,
    from_numbers,
    from_poni,
    need_library,
)
from napari_sciml.techniques.gisaxs.axes.q_image import EvenAxes, QAxes
from napari_sciml.techniques.gisaxs.axes.raw_frames import raw_frame_of
from napari_sciml.techniques.gisaxs.refraction import wavenumber
from napari_sciml.techniques.gisaxs.settings import GisaxsSettings

DETECTOR = ("distance_mm", "pixel_um", "beam_row", "beam_column")
GEOMETRY = ("energy_kev", "incidence_deg", *DETECTOR)
RANGES = ("qy_range", "qz_range")
GEOMETRY_FIELDS = ("poni", "half_plane", *GEOMETRY, *RANGES)
PLAIN_SHAPE = (100, 100)
"""What the paper's pictures measure: such a picture is taken to be in q, even if nobody says how far."""
WAYS_OUT = (
    "give qy_range and qz_range if the picture is in q already, a PONI file with incidence_deg, or "
    "energy_kev, incidence_deg, distance_mm, pixel_um, beam_row and beam_column"
)


def choose_axes(settings: GisaxsSettings, source: ImageSource) -> QAxes:
    """Return the axes of the frames of a source; no pixels are read.

    What a caller said goes before what the source states itself.

    Raises
    ------
    SciMLError
        If the geometry is unknown, incomplete, contradicts itself, or has numbers that cannot be meant; if
        the part to look at is not in the frame; if pyFAI is needed and not installed.
    """
    given, shape = collect(settings, source), frame_shape(source)
    way = choose_way(given, settings, source)
    if way == "ranges":
        return EvenAxes(
            given["qy_range"],
            given["qz_range"],
            shape,
            origin="as given" if settings.qz_range or settings.qy_range else "as the file states",
            energy_kev=given["energy_kev"],
            incidence_deg=given["incidence_deg"],
        )
    if way == "ratios":
        return EvenAxes((0.0 if given["half_plane"] else -1.0, 1.0), (0.0, 1.0), shape, relative=True)

    from napari_sciml.techniques.gisaxs.axes.detector_axes import DetectorAxes

    if way == "poni":
        integrator = from_poni(given["poni"], shape, given["energy_kev"])
        origin = "the PONI file"
        stated = {
            "energy_kev": energy_of(integrator),
            "distance_mm": integrator.dist * 1e3,
            "pixel_um": integrator.pixel1 * 1e6,
        }
        try:
            check_numbers(stated, shape)
        except SciMLError as error:
            raise SciMLError(f"In the PONI file, {error.message}", error.hint) from error
    else:
        integrator = from_numbers(
            shape, **{name: given[name] for name in GEOMETRY if name != "incidence_deg"}
        )
        whose = (
            "" if any(getattr(settings, name) is not None for name in DETECTOR) else ", as the file states"
        )
        origin = (
            f"{given['distance_mm']:g} mm, pixels of {given['pixel_um']:g} um and the beam at row "
            f"{given['beam_row']:g}, column {given['beam_column']:g}{whose}"
        )
    axes = DetectorAxes(
        integrator,
        shape,
        given["incidence_deg"],
        given["qy_range"],
        # Which way up a detector stands is for its geometry to say.
        None if given["qz_range"] is None else (min(given["qz_range"]), max(given["qz_range"])),
        origin,
        half_plane=given["half_plane"],
    )
    check_crop(given, axes)
    return axes


def axes_problem(settings: GisaxsSettings, source: ImageSource) -> str:
    """Return why a source has no axes with these settings, or an empty string.

    Fast enough to follow typing: reads no pixels and loads no library. What only pyFAI can tell (which part
    a frame covers, what a PONI file states) is found by `choose_axes`.
    """
    try:
        choose_way(collect(settings, source), settings, source)
    except SciMLError as error:
        return error.sentence
    return ""


def collect(settings: GisaxsSettings, source: ImageSource) -> dict[str, Any]:
    """Return what is known by name: what the caller said, else what the source states, else None or False."""
    given: dict[str, Any] = {}
    for name in GEOMETRY_FIELDS:
        value = getattr(settings, name)
        said = value is not None if name != "half_plane" else name in settings.model_fields_set
        given[name] = value if said else source.known.get(name, value)
    mine = any(getattr(settings, name) is not None for name in ("poni", *DETECTOR))
    if mine:
        # A geometry of the caller's own is of a detector; ranges of a picture in q have no place there.
        given |= {name: getattr(settings, name) for name in RANGES}
    if settings.poni is not None:
        given |= {name: getattr(settings, name) for name in DETECTOR}
    if upside_down(given["qz_range"], source.known.get("qz_range")):
        given["qz_range"] = given["qz_range"][::-1]
    if (
        given["half_plane"]
        and given["qy_range"] is not None
        and given["qy_range"][0] < 0 < given["qy_range"][1]
    ):
        given["qy_range"] = (0.0, given["qy_range"][1])
    return given


def upside_down(said: Any, stated: Any) -> bool:
    """Whether a range that rises, as people type it, is of a file that says its row 0 is the lowest q_z."""
    return said is not None and stated is not None and said[0] < said[1] and stated[0] > stated[1]


def choose_way(given: Mapping[str, Any], settings: GisaxsSettings, source: ImageSource) -> str:
    """Find which way leads to the axes: ``poni``, ``numbers``, ``ranges`` or ``ratios``.

    Raises
    ------
    SciMLError
        If there is none, or a number cannot be meant.
    """
    shape = frame_shape(source)
    check_numbers(given, shape)
    if given["poni"] is not None:
        check_poni_given(given)
        return "poni"
    missing = [name for name in GEOMETRY if given[name] is None]
    if any(given[name] is not None for name in DETECTOR):
        if missing:
            raise SciMLError(
                f"The geometry is not complete: {listed(missing)} {is_or_are(missing)} missing",
                "give what is missing, or a PONI file with incidence_deg",
            )
        need_library()
        return "numbers"
    absent = [name for name in RANGES if given[name] is None]
    if not absent:
        if raw := raw_frame_of(source):
            raise SciMLError(
                f"{source.name} is a raw frame and no picture in q, since it {raw}; q ranges do not say "
                "where its pixels lie",
                "give a PONI file with incidence_deg, or energy_kev, incidence_deg, distance_mm, pixel_um, "
                "beam_row and beam_column",
            )
        check_even(given)
        return "ranges"
    if len(absent) == 1:
        raise SciMLError(
            f"{absent[0]} is missing", "give both ranges of a picture in q, or the geometry of a detector"
        )
    if shape == PLAIN_SHAPE:
        return "ratios"
    raise SciMLError(
        f"The geometry of {source.name} is unknown ({shape[0]} x {shape[1]} px)",
        WAYS_OUT,
    )


def check_poni_given(given: Mapping[str, Any]) -> None:
    """Raise `SciMLError` unless a PONI file is there and goes with the rest of what was given."""
    twice = [name for name in DETECTOR if given[name] is not None]
    if twice:
        raise SciMLError(
            f"{listed(twice)} {is_or_are(twice)} given beside a PONI file, which holds the same",
            "leave one of the two out",
        )
    check_poni(given["poni"])
    if given["incidence_deg"] is None:
        raise SciMLError(
            "A PONI file does not hold the incidence angle",
            "give incidence_deg, the angle between beam and surface in degrees",
        )
    need_library()


def check_even(given: Mapping[str, Any]) -> None:
    """Raise `SciMLError` if ranges of a picture contradict the rest."""
    left, top = given["qy_range"][0], max(given["qz_range"])
    if given["half_plane"] and left != 0:
        raise SciMLError(
            f"half_plane says that q_y = 0 is at the left edge, but qy_range begins at {left:g}",
            "leave half_plane out, or let qy_range begin at 0",
        )
    energy, incidence = given["energy_kev"], given["incidence_deg"]
    if energy is not None and incidence is not None:
        horizon = wavenumber(energy) * math.sin(math.radians(incidence))
        if horizon > top:
            raise SciMLError(
                f"At {energy:g} keV and {incidence:g} degrees the sample's horizon (q_z {horizon:.3g} 1/nm) "
                f"lies above the picture, which ends at {top:g} 1/nm",
                "check qz_range, energy_kev and incidence_deg",
            )


def check_crop(given: Mapping[str, Any], axes: Any) -> None:
    """Raise `SciMLError` if the part to look at is so small that it must be meant in 1/angstrom."""
    for name, covered in (("qy_range", axes.extent.qy), ("qz_range", axes.extent.qz)):
        limits = given[name]
        if limits is None:
            continue
        reach, widest = (max(abs(limit) for limit in pair) for pair in (limits, covered))
        if reach < 0.25 and 10 * reach < 1.05 * widest:
            raise SciMLError(
                f"{name}={limits[0]:g},{limits[1]:g} is a small part of the frame, which covers "
                f"{covered[0]:.3g} to {covered[1]:.3g} 1/nm",
                f"give it in 1/nm; 1/angstrom times 10 would be {limits[0] * 10:g},{limits[1] * 10:g}",
            )


def listed(names: list[str]) -> str:
    """Join names as in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def is_or_are(names: list[str]) -> str:
    """Return the verb that goes with so many."""
    return "is" if len(names) == 1 else "are"
