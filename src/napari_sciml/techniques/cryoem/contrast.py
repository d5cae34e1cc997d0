"""Whether particles are darker or lighter than the ice: each micrograph votes, the majority decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.pick_scale import NETWORK_DIAMETER_PX

FloatImage = npt.NDArray[np.float32]
Kind = Literal["dark", "light"]

TAIL = 0.995
"""Share of the responses that count as they are; larger ones, of which one piece of dirt may make some, are
cut to the largest of these."""
SKEW_LIMIT = 0.05
"""A skewness this small says nothing about which way particles lie, set by hand: noise of the largest
micrographs stays below."""
SKEW_SIGMA = 2.0
"""The same in standard deviations of the skewness that noise alone has in a micrograph of its size."""
OTHER: dict[str, Kind] = {"dark": "light", "light": "dark"}


@dataclass(frozen=True)
class Vote:
    """What one micrograph says.

    Attributes
    ----------
    skew
        Skewness of the response to blobs of a particle's size: positive where they are lighter.
    limit
        What it has to exceed to say anything.
    """

    skew: float
    limit: float = SKEW_LIMIT

    @property
    def kind(self) -> Kind | None:
        """What particles look like, or None if the micrograph does not tell."""
        if abs(self.skew) < self.limit:
            return None
        return "light" if self.skew > 0 else "dark"


@dataclass(frozen=True)
class Contrast:
    """What the particles of a run were taken for, and why."""

    kind: Kind
    reason: str


def vote(response: FloatImage, broken: npt.NDArray[np.bool_] | None = None) -> Vote:
    """Return what a micrograph says, from its Laplacian of Gaussian, positive where it is lighter.

    A particle answers with a high peak and a low, wide ring of the other sign, however strong it is.
    """
    values = response if broken is None or broken.all() else response[~broken]
    away = np.asarray(values, np.float64).ravel() - float(np.median(values))
    reach = float(np.quantile(np.abs(away), TAIL))
    away = np.clip(away, -reach, reach)
    away -= away.mean()
    spread = float(away.std())
    skew = float((away**3).mean() / spread**3) if spread > 0 else 0.0
    # As many blobs as fit, each a third of a particle's area, are independent in plain noise.
    independent = values.size / (NETWORK_DIAMETER_PX**2 / 4)
    return Vote(skew, max(SKEW_LIMIT, SKEW_SIGMA * float(np.sqrt(6 / independent))))


def majority(votes: Sequence[Vote]) -> Contrast:
    """Return what most of the micrographs looked at say; of equally many, the clearer ones."""
    for_light = sum(vote.kind == "light" for vote in votes)
    for_dark = sum(vote.kind == "dark" for vote in votes)
    if not for_light and not for_dark:
        which = "image does" if len(votes) == 1 else f"{len(votes)} micrographs looked at do"
        return Contrast("dark", f"taken as dark, since the {which} not tell")
    clearer = sum(vote.skew / vote.limit for vote in votes if vote.kind)
    light = for_light > for_dark or (for_light == for_dark and clearer > 0)
    if len(votes) == 1:
        return Contrast("light" if light else "dark", "found from the image")
    silent = len(votes) - for_light - for_dark
    said = f"{for_dark} dark, {for_light} light, {silent} did not tell"
    return Contrast("light" if light else "dark", f"found from {len(votes)} micrographs: {said}")


def spread_over(count: int, looks: int) -> list[int]:
    """Return the numbers of a few micrographs spread over a series, the first among them."""
    return sorted({int(number) for number in np.linspace(0, count - 1, min(count, looks)).round()})
