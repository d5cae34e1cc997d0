"""Make the answers of a fitted network mean what they say, and find where "none of the 84" begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from napari_sciml.core.outlier_score import outlier_score
from napari_sciml.networks.ours.orientation import OrientationNet
from napari_sciml.techniques.cryoem.density.density_map import DensityMap
from napari_sciml.techniques.cryoem.orientation.whiten import matched
from napari_sciml.techniques.cryoem.particles.particles import Particles
from napari_sciml.techniques.cryoem.train.orientation.dataset import SNR_LADDER, noise_set, realistic_set
from napari_sciml.techniques.cryoem.train.orientation.learn import answer
from napari_sciml.techniques.cryoem.views.mirror_views import unmirrored
from napari_sciml.training.calibration import expected_calibration_error, fit_temperature, softmax

ABSTAIN = 0.97
"""Share of pure noise that must be called none of the 84 on the images that set the limit."""
PROBE = 70_000
"""Seeds of the images that calibrate lie this far off."""


@dataclass(frozen=True)
class Calibration:
    """What calibration found.

    Attributes
    ----------
    temperature
        Number that the logits were divided by.
    none_limit, none_limit_both_sides
        Evenness above which a row is none of the views, and that for the surer of two sides.
    error
        Expected calibration error on the same images.
    kept
        Share of true particles below the limit, by signal-to-noise ratio.
    accuracy
        Share of right answers on the images with known CTF, all ratios together, and their number.
    """

    temperature: float
    none_limit: float
    none_limit_both_sides: float
    error: float
    kept: dict[str, float]
    accuracy: tuple[int, int]

    @property
    def record(self) -> dict[str, Any]:
        """What the model card stores."""
        return {
            "temperature": self.temperature,
            "none_limit": self.none_limit,
            "none_limit_both_sides": self.none_limit_both_sides,
            "noise_called_none": ABSTAIN,
            "kept_at_snr": self.kept,
        }


def calibrate(module: OrientationNet, particle: DensityMap, seed: int, per_snr: int) -> Calibration:
    """Put the temperature into the weights of `module` and find the limit, on images made for it.

    Half of the images are seen with a known CTF, half as they are.
    """
    width = particle.diameter_A / particle.pixel_size_A
    logits, labels, ratios, known = [], [], [], []
    for snr in SNR_LADDER:
        probe = realistic_set(particle, per_snr, PROBE + seed, snr)
        for images in (matched(probe.particles, width), probe.particles.images):
            logits.append(answer(module, images))
            labels.append(probe.labels)
            ratios.append(np.full(per_snr, snr))
            known.append(np.full(per_snr, images is not probe.particles.images))
    every, truth, ratio = np.concatenate(logits), np.concatenate(labels), np.concatenate(ratios)
    temperature = fit_temperature(every, truth)
    with torch.no_grad():
        module.temperature.mul_(temperature)
    ice = noise_set(particle, 2 * per_snr, PROBE + seed)
    noise = [outlier_score(softmax(answer(module, i), 1.0)) for i in (matched(ice, width), ice.images)]
    limit = min(float(np.quantile(part, 1 - ABSTAIN)) for part in noise)
    stricter = min(limit, limit_of_both_sides(module, ice, width))
    probabilities = softmax(every, temperature)
    low = outlier_score(probabilities) <= limit
    right = (every.argmax(axis=1) == truth)[np.concatenate(known)]
    return Calibration(
        temperature,
        limit,
        stricter,
        expected_calibration_error(probabilities, truth),
        {f"{snr:g}": float(low[ratio == snr].mean()) for snr in SNR_LADDER},
        (int(right.sum()), len(right)),
    )


def limit_of_both_sides(module: OrientationNet, ice: Particles, width_px: float) -> float:
    """Return the outlier score that pure noise stays above, where it may choose the surer of its two sides.

    Parameters
    ----------
    module
        The network with its temperature in it.
    ice
        Boxes without a particle.
    width_px
        Diameter of the particle.
    """
    turned = unmirrored(ice, np.ones(len(ice.images), bool))
    limits = []
    for front, back in ((matched(ice, width_px), matched(turned, width_px)), (ice.images, turned.images)):
        sides = [softmax(answer(module, images), 1.0) for images in (front, back)]
        surer = sides[1].max(axis=1) > sides[0].max(axis=1)
        chosen = np.where(surer[:, np.newaxis], sides[1], sides[0])
        limits.append(float(np.quantile(outlier_score(chosen), 1 - ABSTAIN)))
    return min(limits)
