"""One GISAXS image of the physical protocol, with its truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques.gisaxs.simulate import detector
from napari_sciml.techniques.gisaxs.simulate.film import film_intensity
from napari_sciml.techniques.gisaxs.simulate.geometry import locate
from napari_sciml.techniques.gisaxs.simulate.spec import GisaxsSpec

OVERSAMPLING = 2.0
"""Points of the in-plane grid per column of the image."""


@dataclass(frozen=True)
class Pattern:
    """A simulated image.

    Attributes
    ----------
    image
        ``(rows, columns)`` float32; counts, or intensity with maximum 1 where no noise was asked for. Row 0
        is the largest q_z. Dead pixels are 0.
    dead
        Pixels that measured nothing, bool.
    spec
        What was simulated.
    """

    image: npt.NDArray[np.float32]
    dead: npt.NDArray[np.bool_]
    spec: GisaxsSpec


def simulate(spec: GisaxsSpec, seed: int | np.random.Generator) -> Pattern:
    """Simulate one image.

    Examples
    --------
    >>> simulate(GisaxsSpec(lattice="HCP", grains=1), seed=0).image.shape
    (100, 100)
    """
    rng = np.random.default_rng(seed)
    pixels = locate(spec.beam, spec.window)
    above = pixels.kf > 0
    if not above.any():
        raise SciMLError(
            f"The window ends at q_z = {spec.qz_range[1]:g}/nm, below the horizon at {spec.beam.ki:.3g}/nm",
            "give a larger q_z range or a smaller incidence angle",
        )
    farthest = float(pixels.q_par.max())
    step = (spec.qy_range[1] - spec.qy_range[0]) / (spec.columns - 1) / OVERSAMPLING
    q = torch.linspace(0, farthest, int(np.ceil(farthest / step)) + 2, dtype=torch.float64)
    intensity = film_intensity(spec, q, pixels.kf[above], rng)
    # The image counts its rows downwards, the tilt needs q_z to rise.
    qz = spec.window.qz[above].flip(0)
    intensity = detector.tilt_grains(intensity.flip(0), q, qz, spec.mosaic_deg).flip(0)
    image = detector.to_pixels(intensity, q, pixels)
    image = detector.blur(detector.add_background(image, spec, pixels), spec.blur_px)
    dead = detector.dead_pixels(spec, pixels)
    result = (image / image.max()).numpy()
    if spec.peak_counts is not None:
        result = detector.count(result, spec.peak_counts, rng)
    result[dead] = 0
    return Pattern(result, dead, spec)
