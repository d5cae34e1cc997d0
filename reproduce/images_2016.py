"""How well the hipgisaxs protocol agrees with the 200 images of 2016: a command for developers.

    python -m reproduce.images_2016 FILE.npz

The protocol's open parameters (radius, beam, sign, azimuths) were settled on the images with even numbers;
the command states the correlation on the odd ones. No network ever sees these images.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques.gisaxs.evaluate.card_figures import LATTICE_OF
from napari_sciml.techniques.gisaxs.simulate.hipgisaxs import VECTORS, HipSpec, simulate_hipgisaxs

FLOOR = 1e-9
"""Intensity over the brightest pixel that the grey scale of the images can still tell, about."""

SEEN_ROWS = 86
"""Rows above the horizon; the rest is black in the images."""


@dataclass(frozen=True)
class Images:
    """The images of 2016: grey values ``(n, 100, 100)``, class names, and parameters ``(n, 6)``."""

    images: npt.NDArray[np.uint8]
    names: list[str]
    parameters: npt.NDArray[np.int64]


def read_images(path: Path) -> Images:
    """Read the archive; a `SciMLError` says what is missing."""
    try:
        with np.load(path) as stored:
            names = [str(name) for name in stored["class_names"]]
            return Images(
                stored["images"], [names[label] for label in stored["labels"]], stored["parameters"]
            )
    except (OSError, KeyError, ValueError) as error:
        raise SciMLError(f"{path} is not the archive of images ({error})") from error


def settled(name: str, parameters: npt.NDArray[np.int64]) -> HipSpec:
    """Return what is simulated for an image, with the parameters in its file name."""
    scaling, repeats = parameters[:3].astype(float).tolist(), parameters[3:].tolist()
    return HipSpec(VECTORS[LATTICE_OF[name]], tuple(scaling), tuple(repeats), azimuths=720)


def log_correlation(
    intensity: npt.NDArray[np.floating], grey: npt.NDArray[np.integer], floor: float = FLOOR
) -> float:
    """Correlate log intensity with a grey scale that is about logarithmic (Pearson), above the horizon."""
    ours = np.log(intensity[:SEEN_ROWS].astype(np.float64) + floor)
    return float(np.corrcoef(ours.ravel(), grey[:SEEN_ROWS].astype(np.float64).ravel())[0, 1])


def compare(archive: Images, chosen: range, lattice: str | None = None) -> dict[str, list[float]]:
    """Return the log-correlations by class name; with `lattice`, of that one in place of the right one."""
    result: dict[str, list[float]] = {}
    for n in chosen:
        spec = settled(archive.names[n], archive.parameters[n])
        if lattice is not None:
            spec = replace(spec, vectors=VECTORS[lattice])
        value = log_correlation(simulate_hipgisaxs(spec), archive.images[n])
        result.setdefault(archive.names[n], []).append(value)
    return result


def main() -> None:
    """Print the log-correlation for each class, on images that settled nothing unless asked otherwise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archive", type=Path)
    parser.add_argument(
        "--matched", action="store_true", help="use the half that the protocol was settled on"
    )
    parser.add_argument("--lattice", choices=sorted(VECTORS), help="simulate this lattice for every image")
    options = parser.parse_args()
    archive = read_images(options.archive)
    chosen = range(0 if options.matched else 1, len(archive.names), 2)
    values = compare(archive, chosen, options.lattice)
    for name, found in values.items():
        print(f"{name:10s} {np.mean(found):.3f} +- {np.std(found):.3f}  (n = {len(found)})")
    everything = np.concatenate([np.array(found) for found in values.values()])
    print(f"{'all':10s} {everything.mean():.3f}  (n = {len(everything)})")


if __name__ == "__main__":
    main()
