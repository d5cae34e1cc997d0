"""Five families of images that hold none of the seven lattices: what the outlier score is measured on.

Nothing here is used for training or for choosing a limit.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.gisaxs.axes.q_image import QImage
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.network_square import count_like, network_square
from napari_sciml.techniques.gisaxs.simulate.image import simulate
from napari_sciml.techniques.gisaxs.train.detector_augment import through_random_detector
from napari_sciml.techniques.gisaxs.train.training_distribution import random_spec

Square = npt.NDArray[np.float32]


def form_factor_only(rng: np.random.Generator) -> Square:
    """Return particles without any order between them."""
    spec = random_spec(str(rng.choice(CLASSES)), rng).model_copy(update={"disordered": 1.0})
    return through_random_detector(simulate(spec, rng).image, rng)


def powder_rings(rng: np.random.Generator) -> Square:
    """Return the rings of a three-dimensional powder: a cubic lattice turned into all directions."""
    side = np.linspace(0, 1, 128)
    q = np.hypot(side[None, :], side[::-1, None])
    first, width = rng.uniform(0.12, 0.5), rng.uniform(0.006, 0.03)
    kinds = {
        "fcc": (3, 4, 8, 11, 12, 16, 19, 20),
        "bcc": (2, 4, 6, 8, 10, 12, 14, 16),
        "sc": (1, 2, 3, 4, 5, 6),
    }
    orders = kinds[str(rng.choice(list(kinds)))]
    image = 1e-3 * rng.uniform(0.1, 10) / (1 + (q / rng.uniform(0.05, 0.3)) ** 4)
    for order in orders:
        place = first * np.sqrt(order / orders[0])
        image += rng.uniform(0.2, 1) * np.exp(-((q - place) ** 2) / (2 * width**2)) / order
    image[side[::-1] < rng.uniform(0, 0.25)] = 0
    return through_random_detector(image.astype(np.float32), rng)


def empty(rng: np.random.Generator) -> Square:
    """Return a substrate without particles: diffuse scattering, flat background, counts."""
    spec = random_spec("FCC111", rng).model_copy(update={"disordered": 1.0, "grains": 1})
    side = np.linspace(0, 1, 128)
    qy, qz = side[None, :], side[::-1, None]
    horizon = rng.uniform(0.05, 0.25)
    yoneda = np.exp(-((qz - 1.3 * horizon) ** 2) / (2 * (0.02 + 0.03 * rng.random()) ** 2))
    image = (yoneda + 0.05) / (1 + (qy / rng.uniform(0.02, 0.2)) ** 3) * (qz > horizon)
    return through_random_detector((image + spec.flat + 1e-5).astype(np.float32), rng)


def wrong_window(rng: np.random.Generator) -> Square:
    """Return a lattice through a window that is not where it is said to be, or shows no full order of it."""
    lattice = str(rng.choice(CLASSES))
    spec = random_spec(lattice, rng)
    reach = spec.qy_range[1]
    if rng.random() < 0.5:
        # Too close: not even the first column of spots is in.
        reach = max(0.6 * 2 * np.pi / spec.spacing_nm, 1.3 * spec.beam.ki)
        window = {"qy_range": (0.0, reach), "qz_range": (0.0, reach)}
    else:
        left, low = reach * rng.uniform(0.5, 1.0), reach * rng.uniform(0.4, 1.0)
        window = {"qy_range": (left, left + reach), "qz_range": (low, low + reach)}
    return through_random_detector(simulate(spec.model_copy(update=window), rng).image, rng)


OUTLIERS: dict[str, Callable[[np.random.Generator], Square]] = {
    "form factor only": form_factor_only,
    "powder rings": powder_rings,
    "empty": empty,
    "wrong window": wrong_window,
}
"""Name of a simulated family -> what makes one of its images as the network's square."""


def real_films(folder: Path, rng: np.random.Generator, count: int) -> list[Square]:
    """Cut `count` windows out of real frames (``*.cbf``) of films below `folder`; none shows a superlattice.

    Scale and beam centre are drawn, since the files do not state them.
    """
    from napari_sciml.io import open_image
    from napari_sciml.techniques.gisaxs.clean import clean_frame

    frames = []
    for path in sorted(folder.rglob("*.cbf")):
        source = open_image(path)
        frames.append(clean_frame(source.read((slice(None), slice(None))), None, "linear")[0])
        source.close()
    squares = []
    for number in range(count if frames else 0):
        frame = frames[number % len(frames)]
        rows, columns = frame.shape
        size = int(rng.integers(300, 900))
        # About where the direct beam hits in these frames, give or take.
        base, centre = round(rows * rng.uniform(0.6, 0.8)), round(columns * rng.uniform(0.4, 0.6))
        window = frame[max(0, base - size) : base, max(0, centre - size) : centre + size]
        qy = (np.arange(window.shape[1]) - min(centre, size)) / size
        squares.append(network_square(QImage(count_like(window), qy, np.linspace(1, 0, len(window)))))
    return squares
