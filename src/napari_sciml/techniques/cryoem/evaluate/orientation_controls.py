"""Controls of the orientation model: ice without particles, other particles, references that mean nothing."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from napari_sciml.core.progress import Progress
from napari_sciml.networks.card import Metric
from napari_sciml.networks.model import Model
from napari_sciml.techniques.cryoem.density.density_map import DensityMap
from napari_sciml.techniques.cryoem.orientation.classify import classify_views, none_of_them
from napari_sciml.techniques.cryoem.orientation.correlate import correlate_views
from napari_sciml.techniques.cryoem.particles.particles import NO_VIEW, Particles
from napari_sciml.techniques.cryoem.reconstruction.controls import scrambled
from napari_sciml.techniques.cryoem.train.orientation.dataset import noise_set, realistic_set
from napari_sciml.techniques.cryoem.train.orientation.networks import share
from napari_sciml.techniques.cryoem.views.sorting import sort_into_views

Work = Generator[Progress, None, list[Metric]]
SEED = 400_000
"""First seed of the control images: apart from training, probes and tests."""
OTHER_MAP_SNRS = (np.inf, 0.3, 0.1)
"""Signal-to-noise ratios (variances) at which particles of another map are shown; inf is without noise."""
NONE = "called none of the 84"


def control_figures(model: Model, particle: DensityMap, others: Sequence[DensityMap], count: int) -> Work:
    """Measure what must come out empty."""
    found = yield from noise_figures(model, particle, count)
    for other in others:
        for snr in OTHER_MAP_SNRS:
            test = realistic_set(other, count // 4, SEED, snr)
            chances = yield from classify_views(test.particles, model)
            none = none_of_them(chances, model)
            right = chances.argmax(axis=1) == test.labels
            note = f"{right.mean():.3f} have the number of their own view; chance is 0.012"
            found.append(share(NONE, f"another map ({other.name}), SNR {snr:g}, CTF known", none, note))
    test = realistic_set(particle, max(count // 8, 20), SEED, 1.0)
    false_map = scrambled(particle, np.random.default_rng(SEED))
    chances = (yield from correlate_views(test.particles, false_map))[0]
    note = "correlation with references whose phases were scrambled; chance is 0.012"
    right = chances.argmax(axis=1) == test.labels
    found.append(share("accuracy", "phase-randomised references, SNR 1", right, note))
    return found


def noise_figures(model: Model, particle: DensityMap, count: int) -> Work:
    """Measure how much ice is called none of the 84, and what the rest would average to."""
    found = []
    ice = noise_set(particle, count, SEED)
    for known, seen in (("known", ice), ("not known", replace(ice, ctf=None))):
        chances = yield from classify_views(seen, model)
        none = none_of_them(chances, model)
        found.append(share(NONE, f"pure noise, CTF {known}", none))
        if known == "known":
            left = subset(ice, ~none)
            likeness = yield from likeness_of_averages(model, particle, left)
            found.append(likeness)
    return found


def likeness_of_averages(
    model: Model, particle: DensityMap, left: Particles
) -> Generator[Progress, None, Metric]:
    """Average the noise that passed, turned to the reference of its view, and correlate it with this.

    What comes out is made by the alignment alone: Einstein from noise. A class average that is no more like
    its reference than this shows nothing.
    """
    result = yield from sort_into_views(left, particle, method="network", model=model)
    filled = result.views[result.views["count"] > 0]
    values = filled["correlation"].to_numpy(float)
    kept = int((result.table["view"] != NO_VIEW).sum())
    mean = float(values.mean()) if len(values) else 0.0
    low, high = (float(v) for v in np.percentile(values, [2.5, 97.5])) if len(values) else (0.0, 0.0)
    return Metric(
        name="correlation of averages with references",
        value=mean,
        low=low,
        high=high,
        n=max(kept, 1),
        split="pure noise that was given a view",
        note=f"{kept} boxes in {len(filled)} views, aligned to them: likeness that alignment alone makes; "
        "the interval is that of views",
    )


def subset(particles: Particles, chosen: npt.NDArray[np.bool_]) -> Particles:
    """Take some particles."""
    return replace(
        particles,
        images=particles.images[chosen],
        table=particles.table[chosen].reset_index(drop=True),
    )
