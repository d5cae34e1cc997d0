"""What lies in the ice of a micrograph: where the particles are, carbon, contaminants, gold and streaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter
from scipy.special import expit

FloatImage = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Junk:
    """What a picker must not take for particles.

    Attributes
    ----------
    potential
        ``(h, w)`` added to the projected density, in units of a particle's typical projected density.
    absorbed
        ``(h, w)`` share of the electrons that is lost, whatever the CTF does.
    mask
        ``(h, w)``, True where a person would pick nothing.
    """

    potential: FloatImage
    absorbed: FloatImage
    mask: npt.NDArray[np.bool_]


def place_particles(
    rng: np.random.Generator,
    shape: tuple[int, int],
    count: int,
    spacing_px: float,
    clustering: float,
    forbidden: npt.NDArray[np.bool_],
    margin_px: float,
) -> npt.NDArray[np.float64]:
    """Draw up to `count` centres ``(n, 2)`` as (y, x) outside `forbidden`.

    Two centres are at least a distance apart that is drawn anew for each, around `spacing_px`: real particles
    overlap now and then. `clustering` is the share that is drawn near an earlier one.
    """
    rows, columns = shape
    found = np.empty((count, 2))
    number = 0
    for _ in range(12 * count):
        if number == count:
            break
        if number and rng.random() < clustering:
            near = found[rng.integers(number)]
            place = near + rng.normal(0, 1.6 * spacing_px, 2)
        else:
            place = rng.uniform((0, 0), (rows, columns))
        if (
            not (margin_px <= place[0] < rows - margin_px and margin_px <= place[1] < columns - margin_px)
            or forbidden[int(place[0]), int(place[1])]
        ):
            continue
        nearest = np.inf
        if number:
            nearest = float(np.sqrt(((found[:number] - place) ** 2).sum(axis=1).min()))
        if nearest >= spacing_px * rng.uniform(0.65, 1.15):
            found[number] = place
            number += 1
    return found[:number]


def no_junk(shape: tuple[int, int]) -> Junk:
    """Return clean ice."""
    return Junk(np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(shape, bool))


def carbon(rng: np.random.Generator, shape: tuple[int, int], diameter_px: float) -> Junk:
    """Lay the edge of a carbon film across the field: a dark, textured side behind a long arc."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    # A hole's rim: a circle of several fields, or nearly a straight line.
    radius = rng.uniform(0.8, 6.0) * max(shape)
    depth = rng.uniform(0.05, 0.45) * min(shape)
    middle = np.array(shape) / 2
    reach = np.abs(np.array([np.sin(angle), np.cos(angle)])) @ middle
    centre = middle - (radius - reach + depth) * np.array([np.sin(angle), np.cos(angle)])
    distance = np.hypot(rows - centre[0], columns - centre[1]) - radius
    rough = gaussian_filter(rng.standard_normal(shape).astype(np.float32), diameter_px / 2, mode="wrap")
    distance += rough / rough.std() * rng.uniform(0, 0.15) * diameter_px
    inside = expit(distance / rng.uniform(0.5, 2.0))
    texture = rng.standard_normal(shape).astype(np.float32)
    texture = gaussian_filter(texture, rng.uniform(0.4, 0.16 * diameter_px), mode="wrap")
    texture *= rng.uniform(0.3, 1.5) / texture.std()
    thick = rng.uniform(0.5, 6.0)
    return Junk(
        (inside * (thick + texture)).astype(np.float32),
        (inside * rng.uniform(0.0, 0.12)).astype(np.float32),
        distance > -0.3 * diameter_px,
    )


def contaminants(rng: np.random.Generator, shape: tuple[int, int], diameter_px: float, count: int) -> Junk:
    """Scatter ice crystals, gold, aggregates and streaks."""
    potential = np.zeros(shape, np.float32)
    absorbed = np.zeros(shape, np.float32)
    mask = np.zeros(shape, bool)
    for _ in range(count):
        kind = rng.choice(["ice", "gold", "aggregate", "streak"], p=[0.45, 0.2, 0.2, 0.15])
        y, x = rng.uniform((0, 0), shape)
        if kind == "ice":
            size = rng.uniform(0.5, 3.0) * diameter_px
            blob = lump(rng, shape, (y, x), size, int(rng.integers(1, 5)))
            strength = rng.uniform(2.0, 10.0)
        elif kind == "gold":
            blob = lump(rng, shape, (y, x), rng.uniform(0.2, 0.6) * diameter_px, 1)
            strength = rng.uniform(6.0, 25.0)
        elif kind == "aggregate":
            blob = lump(rng, shape, (y, x), rng.uniform(1.5, 4.0) * diameter_px, int(rng.integers(6, 20)))
            strength = rng.uniform(1.2, 3.0)
        else:
            blob = streak(rng, shape, (y, x), diameter_px)
            strength = rng.uniform(1.0, 6.0)
        potential += (strength * blob).astype(np.float32)
        absorbed += (rng.uniform(0, 0.01) * strength * blob).astype(np.float32)
        mask |= gaussian_filter(blob, 0.12 * diameter_px) > 0.15
    return Junk(potential, np.clip(absorbed, 0, 0.5), mask)


def lump(
    rng: np.random.Generator, shape: tuple[int, int], place: tuple[float, float], size: float, parts: int
) -> FloatImage:
    """Draw a solid of several overlapping spheres, about `size` across and 1 at its thickest."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    image = np.zeros(shape, np.float32)
    radius = size / 2 / np.sqrt(parts)
    for _ in range(parts):
        y, x = np.array(place) + rng.normal(0, size / 5 if parts > 1 else 0, 2)
        own = radius * rng.uniform(0.7, 1.3)
        stretch = rng.uniform(0.7, 1.4)
        squared = ((rows - y) / stretch) ** 2 + ((columns - x) * stretch) ** 2
        image = np.maximum(image, np.sqrt(np.clip(1 - squared / own**2, 0, None)).astype(np.float32))
    return image


def streak(
    rng: np.random.Generator, shape: tuple[int, int], place: tuple[float, float], diameter_px: float
) -> FloatImage:
    """Draw a long, thin, slightly bent line: a fibre or a fold."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    angle = rng.uniform(0, np.pi)
    along = (rows - place[0]) * np.sin(angle) + (columns - place[1]) * np.cos(angle)
    across = (columns - place[1]) * np.sin(angle) - (rows - place[0]) * np.cos(angle)
    across = across + rng.uniform(-1, 1) * along**2 / (20 * diameter_px)
    width = rng.uniform(0.15, 0.5) * diameter_px
    length = rng.uniform(3, 12) * diameter_px
    line: FloatImage = np.exp(-((across / width) ** 2) - (along / length) ** 6).astype(np.float32)
    return line


def together(*parts: Junk) -> Junk:
    """Add up what lies in the ice."""
    return Junk(
        np.sum([part.potential for part in parts], axis=0, dtype=np.float32),
        np.clip(np.sum([part.absorbed for part in parts], axis=0, dtype=np.float32), 0, 0.6),
        np.any([part.mask for part in parts], axis=0),
    )
