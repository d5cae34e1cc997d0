"""How far to trust the fitted spots: distance, interval and what the rule of bare names costs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from napari_sciml.networks.card import Metric
from napari_sciml.networks.normalise.log_contrast import LogContrast
from napari_sciml.techniques.gisaxs.axes.q_image import QImage
from napari_sciml.techniques.gisaxs.decide import SURE, UNSUPPORTED
from napari_sciml.techniques.gisaxs.lattices.explain import fit_spots
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.network_square import count_like, network_square
from napari_sciml.techniques.gisaxs.simulate.image import simulate
from napari_sciml.techniques.gisaxs.train.training_distribution import random_spec
from napari_sciml.training.metrics import wilson

SPLIT = "spots of rightly named films"
CLOSE = 0.04
"""Relative error of the distance of neighbours up to which it counts as right. Set by hand."""
PIXELS = 100
"""Rows and columns of the simulated images, as in the paper."""


def spot_figures(
    classify: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]],
    count: int,
    seed: int,
    threshold: float,
) -> list[Metric]:
    """Simulate `count` whole images, fit the spots of those that are named right, and compare with the truth.

    Parameters
    ----------
    classify
        Gives the probabilities for normalised squares ``(n, 100, 100)``.
    threshold
        Lowest probability of a name that counts. The horizon is told, as in a run with energy and angle.
    """
    close, held, bare = [], [], []
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        spec = random_spec(CLASSES[number % len(CLASSES)], rng)
        reach = spec.qy_range[1]
        window = {"qy_range": (-reach, reach), "rows": PIXELS, "columns": PIXELS}
        counted = {"peak_counts": float(2 ** rng.uniform(10, 20))}
        spec = spec.model_copy(update=window | counted)
        image = count_like(simulate(spec, rng).image)
        seen = QImage(image, np.linspace(-reach, reach, PIXELS), np.linspace(reach, 0, PIXELS))
        answer = classify(LogContrast().apply(network_square(seen)[None]))[0]
        if CLASSES[int(answer.argmax())] != spec.lattice or answer.max() < threshold:
            continue
        found = fit_spots(seen, spec.lattice, spec.beam.ki)
        close.append(abs(found.spacing_nm / spec.spacing_nm - 1) < CLOSE)
        held.append(found.spacing_low <= spec.spacing_nm <= found.spacing_high)
        bare.append(found.agreement < UNSUPPORTED and answer.max() < SURE)
    return [
        _share(f"distance within {CLOSE:.0%}", close, "of nearest neighbours, with energy and angle told"),
        _share("interval holds the distance", held, "the interval is meant to be one of 95 %"),
        _share("right names doubted for want of spots", bare, "lower is better"),
    ]


def _share(name: str, flags: list[bool], note: str) -> Metric:
    hits, count = sum(flags), max(1, len(flags))
    low, high = wilson(hits, count)
    return Metric(name=name, value=hits / count, low=low, high=high, n=count, split=SPLIT, note=note)
