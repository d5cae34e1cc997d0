"""Images of the seven lattices made by BornAgain alone: a test that our own simulator had no part in.

Run by a Python that has BornAgain, from the root of the checkout; images that are there already are kept::

    python -m benchmarks.bornagain_images bornagain.npz --per-class 16

Each image is a powder of three finite mesocrystals that stand on silicon, turned step by step around the
normal, and of some lone spheres. `bornagain_check` says whether the spots lie where the label wants them.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import bornagain as ba  # type: ignore[import-not-found]
import numpy as np
import numpy.typing as npt

from benchmarks.bornagain_grain import HC_KEV_NM, Setup, Vector, mesocrystal, scatter, sphere

PIXELS = 100
PEAK = 2.0**16
GRAINS = 3
_S2, _S3 = math.sqrt(2), math.sqrt(3)
_CUBE = 2 / _S3
ORIGIN: list[Vector] = [(0, 0, 0)]

LATTICES: dict[str, tuple[list[Vector], list[Vector], int, int]] = {
    "BCC100": ([(_CUBE, 0, 0), (0, _CUBE, 0), (_CUBE / 2, _CUBE / 2, _CUBE / 2)], ORIGIN, 90, 30),
    "BCC110": ([(_CUBE, 0, 0), (_CUBE / 2, _CUBE / _S2, 0), (_CUBE / 2, 0, _CUBE / _S2)], ORIGIN, 180, 48),
    "Cubic100": ([(1, 0, 0), (0, 1, 0), (0, 0, 1)], ORIGIN, 90, 30),
    "Cubic110": ([(1, 0, 0), (0, _S2, 0), (0, _S2 / 2, _S2 / 2)], ORIGIN, 180, 48),
    "FCC100": ([(1, 0, 0), (0, 1, 0), (0.5, 0.5, _S2 / 2)], ORIGIN, 90, 30),
    "FCC111": ([(1, 0, 0), (0.5, _S3 / 2, 0), (0.5, _S3 / 6, _S2 / _S3)], ORIGIN, 120, 36),
    "HCP": (
        [(1, 0, 0), (0.5, _S3 / 2, 0), (0, 0, 2 * _S2 / _S3)],
        [(0, 0, 0), (0.5, _S3 / 6, _S2 / _S3)],
        60,
        24,
    ),
}
"""Vectors of the cell, places of its particles (both in nearest-neighbour distances), the turn in degrees
after which the powder repeats itself, and the azimuths within it."""

CLEAR = {
    "radius_nm": 5.0,
    "spacing_nm": 24.0,
    "energy_kev": 10.0,
    "incidence_deg": 0.2,
    "qy_max": 0.65,
    "qz_max": 0.65,
    "width": 9.0,
    "layers": 8.0,
    "wobble": 0.0,
    "lone": 0.0,
}
"""Tall and perfect grains of small spheres, to check the lattices by."""

Images = dict[str, npt.NDArray[Any]]


def draw(name: str, rng: np.random.Generator) -> dict[str, float]:
    """Draw one sample and the device that looks at it."""
    radius = rng.uniform(5, 20)
    spacing = 2 * radius * rng.uniform(1.02, 1.3)
    # HCP comes in whole cells, two layers each. Two close-packed layers alone are neither FCC nor HCP.
    layers = 2 * rng.integers(2, 4) if name == "HCP" else rng.integers(3 if name == "FCC111" else 2, 7)
    energy, angle = rng.uniform(8, 12), rng.uniform(0.12, 0.25)
    order = 2 * math.pi / spacing
    horizon = 2 * math.pi * energy / HC_KEV_NM * math.sin(math.radians(angle))
    # At least one and a half orders have to lie above the horizon.
    reach = max(rng.uniform(2, 6) * order, horizon + 1.5 * order)
    return {
        "radius_nm": radius,
        "spacing_nm": spacing,
        "energy_kev": energy,
        "incidence_deg": angle,
        "qy_max": reach,
        "qz_max": reach,
        "width": rng.uniform(5, 9),
        "layers": float(layers),
        "wobble": rng.uniform(0, 0.05),
        "lone": rng.uniform(0, 0.3),
    }


def make(name: str, sample: dict[str, float], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Simulate one image ``(100, 100)`` with maximum 1; centres of the outermost pixels lie on the ends."""
    setup, above = _setup(sample)
    vectors, basis, period, steps = LATTICES[name]
    radius, spacing = sample["radius_nm"], sample["spacing_nm"]
    half = np.zeros((above, PIXELS // 2))
    grains = [_grain(name, sample, rng) for _ in range(GRAINS)]
    start = rng.uniform(0, period)
    for step in range(steps):
        scale, twist, outer = grains[step % GRAINS]
        d = spacing * scale
        turn = math.radians(start + period * step / steps)
        cell = [_turned(vector, d, twist) for vector in vectors]
        places = [_turned(place, d, twist) for place in basis]
        # The outline turns too, so that the lattice itself ends at the azimuth that was asked for.
        grain = mesocrystal(cell, places, radius, outer, turn - twist, sample["wobble"] * d)
        half += scatter(setup, [(1.0, grain)])[0] / steps
    share = sample["lone"] / (1 - sample["lone"]) * sample["layers"] * sample["width"] ** 2
    for factor in (0.9, 0.95, 1.0, 1.05, 1.1):
        half += share / 5 * scatter(setup, [(1.0, sphere(radius * factor))])[0]
    image = np.zeros((PIXELS, PIXELS))
    # A powder is the same on both sides; below the horizon the wafer swallows everything.
    image[:above, PIXELS // 2 :] = half
    image[:above, : PIXELS // 2] = half[:, ::-1]
    result: npt.NDArray[np.float64] = image / image.max()
    return result


def _setup(sample: dict[str, float]) -> tuple[Setup, int]:
    """Return the right half above the horizon, and how many rows it has."""
    energy, angle = sample["energy_kev"], math.radians(sample["incidence_deg"])
    k0 = 2 * math.pi * energy / HC_KEV_NM
    widest = math.asin(sample["qy_max"] / k0)
    columns = (widest / (PIXELS - 1), widest, PIXELS // 2)
    exits = np.linspace(math.asin(sample["qz_max"] / k0 - math.sin(angle)), -angle, PIXELS)
    exits = exits[exits > 0]
    rows = (float(exits[-1]), float(exits[0]), len(exits))
    silicon = (4.89e-6 * (10 / energy) ** 2, 7.35e-8 * (10 / energy) ** 4)
    return Setup(energy, sample["incidence_deg"], silicon, rows, columns), len(exits)


def _grain(name: str, sample: dict[str, float], rng: np.random.Generator) -> tuple[float, float, Any]:
    """Draw a grain: relative spacing, azimuth of the lattice within the outline, and the outline."""
    d = sample["spacing_nm"]
    width = sample["width"] * rng.uniform(0.85, 1.15) * d
    vectors, basis, *_ = LATTICES[name]
    rise = vectors[2][2] * d
    # Sites on the rim count; half a cell more or less does not matter.
    height = (sample["layers"] / len(basis) - 0.5) * rise
    if rng.random() < 0.5:
        outer = ba.Cylinder(width / 2, height)
    else:
        outer = ba.Box(width, width * rng.uniform(0.7, 1.0), height)
    return float(rng.normal(1, 0.007)), float(rng.uniform(0, 2 * math.pi)), outer


def _turned(vector: Vector, scale: float, angle: float) -> Vector:
    x, y, z = (scale * part for part in vector)
    return (x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle), z)


def make_all(path: Path, per_class: int, *, perfect: bool = False) -> None:
    """Add images, one of each class in turn, until each class has `per_class`; write after every turn."""
    names = sorted(LATTICES)
    stored: Images = {}
    if path.is_file():
        with np.load(path) as file:
            stored = {key: file[key] for key in file.files if key != "class_names"}
    path.parent.mkdir(parents=True, exist_ok=True)
    for number in range(len(stored.get("labels", ())) // len(names), per_class):
        rows: list[dict[str, Any]] = []
        for label, name in enumerate(names):
            rng = np.random.default_rng([2025, label, number])
            sample = dict(CLEAR) if perfect else draw(name, rng)
            image = make(name, sample, rng)
            counts = rng.poisson(image * PEAK)
            rows.append({"images": image, "counts": counts, "labels": label, **sample})
        for key in rows[0]:
            fresh = np.array([row[key] for row in rows], np.int64 if key == "labels" else np.float32)
            stored[key] = np.concatenate([stored[key], fresh]) if key in stored else fresh
        partial = path.with_name(path.stem + ".part.npz")
        np.savez_compressed(partial, class_names=np.array(names), **stored)  # type: ignore[arg-type]
        partial.replace(path)
        print(f"{number + 1} of {per_class} images a class", flush=True)


def main() -> None:
    """Make the images."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("path", type=Path, help="the .npz to write or to add to")
    parser.add_argument("--per-class", type=int, default=16)
    parser.add_argument("--perfect", action="store_true", help="only tall and perfect grains")
    options = parser.parse_args()
    make_all(options.path, options.per_class, perfect=options.perfect)


if __name__ == "__main__":
    main()
