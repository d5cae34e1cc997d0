"""Say whether the spots of BornAgain's images lie where our table of spots puts them for the label.

Run by this project's Python::

    python -m benchmarks.bornagain_check runs/gisaxs/bornagain.npz

A spot's distance is that from the predicted place to the nearest maximum of the relief (the logarithm over
its surroundings), beside that of places drawn at random. The label
is right if the logarithm of the image correlates more with what our simulator gives for its own lattice than
for the other six, all with the true sample, beam and window.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, maximum_filter

from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.lattices.spots import predict_spots
from napari_sciml.techniques.gisaxs.refraction import Beam
from napari_sciml.techniques.gisaxs.simulate import GisaxsSpec, simulate

FARTHEST = 2.2
"""Spots are looked at up to here, in ``2 pi / d``."""
STRONG = 0.1
"""Spots of less than this share of the strongest reflection are not looked at."""
ZEROS = (4.493, 7.725, 10.904)
"""Where a sphere's form factor vanishes, in ``1 / R``; spots within 6 % of one are not looked at."""
FAINTEST = 1e-7
"""Pixels fainter than this share of the brightest are not compared."""
ROD = 0.2
"""What is nearer to the specular rod than this is left out, in ``2 pi / d``."""

Array = npt.NDArray[np.float64]
Row = dict[str, float]


def relief(image: Array, order: tuple[float, float]) -> Array:
    """Return the logarithm of an image over its surroundings; NaN below the horizon."""
    seen = image > 0
    log = np.where(seen, np.log10(np.where(seen, image, 1)), 0)
    wide = (0.4 * order[0], 0.3 * order[1])
    around = gaussian_filter(log, wide) / np.maximum(gaussian_filter(seen.astype(float), wide), 1e-6)
    return np.where(seen, log - around, np.nan)


def places(name: str, file: Row, order: tuple[float, float], size: int) -> tuple[Array, Array]:
    """Return row and column of the spots to look at, in the right half beside the rod."""
    beam = Beam(file["energy_kev"], file["incidence_deg"])
    spots = predict_spots(name, file["spacing_nm"], beam, file["qy_max"])
    unit = 2 * math.pi / file["spacing_nm"]
    length = np.hypot(spots.q_y, spots.q_z)
    kept = (spots.q_y > ROD * unit) & (length < FARTHEST * unit)
    kept &= spots.strength > STRONG * spots.strength.max()
    kept &= np.min([np.abs(length * file["radius_nm"] / zero - 1) for zero in ZEROS], axis=0) > 0.06
    column = (size - 1) / 2 + spots.q_y[kept] / unit * order[1]
    return size - 1 - spots.q_z[kept] / unit * order[0], column


def distances(bumps: Array, row: Array, column: Array, order: tuple[float, float]) -> Array:
    """Return how far the nearest maximum from each place is, in ``2 pi / d``; `order` is that in pixels."""
    filled = gaussian_filter(np.nan_to_num(bumps, nan=-1.0), 0.5)
    peaks = np.argwhere((filled == maximum_filter(filled, 3)) & (filled > 0))
    steps = (peaks[None] - np.stack([row, column], axis=-1)[:, None]) / np.array(order)
    result: Array = np.hypot(steps[..., 0], steps[..., 1]).min(axis=1)
    return result


def same_sample(name: str, file: Row, size: int) -> Array:
    """Simulate the sample of an image ourselves, made of a lattice."""
    reach = file["qy_max"]
    spec = GisaxsSpec.model_validate(
        {
            key: file[key]
            for key in ("spacing_nm", "radius_nm", "energy_kev", "incidence_deg", "width", "layers")
        }
        | {"lattice": name, "displacement": file["wobble"], "disordered": file["lone"]}
        | {"grain_shapes": ("cylinder", "block"), "grains": 6, "grain_spread": 0.1, "spacing_spread": 0.007}
        | {"mosaic_deg": 0, "size_spread": 0, "roughness": 0, "flat": 0, "blur_px": 0}
        | {"qy_range": (-reach, reach), "qz_range": (0, reach), "rows": size, "columns": size}
    )
    return simulate(spec, 0).image.astype(float)


def judge(file: Row, image: Array) -> tuple[Array, Array, Array]:
    """Return distances of an image's own spots and of random places, and how well each class fits."""
    size = len(image)
    unit = 2 * math.pi / file["spacing_nm"] / file["qy_max"] * (size - 1)
    order = (unit, unit / 2)
    bumps = relief(image, order)
    rows, columns = np.indices(image.shape)
    right = (columns - (size - 1) / 2) / order[1]
    seen = ~np.isnan(bumps) & (right > ROD) & (np.hypot(right, (size - 1 - rows) / order[0]) < FARTHEST)
    row, column = places(CLASSES[int(file["labels"])], file, order, size)
    drawn = np.random.default_rng(0).choice(np.argwhere(seen), 200)
    fits = np.zeros(len(CLASSES))
    for label, name in enumerate(CLASSES):
        ours = same_sample(name, file, size)
        both = (image > FAINTEST) & (ours > FAINTEST)
        fits[label] = np.corrcoef(np.log(ours[both]), np.log(image[both]))[0, 1]
    away = distances(bumps, row, column, order)
    return away, distances(bumps, drawn[:, 0], drawn[:, 1], order), fits


def main() -> None:
    """Judge all images of a file and print a table, one row for each class."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("path", type=Path)
    with np.load(parser.parse_args().path) as stored:
        file = {key: stored[key] for key in stored.files}
    if tuple(file["class_names"]) != CLASSES:
        raise SystemExit(f"The classes are {tuple(file['class_names'])}")
    numbers = [key for key, values in file.items() if values.ndim == 1 and key != "class_names"]
    judged = [
        judge({key: float(file[key][n]) for key in numbers}, image.astype(float))
        for n, image in enumerate(file["images"])
    ]
    print(
        "| class | images | spots | median distance, 2 pi / d | of random places | own fits best | how well |"
    )
    print("|---|---|---|---|---|---|---|")
    for label, name in enumerate(CLASSES):
        mine = [judged[number] for number in np.flatnonzero(file["labels"] == label)]
        away, anywhere = (np.concatenate([one[part] for one in mine]) for part in (0, 1))
        best = [CLASSES[one[2].argmax()] for one in mine]
        alike = np.median([one[2][label] for one in mine])
        wrong = ", ".join(sorted({other for other in best if other != name}))
        print(
            f"| {name} | {len(mine)} | {len(away)} | {np.median(away):.3f} | {np.median(anywhere):.3f} "
            f"| {best.count(name)} of {len(best)}{f' (else {wrong})' if wrong else ''} | {alike:.3f} |"
        )


if __name__ == "__main__":
    main()
