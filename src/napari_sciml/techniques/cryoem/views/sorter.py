"""The way in which particles are told their views: by a network or by correlation."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.techniques.cryoem.density.density_map import DensityMap
from napari_sciml.techniques.cryoem.particles.particles import NO_VIEW, Images, Particles
from napari_sciml.techniques.cryoem.simulate.project import project
from napari_sciml.techniques.cryoem.views.align import align
from napari_sciml.techniques.cryoem.views.directions import view_angles
from napari_sciml.techniques.cryoem.views.mirror_views import mirrored, unmirrored

if TYPE_CHECKING:
    from napari_sciml.backends import Predictor
    from napari_sciml.core.settings import RunSettings
    from napari_sciml.networks.model import Model

Method = Literal["network", "correlation"]
Flags = npt.NDArray[np.bool_]
LEAST_PROBABILITY = 0.05
"""A correlation whose best view is less probable than this has not decided; chance is 0.012."""


@dataclass(frozen=True, eq=False)
class Sorter:
    """A way to name the view of particles; it can be asked again, with noise or with scrambled references.

    Attributes
    ----------
    particle_map
        Whose projections are the references, with the box and the pixel size of the particles.
    method
        ``network`` needs a `model`, ``correlation`` none.
    references
        ``(84, box, box)``: the projections of the map at psi 0.
    both_sides
        Whether a particle may be seen from the opposite side, which shows the mirror image of its view.
    settings
        What computes the network's scores; None takes its float32 weights.
    """

    particle_map: DensityMap
    method: Method
    model: Model | None
    references: Images
    both_sides: bool = True
    settings: RunSettings | None = None

    @classmethod
    def of(
        cls,
        particle_map: DensityMap,
        method: Method,
        model: Model | None = None,
        both_sides: bool = True,
        settings: RunSettings | None = None,
    ) -> Sorter:
        """Project the map.

        Raises
        ------
        SciMLError
            If a network is asked for and none is given.
        """
        if method == "network" and model is None:
            raise SciMLError("No orientation model was given", "choose one, or sort by correlation")
        angles = np.c_[view_angles(), np.zeros(len(view_angles()))]
        return cls(particle_map, method, model, project(particle_map, angles), both_sides, settings)

    def with_map(self, particle_map: DensityMap) -> Sorter:
        """Return the same way with other references.

        A network knows its own references only, so the answer is by correlation for it too.
        """
        return Sorter.of(particle_map, "correlation", both_sides=self.both_sides)

    def sort(
        self, particles: Particles, *, abstain: bool = True, cancel: CancelToken | None = None
    ) -> Generator[Progress, None, pd.DataFrame]:
        """Return a table of `particles` with ``view, view_probability, psi_deg, shift_y, shift_x, mirrored``.

        Angle and shift of a mirrored particle are those of its mirror image.

        Parameters
        ----------
        abstain
            Whether particles may be none of the 84; otherwise each gets its likeliest view.
        """
        if self.method == "network":
            probabilities, mirror, none = yield from self._classify(particles, cancel)
        else:
            probabilities, mirror = yield from self._correlate(particles, cancel)
            none = unsure(probabilities)
        view = probabilities.argmax(axis=1)
        if abstain:
            view = np.where(none, NO_VIEW, view)
        psi, shift = yield from align(unmirrored(particles, mirror), view, self.references, cancel)
        # What was not reached before a stop has no angle, and so no view.
        reached = np.isfinite(psi)
        view = np.where(reached, view, NO_VIEW)
        psi, shift = np.where(reached, psi, 0.0), np.where(reached[:, np.newaxis], shift, 0.0)
        return particles.table.assign(
            view=view,
            view_probability=probabilities.max(axis=1, initial=0.0),
            psi_deg=psi,
            shift_y=shift[:, 0],
            shift_x=shift[:, 1],
            mirrored=mirror,
        )

    def open(self) -> Predictor:
        """Return what runs the network; its notes tell of anything that is not as the settings ask."""
        from napari_sciml.backends import open_for, open_predictor

        assert self.model is not None
        if self.settings is None:
            return open_predictor(self.model)
        # A codebook in a file is the picker's.
        return open_for(self.model, self.settings.model_copy(update={"codebook": None}))

    def cautions(self) -> tuple[str, ...]:
        """Return what the network does not do as the settings ask."""
        if self.method != "network":
            return ()
        predictor = self.open()
        predictor.close()
        return predictor.notes

    def _classify(
        self, particles: Particles, cancel: CancelToken | None
    ) -> Generator[Progress, None, tuple[npt.NDArray[np.float32], Flags, Flags]]:
        from napari_sciml.techniques.cryoem.orientation.classify import classify_views, none_of_them

        assert self.model is not None
        predictor = self.open()
        try:
            found = yield from classify_views(particles, self.model, cancel, predictor)
            mirror = np.zeros(len(found), bool)
            if self.both_sides:
                turned = unmirrored(particles, np.ones(len(found), bool))
                back = yield from classify_views(turned, self.model, cancel, predictor)
                # From the wrong side a particle shows no view that the network knows: it is less sure then.
                mirror = back.max(axis=1, initial=0.0) > found.max(axis=1, initial=0.0)
                found = np.where(mirror[:, np.newaxis], back, found)
        finally:
            predictor.close()
        return found, mirror, none_of_them(found, self.model, both_sides=self.both_sides)

    def _correlate(
        self, particles: Particles, cancel: CancelToken | None
    ) -> Generator[Progress, None, tuple[npt.NDArray[np.float32], Flags]]:
        from napari_sciml.techniques.cryoem.orientation.correlate import correlate_views, correlate_with

        # Its angle and shift are of the nearest step only; `align` finds them between the steps.
        if not self.both_sides:
            found, _, _ = yield from correlate_views(particles, self.particle_map, cancel)
            return found, np.zeros(len(found), bool)
        both = np.concatenate([self.references, mirrored(self.references)])
        found, _, _ = yield from correlate_with(particles, both, self.particle_map.diameter_A, cancel)
        front, back = found[:, : len(self.references)], found[:, len(self.references) :]
        return front + back, back.max(axis=1, initial=0.0) > front.max(axis=1, initial=0.0)


def unsure(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Mark the rows ``(n, 84)`` whose best view is hardly likelier than the others."""
    return np.asarray(probabilities.max(axis=1, initial=0.0) < LEAST_PROBABILITY)
