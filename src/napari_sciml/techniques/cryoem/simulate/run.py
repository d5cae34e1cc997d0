"""`SimulatedMicrographs`: a set of micrographs that are made one at a time when they are looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.fingerprint import made_from
from napari_sciml.core.made_on_demand import Making
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.cryoem.density.density_map import BUILT_IN_NAME
from napari_sciml.techniques.cryoem.optics.ctf import Ctf
from napari_sciml.techniques.cryoem.simulate.micrograph import Micrograph, ctf_of, simulate_micrograph
from napari_sciml.techniques.cryoem.simulate.spec import MicrographSpec

KEPT = 4
"""So many micrographs are kept; a run reads each once."""
MICROGRAPH_S = 0.75
"""Seconds for a micrograph of 1024 x 1024 px, on the machine that `core.run_rate` compares with."""


class SimulatedMicrographs:
    """A set of ``spec.micrographs`` images, array-like ``(frames, h, w)`` float32; a seed decides all pixels.

    The same spec and seed give the same pixels, in whatever order the micrographs are asked for.
    """

    dtype = np.dtype(np.float32)
    ndim = 3

    def __init__(self, spec: MicrographSpec, seed: int = 0) -> None:
        self.spec, self.seed = spec, seed
        cost = MICROGRAPH_S * (spec.size_px / 1024) ** 2
        self.making = Making(self._make, spec.micrographs, KEPT, "micrograph", cost)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Micrographs, rows and columns."""
        return self.spec.micrographs, self.spec.size_px, self.spec.size_px

    def __reduce__(self) -> tuple[Any, ...]:
        # The recipe travels, not what was made of it.
        return type(self), (self.spec, self.seed)

    def __len__(self) -> int:
        return self.spec.micrographs

    def micrograph(self, number: int) -> Micrograph:
        """Make one micrograph; the last few are kept."""
        return self.making(number % len(self))

    @property
    def ctfs(self) -> tuple[Ctf, ...]:
        """The CTF of each micrograph."""
        return tuple(ctf_of(self.spec, self.seed, number) for number in range(len(self)))

    def _make(self, number: int) -> Micrograph:
        return simulate_micrograph(self.spec, self.seed, number)

    def __getitem__(self, index: Any) -> npt.NDArray[np.float32]:
        first, *rest = index if isinstance(index, tuple) else (index,)
        if isinstance(first, int | np.integer):
            if not -len(self) <= first < len(self):
                raise IndexError(f"there is no micrograph {first}")
            return np.asarray(self.micrograph(int(first)).image[tuple(rest)])
        numbers = range(*first.indices(len(self)))
        if not numbers:
            return np.empty((0, *self.shape[1:]), np.float32)[(slice(None), *rest)]
        return np.stack([self.micrograph(number).image[tuple(rest)] for number in numbers])

    def source(self, name: str) -> ImageSource:
        """Return the set as an image with its pixel size."""
        size = self.spec.pixel_size_A / 1e4
        return ImageSource.from_array(
            self,
            axes=("t", "y", "x"),
            pixel_size=(1.0, size, size),
            unit="um",
            name=name,
            fingerprint=made_from(type(self), self.spec, self.seed),
            known={"truth": self.spec.map or BUILT_IN_NAME, "ctfs": self.ctfs},
        )
