"""The sample of serial crystallography: 200 frames, made one at a time when they are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sciml.core.source import ImageSource

if TYPE_CHECKING:
    from napari_sciml.core.findings import Findings

NAME = "Diffraction run"
FRAMES = 200
"""Frames of the sample; each is made when it is looked at."""
SEED = 76
"""With this seed 20 of the 200 frames are hits by the label rule, and three crystals are too weak."""


def diffraction_run() -> ImageSource:
    """Return 200 stills of photosystem II on a Rayonix detector, 1920 x 1920 px, as an image.

    The same as ``napari-sciml simulate diffraction`` with the same seed.
    """
    from napari_sciml.techniques.diffraction.simulate import RunSpec, SimulatedRun

    return SimulatedRun(RunSpec.model_validate({"frames": FRAMES}), SEED).source(NAME)


def true_hits() -> list[int]:
    """Return the numbers of the frames whose crystal is strong enough to count as a hit."""
    from napari_sciml.techniques.diffraction.simulate import RunSpec, SimulatedRun

    run = SimulatedRun(RunSpec.model_validate({"frames": FRAMES}), SEED)
    return [number for number in range(FRAMES) if run.frame(number).truth == "hit"]


def compare_truth(findings: Findings) -> str:
    """Compare the hits with the frames that hold a crystal strong enough to count."""
    table = findings.table
    true, found = set(true_hits()), set(table.loc[table["hit"], "frame"])
    return (
        f"Against the known truth ({len(true)} hits in {len(table)} frames): {len(true & found)} of them "
        f"found, {len(found - true)} frames called hits that are none."
    )
