"""A detector's geometry as pyFAI's integrator: from a PONI file, or from plain numbers."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques.gisaxs.refraction import HC_KEV_NM

KEYS = ("poni_version", "distance", "poni1", "detector")
"""At least one of them is in every geometry file."""
FAULTS = (AssertionError, AttributeError, KeyError, OSError, RuntimeError, TypeError, ValueError)
"""What pyFAI raises on files that hold no geometry."""
AGREE = 0.01
"""Relative difference up to which the energy of a PONI file and the typed one count as the same, so that
rounded numbers agree."""


def from_numbers(
    shape: tuple[int, int],
    *,
    energy_kev: float,
    distance_mm: float,
    pixel_um: float,
    beam_row: float,
    beam_column: float,
) -> Any:
    """Make the integrator of a flat detector that stands upright behind the sample.

    Parameters
    ----------
    shape
        Rows and columns of a frame.
    beam_row, beam_column
        Where the direct beam hits, in pixels; whole numbers are centres of pixels, row 0 is the upper one.

    Raises
    ------
    SciMLError
        If pyFAI is not installed.
    """
    need_library()
    with quiet():
        from pyFAI.detectors import Detector
        from pyFAI.integrator.fiber import FiberIntegrator

        edge = pixel_um * 1e-6
        return FiberIntegrator(
            dist=distance_mm * 1e-3,
            poni1=(beam_row + 0.5) * edge,
            poni2=(beam_column + 0.5) * edge,
            detector=Detector(edge, edge, max_shape=shape, orientation=3),
            wavelength=HC_KEV_NM / energy_kev * 1e-9,
        )


def from_poni(path: str, shape: tuple[int, int], energy_kev: float | None = None) -> Any:
    """Make the integrator of a PONI file.

    Parameters
    ----------
    path
        The file.
    shape
        Rows and columns of a frame.
    energy_kev
        Energy, where the file states no wavelength.

    Raises
    ------
    SciMLError
        If pyFAI is not installed, the file cannot be read, is of another detector, states no wavelength and
        nobody else did, or states another than was given.
    """
    check_poni(path)
    need_library()
    with quiet():
        from pyFAI.integrator.fiber import FiberIntegrator

        try:
            integrator = FiberIntegrator.sload(str(Path(path).expanduser()))
            known = integrator.detector.shape or integrator.detector.max_shape
        except FAULTS as error:
            raise SciMLError(
                f"{path} could not be read as a geometry file ({error})", "choose a PONI file of pyFAI"
            ) from error
    if not integrator.dist > 0 or integrator.pixel1 is None or integrator.pixel2 is None:
        raise SciMLError(f"{path} states no distance or no pixel size", "choose a complete PONI file")
    if known is None:
        integrator.detector.max_shape = shape
        integrator.detector.shape = shape
    elif tuple(known) != shape:
        raise SciMLError(
            f"{Path(path).name} is for a detector of {known[0]} x {known[1]} px, but the frame has "
            f"{shape[0]} x {shape[1]}",
            "choose the geometry file of this detector, or turn the frame as the detector counts its pixels",
        )
    stated = energy_of(integrator)
    if stated is None and energy_kev is None:
        raise SciMLError(f"{Path(path).name} states no wavelength", "give energy_kev as well")
    if stated is None:
        integrator.wavelength = HC_KEV_NM / float(energy_kev or np.nan) * 1e-9
    elif energy_kev is not None and abs(stated / energy_kev - 1) > AGREE:
        raise SciMLError(
            f"{Path(path).name} states {stated:.4g} keV, but energy_kev says {energy_kev:g}",
            "leave energy_kev out, or correct the file",
        )
    return integrator


def energy_of(integrator: Any) -> float | None:
    """Return the energy in keV, or None if the geometry states no wavelength."""
    return None if not integrator.wavelength else HC_KEV_NM / (integrator.wavelength * 1e9)


def check_poni(path: str) -> None:
    """Raise `SciMLError` unless a file of text is there that may hold a geometry; pyFAI would not tell."""
    file = Path(path).expanduser()
    if not file.is_file():
        raise SciMLError(f"There is no geometry file {path}", "check the path of the PONI file")
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SciMLError(
            f"{path} could not be read as a geometry file", "choose a PONI file of pyFAI"
        ) from error
    lines = [line.partition(":")[0].strip().lower() for line in text.splitlines() if line[:1] != "#"]
    if not any(key in lines for key in KEYS) and not holds_json(text):
        raise SciMLError(f"{path} holds no geometry", "choose a PONI file of pyFAI")


def holds_json(text: str) -> bool:
    """Whether a text is a geometry in pyFAI's other form."""
    try:
        stated = json.loads(text)
    except json.JSONDecodeError:
        return False
    return isinstance(stated, dict) and any(key in stated for key in ("dist", "poni1", "poni"))


def need_library() -> None:
    """Raise `SciMLError` if pyFAI is not installed."""
    if find_spec("pyFAI") is None:
        raise SciMLError(
            "A detector's geometry needs pyFAI, which is not installed",
            'type: pip install "napari-sciml[xray]"',
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what pyFAI tells its logger while it loads (no graphics card, no plotting) off the terminal."""
    logger = logging.getLogger("pyFAI")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
