"""A short diffraction run of small frames, simulated: frames 0 and 5 are hits, the others hold no crystal."""

from __future__ import annotations

from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.diffraction.simulate import RunSpec, SimulatedRun

FRAMES = 6
EDGE_PX = 256
HITS = [0, 5]
TOO_MANY = 17
"""More tiles than a frame has: with so many asked for there is no hit."""


def small_run(name: str = "run") -> ImageSource:
    """Give the run as an image whose frames are made when they are read."""
    spec = RunSpec(
        frames=FRAMES,
        size_px=EDGE_PX,
        distance_mm=60.0,
        strength=60.0,
        hit_share=0.5,
        artefact_share=0.0,
        bad_share=0.0,
        hot_pixels=5,
    )
    run = SimulatedRun(spec, seed=19)
    run.frame_kinds = ["crystal" if number in HITS else "blank" for number in range(FRAMES)]
    return run.source(name)
