"""One grain on a substrate, scattered by BornAgain: the other side of `gisaxs_grain` and `bornagain_images`.

Run by a Python that has BornAgain and needs nothing of this project. As a program it answers requests, one
JSON object a line, so that both sides can be timed in turns::

    python -m benchmarks.bornagain_grain
"""

from __future__ import annotations

import json
import math
import sys
import time
from dataclasses import dataclass
from typing import Any

import bornagain as ba  # type: ignore[import-not-found]
import numpy as np
import numpy.typing as npt

HC_KEV_NM = 1.2398419843
GOLD = (2.99e-5, 2.2e-6)
"""Delta and beta of the particles; without averaged materials they only scale the image."""

Array = npt.NDArray[np.float64]
Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Setup:
    """Beam, substrate and pixels; `rows` and `columns` are first and last angle (rad) and their number."""

    energy_kev: float
    incidence_deg: float
    substrate: tuple[float, float]
    rows: tuple[float, float, int]
    columns: tuple[float, float, int]


def mesocrystal(
    vectors: list[Vector], basis: list[Vector], radius: float, outer: Any, turn: float, wobble: float = 0.0
) -> Any:
    """Fill an outer shape with the cells of a lattice.

    Parameters
    ----------
    vectors, basis
        The three vectors of the cell and the places of its particles, nm.
    outer
        A form factor of BornAgain; its bottom is the lowest layer of sites.
    turn
        Azimuth in radians.
    wobble
        Rms displacement of a particle, nm.
    """
    particle = sphere(radius) if len(basis) == 1 else explicit(basis, radius)
    lattice = ba.Lattice3D(*(ba.R3(*vector) for vector in vectors))
    crystal = ba.Crystal(particle, lattice, wobble) if wobble else ba.Crystal(particle, lattice)
    # What rotate() gives back does not own the grain.
    grain = ba.Mesocrystal(crystal, outer)
    grain.rotate(ba.RotationZ(turn))
    return grain


def explicit(places: list[Vector], radius: float, turn: float = 0.0) -> Any:
    """Put spheres at places, nm; the lowest point of a sphere at height 0 touches the substrate."""
    grain = ba.Compound()
    for place in places:
        grain.addComponent(sphere(radius), ba.R3(*place))
    grain.rotate(ba.RotationZ(turn))
    return grain


def sphere(radius: float) -> Any:
    """Return one gold sphere, radius in nm."""
    return ba.Particle(ba.RefractiveMaterial("Au", (1, 0.8, 0), *GOLD), ba.Sphere(radius))


def scatter(setup: Setup, grains: list[tuple[float, Any]]) -> tuple[Array, float]:
    """Simulate grains that do not know of each other, on one core.

    Parameters
    ----------
    grains
        Share and grain.

    Returns
    -------
    Intensity ``(rows, columns)``, the largest exit angle first, and the seconds of processor time.
    """
    air = ba.Layer(ba.Vacuum())
    for share, grain in grains:
        air.addDeposit2D(share, ba.Dilute2D(1e-4, grain))
    sample = ba.Sample()
    sample.addLayer(air)
    sample.addLayer(ba.Layer(ba.RefractiveMaterial("substrate", (0.4, 0.4, 0.4), *setup.substrate)))
    beam = ba.Beam(1e9, HC_KEV_NM / setup.energy_kev, math.radians(setup.incidence_deg))
    simulation = ba.ScatteringSimulation(beam, sample, _detector(setup))
    simulation.options().setNumberOfThreads(1)
    simulation.options().setUseAvgMaterials(False)
    start = time.process_time()
    field = simulation.simulate()
    spent = time.process_time() - start
    return np.asarray(field.intensities(), float)[::-1].copy(), spent


def _detector(setup: Setup) -> Any:
    """Return a detector whose outermost pixels are centred on the ends of the ranges."""
    edges: list[Any] = []
    for first, last, count in (setup.columns, setup.rows):
        half = (last - first) / (count - 1) / 2
        edges += [count, first - half, last + half]
    return ba.SphericalDetector(*edges)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Do what one line asks: a box of a simple cubic lattice or places, at one or more azimuths."""
    setup = Setup(**request["setup"])
    total, spent = None, 0.0
    for turn in request["turns"]:
        if "sites" in request:
            d = request["spacing"]
            wide, deep, high = ((n - 0.5) * d for n in request["sites"])
            cell: list[Vector] = [(d, 0, 0), (0, d, 0), (0, 0, d)]
            grain = mesocrystal(cell, [(0, 0, 0)], request["radius"], ba.Box(wide, deep, high), turn)
        else:
            grain = explicit(request["places"], request["radius"], turn)
        image, seconds = scatter(setup, [(1.0, grain)])
        total = image if total is None else total + image
        spent += seconds
    if total is not None and "image" in request:
        np.save(request["image"], total)
    return {"seconds": spent, "version": ba.version_str}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
