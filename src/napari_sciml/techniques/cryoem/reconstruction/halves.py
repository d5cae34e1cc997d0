"""A 3-D map from the sums of the views, and one from each half of the data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.techniques.cryoem.particles.particles import Images
from napari_sciml.techniques.cryoem.reconstruction.insertion import FourierVolume
from napari_sciml.techniques.cryoem.reconstruction.resolution import shell_correlation
from napari_sciml.techniques.cryoem.views.averages import ViewSums, noise_to_signal
from napari_sciml.techniques.cryoem.views.directions import view_angles

HARDLY = 0.1
"""Damping of the maps that are correlated, in particles."""
VIEWS_AT_ONCE = 12
"""After so many views the map so far is shown."""


@dataclass(frozen=True, eq=False)
class Halves:
    """Maps ``(n, n, n)`` each.

    Attributes
    ----------
    whole
        Of all particles, damped where noise rules: the one to look at.
    compared, first, second
        Of all particles and of the two random halves, hardly damped: the ones to correlate. In a damped map
        the little of the coarse shells that any mask spreads to the fine ones would rule these.
    """

    whole: Images
    compared: Images
    first: Images
    second: Images

    @property
    def correlation(self) -> npt.NDArray[np.float64]:
        """Fourier shell correlation of the halves, shells 1 to ``n // 2``."""
        return shell_correlation(self.first, self.second)


def build(
    sums: ViewSums,
    kept: Collection[int],
    on_map: Callable[[Images], None] | None = None,
    cancel: CancelToken | None = None,
) -> Generator[Progress, None, Halves]:
    """Insert the sums of the views in `kept`; what is shown on the way is the map of both halves."""
    box = sums.values.shape[-2]
    damping = noise_to_signal(sums)
    volume = FourierVolume(box, channels=2)
    angles = np.c_[view_angles(), np.zeros(sums.values.shape[1])]
    # Far apart ones first: each step adds detail everywhere, as a person watches.
    chosen = np.array(sorted(kept))
    order = [part for start in range(VIEWS_AT_ONCE) for part in chosen[start::VIEWS_AT_ONCE]]
    for start in range(0, len(order), VIEWS_AT_ONCE):
        if start and cancel is not None and cancel.cancelled:
            break
        part = order[start : start + VIEWS_AT_ONCE]
        volume.insert(sums.values[:, part], sums.weights[:, part], angles[part])
        if on_map is not None:
            on_map(volume.sum_map(damping))
        yield Progress(min(start + VIEWS_AT_ONCE, len(order)), len(order), "views")
    plain = np.full_like(damping, HARDLY)
    first, second = volume.maps(plain)
    return Halves(volume.sum_map(damping), volume.sum_map(plain), first, second)
