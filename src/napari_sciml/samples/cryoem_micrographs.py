"""The sample of cryo-EM: simulated micrographs, made one at a time when they are looked at."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from napari_sciml.core.source import ImageSource

if TYPE_CHECKING:
    import pandas as pd

    from napari_sciml.core.findings import Findings
    from napari_sciml.techniques.cryoem.simulate.run import SimulatedMicrographs

NAME = "Cryo-EM micrographs"
MICROGRAPHS = 16
"""Micrographs of the sample; each is made in about a second when it is looked at."""
SEED = 84
"""The sample is the same on every machine."""
PIXEL_A = 5.0
"""Edge of a pixel in Angstrom."""
DIAMETER_A = 200.0
"""What a person would type as the particle's diameter."""


@lru_cache(maxsize=1)
def simulated() -> SimulatedMicrographs:
    """Return the simulated set."""
    from napari_sciml.techniques.cryoem.simulate.run import SimulatedMicrographs
    from napari_sciml.techniques.cryoem.simulate.spec import MicrographSpec

    return SimulatedMicrographs(
        MicrographSpec.model_validate({"micrographs": MICROGRAPHS, "pixel_size_A": PIXEL_A}), SEED
    )


def cryoem_micrographs() -> ImageSource:
    """Return 16 micrographs, 1024 x 1024 px of 5 Å, of a particle of three lobes 200 Å long.

    The same as ``napari-sciml simulate cryoem --micrographs 16`` with the same seed.
    """
    source = simulated().source(NAME)
    return replace(source, known={**source.known, "particle_diameter_A": DIAMETER_A})


def truth() -> pd.DataFrame:
    """Return the true particles: ``frame, y, x, view, rot_deg, tilt_deg, psi_deg``."""
    import pandas as pd

    parts = [simulated().micrograph(number).truth.assign(frame=number) for number in range(MICROGRAPHS)]
    return pd.concat(parts, ignore_index=True)


def compare_truth(findings: Findings) -> str:
    """Compare the picks, and the views if they were sorted, with the particles of the micrographs."""
    from napari_sciml.techniques.cryoem.compare_truth import compare

    return compare(findings.table, truth(), DIAMETER_A / PIXEL_A)
