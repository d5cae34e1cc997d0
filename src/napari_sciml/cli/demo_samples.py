"""What a demo without a window runs on, and how its result compares with the known truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import pandas as pd

    from napari_sciml.core.findings import Findings
    from napari_sciml.core.source import ImageSource

MATCH_RADIUS_PX = 4.0
"""A find belongs to a known centre if it lies within this distance."""


@dataclass(frozen=True)
class Sample:
    """The sample of a technique.

    Attributes
    ----------
    source
        Opens it for as long as it is needed.
    verdict
        Says in a sentence how the findings compare with what is known of it.
    """

    source: Callable[[], AbstractContextManager[ImageSource]]
    verdict: Callable[[Findings], str]


def sample_folder() -> Traversable:
    """Give the folder of the shipped samples, wherever the package lies."""
    return resources.files("napari_sciml") / "samples"


@contextmanager
def phantom() -> Iterator[ImageSource]:
    """Open the shipped slab of a ceramic-matrix composite."""
    from napari_sciml.io import open_image

    with resources.as_file(sample_folder() / "cmc_phantom.tif") as image:
        source = open_image(image)
        try:
            yield source
        finally:
            source.close()


def fibers_found(findings: Findings) -> str:
    """Compare the fibres with the true centres of the phantom."""
    import pandas as pd

    with resources.as_file(sample_folder() / "cmc_phantom_truth.csv") as truth:
        return truth_line(findings.table, pd.read_csv(truth))


def truth_line(found: pd.DataFrame, true: pd.DataFrame) -> str:
    """Say how well the known centres were found; both tables have the columns ``z, y, x`` in pixels."""
    from napari_sciml.training.matching import match_points

    # Slices are moved far apart, so that a pair always lies in one slice.
    spread = (1000 * MATCH_RADIUS_PX, 1.0, 1.0)
    places = [table[["z", "y", "x"]].to_numpy(float) * spread for table in (found, true)]
    result = match_points(places[0], places[1], MATCH_RADIUS_PX)
    return (
        f"Against the known truth ({result.true} centres, matched within {MATCH_RADIUS_PX:g} px): "
        f"precision {result.precision:.3f}, recall {result.recall:.3f}, F1 {result.f1:.3f}."
    )


@contextmanager
def frames() -> Iterator[ImageSource]:
    """Give the simulated diffraction run."""
    from napari_sciml.samples.diffraction_run import diffraction_run

    yield diffraction_run()


def hits_found(findings: Findings) -> str:
    """Compare the hits with the frames that hold a crystal strong enough to count."""
    from napari_sciml.samples.diffraction_run import true_hits

    table = findings.table
    true, found = set(true_hits()), set(table.loc[table["hit"], "frame"])
    return (
        f"Against the known truth ({len(true)} hits in {len(table)} frames): {len(true & found)} of them "
        f"found, {len(found - true)} frames called hits that are none."
    )


@contextmanager
def series() -> Iterator[ImageSource]:
    """Give the simulated GISAXS series."""
    from napari_sciml.samples.gisaxs_series import gisaxs_series

    yield gisaxs_series()


def lattices_named(findings: Findings) -> str:
    """Compare the labels with the lattices of the series."""
    from napari_sciml.samples.gisaxs_series import truth

    table = findings.table.merge(truth(), on="frame")
    one = table[table["lattice"] != ""]
    none = table[table["lattice"] == ""]
    right = int(((one["label"] == one["lattice"]) & ~one["unknown"]).sum())
    return (
        f"Against the known truth: {right} of {len(one)} frames with one lattice named right, "
        f"{int(one['unknown'].sum())} called unknown; of {len(none)} frames with none or two, "
        f"{int(none['unknown'].sum())} called unknown."
    )


@contextmanager
def micrographs() -> Iterator[ImageSource]:
    """Give the simulated micrographs."""
    from napari_sciml.samples.cryoem_micrographs import cryoem_micrographs

    yield cryoem_micrographs()


def particles_found(findings: Findings) -> str:
    """Compare the picks, and the views if they were sorted, with the particles of the micrographs."""
    from napari_sciml.samples.cryoem_micrographs import DIAMETER_A, PIXEL_A, truth
    from napari_sciml.techniques.cryoem.verdict import compare

    return compare(findings.table, truth(), DIAMETER_A / PIXEL_A)


SAMPLES: Mapping[str, Sample] = {
    "cryoem": Sample(micrographs, particles_found),
    "diffraction": Sample(frames, hits_found),
    "gisaxs": Sample(series, lattices_named),
    "microct": Sample(phantom, fibers_found),
}
"""Technique -> its sample."""
