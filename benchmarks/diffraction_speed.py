"""Frames per second at 1920 x 1920 on one core, interleaved with a classical radial finder in numpy.

Run: ``python benchmarks/diffraction_speed.py``. The classical finder is our own, from the description of
peakfinder8; the compiled original was measured elsewhere at 14 to 16.6 frames per second on one core.
"""

from __future__ import annotations

import time

import numpy as np
import torch

from napari_sciml.backends import open_predictor
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.diffraction.classical import RadialFinder
from napari_sciml.techniques.diffraction.gate import possible_tiles
from napari_sciml.techniques.diffraction.prepare import prepare
from napari_sciml.techniques.diffraction.search import FrameScorer
from napari_sciml.techniques.diffraction.simulate import RunSpec, SimulatedRun

FRAMES = 6


def main() -> None:
    torch.set_num_threads(1)
    run = SimulatedRun(RunSpec(frames=FRAMES, hit_share=0.5, artefact_share=0.2, strength=12), seed=1)
    model = get_model("diffraction-bragg")
    scorer = FrameScorer(open_predictor(model), model.classes.index("bragg"))
    finder = RadialFinder(run.view.center)
    images = [run.frame(number).image for number in range(FRAMES)]
    scorer.score(prepare(images[0]))
    times: dict[str, list[float]] = {"prepare": [], "gate": [], "network": [], "classical": []}
    passed = []
    for image in images:
        start = time.perf_counter()
        prepared = prepare(image)
        ready = time.perf_counter()
        passed.append(int(possible_tiles(prepared).sum()))
        gated = time.perf_counter()
        scorer.score(prepared)
        scored = time.perf_counter()
        finder.find(image, prepared.dead)
        times["classical"].append(time.perf_counter() - scored)
        times["prepare"].append(ready - start)
        times["gate"].append(gated - ready)
        # Scoring repeats the gate.
        times["network"].append(scored - gated - (gated - ready))
    middle = {name: float(np.median(values)) for name, values in times.items()}
    ours = middle["prepare"] + middle["gate"] + middle["network"]
    for name, seconds in middle.items():
        print(f"{name:10} {1000 * seconds:7.1f} ms")
    print(f"tiles shown to the network: {np.median(passed):.0f} of 900")
    print(f"ours {1 / ours:.1f} frames/s, classical in numpy {1 / middle['classical']:.1f} frames/s")


if __name__ == "__main__":
    main()
