"""Diffraction frames of 1920 x 1920 px on one core: hit finding against classical finders, frame by frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from benchmarks.compiled import CompiledFinder
from benchmarks.timing import in_turns, ratio
from napari_sciml.backends import open_predictor
from napari_sciml.core.source import ImageSource
from napari_sciml.io.masks.frame_mask import FrameMask
from napari_sciml.networks.model import Model
from napari_sciml.techniques.diffraction.evaluate.classical import RadialFinder
from napari_sciml.techniques.diffraction.frame_survey import survey_frames
from napari_sciml.techniques.diffraction.prepare import prepare
from napari_sciml.techniques.diffraction.search import FrameScorer, FrameSearch
from napari_sciml.techniques.diffraction.simulate import RunSpec, SimulatedRun
from napari_sciml.techniques.diffraction.usable_frames import read_frame

FRAMES = 12
TARGET_FRAMES_PER_S = 16.6
"""Measured for the compiled peakfinder8 on one core of the machine that this project began on."""


def measure(model: Model, rounds: int) -> dict[str, Any]:
    """Time frames of a run: ours with the prefilter, without, and the classical idea in C and in numpy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _measure(model, rounds)
    finally:
        torch.set_num_threads(threads)


def _measure(model: Model, rounds: int) -> dict[str, Any]:
    run = SimulatedRun(RunSpec(frames=FRAMES, hit_share=0.3, strength=12), seed=1)
    images = np.stack([run.frame(number).image for number in range(FRAMES)])
    source = ImageSource(images, ("t", "y", "x"), name="simulated run")
    seen = survey_frames(source, None)
    scorer = FrameScorer(open_predictor(model), model.classes.index("bragg"))
    prepared = [prepare(read_frame(source, number), seen.hot) for number in range(FRAMES)]
    every = np.argwhere(np.ones((30, 30), bool)).T

    def ours() -> None:
        mask = None if seen.hot is None else FrameMask(seen.hot)
        search = FrameSearch(source, scorer, mask, 0.05, seen.beam)
        for number in range(FRAMES):
            search.search(number)

    ways: dict[str, Any] = {
        "ours: everything from pixels to spots": ours,
        "of it: background, noise, mask": lambda: [prepare(image, seen.hot) for image in images],
        "of it: prefilter and network": lambda: [scorer.score(frame) for frame in prepared],
        "network over all 900 tiles": lambda: [
            scorer.predictor.classify(frame.tiles(*every)) for frame in prepared
        ],
        "classical finder, numpy": lambda: [
            RadialFinder(run.geometry.center).find(image, frame.dead)
            for image, frame in zip(images, prepared, strict=True)
        ],
    }
    try:
        compiled = CompiledFinder(run.geometry.center, images.shape[1:])
        ways["classical finder, C"] = lambda: [
            compiled.find(image, frame.dead) for image, frame in zip(images, prepared, strict=True)
        ]
    except RuntimeError as error:
        print(f"The compiled classical finder is left out: {error}")
    seconds = in_turns(ways, rounds)
    slow = seconds.get("classical finder, C", seconds["classical finder, numpy"])
    rows = [
        {
            "way": name,
            "ms_per_frame": 1000 * min(spent) / FRAMES,
            "frames_per_s": FRAMES / min(spent),
            "times_faster_than_classical": ratio(slow, spent),
        }
        for name, spent in seconds.items()
    ]
    passed = float(np.mean([(scorer.score(frame) > 0).sum() for frame in prepared]))
    return {"frames": FRAMES, "tiles_shown": passed, "rows": rows}
