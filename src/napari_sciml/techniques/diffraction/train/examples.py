"""Training tiles of the Bragg models, made again: of training runs, normalised with their frame."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from napari_sciml.core.progress import Progress
from napari_sciml.core.source import ImageSource
from napari_sciml.core.training_images import Examples
from napari_sciml.networks.model import Model
from napari_sciml.techniques.diffraction.frame_survey import survey_frames
from napari_sciml.techniques.diffraction.grid import BRAGG
from napari_sciml.techniques.diffraction.simulate.run import SimulatedRun
from napari_sciml.techniques.diffraction.train.augment import varied
from napari_sciml.techniques.diffraction.train.dataset import DatasetSpec, Tiles, cut_tiles, training_run
from napari_sciml.training.quantisation.calibration_set import check_count, training_record

FRAMES = 3
"""Frames of a run: as few as the search for hot pixels can do with."""
TILES_EACH = 250
"""From a run, on the average, before another one is made; each takes two or three seconds."""
FEWEST_RUNS = 4
"""Simulated runs that examples are drawn from at least, so that they do not show one detector only."""
BRAGG_SHARE = 0.3
"""Share of tiles with Bragg spots, where there are as many."""


def calibration_count(model: Model) -> int:
    """Return how many training images the calibration set of a model has."""
    return 48


def examples(model: Model, count: int, seed: int) -> Generator[Progress, None, Examples]:
    """Make `count` normalised training tiles of `model` again, as `training.keep` describes.

    Where the runs at hand hold too few tiles, more runs are made.
    """
    check_count(count)
    spec = DatasetSpec(**training_record(model, "dataset"))
    rng = np.random.default_rng([seed, 3])
    runs = [int(number) for number in rng.permutation(spec.runs)]
    wanted = max(FEWEST_RUNS, -(-count // TILES_EACH))
    bragg = round(BRAGG_SHARE * count)
    parts: list[Tiles] = []
    done = 0
    while runs and (done < wanted or too_few(parts, bragg, count - bragg)):
        yield Progress(done, max(wanted, done + 1), "runs")
        parts += run_tiles(spec, runs.pop(0), seed)
        done += 1
    tiles = Tiles.join(parts)
    chosen = pick(tiles.labels == BRAGG, bragg, count, rng)
    images = tiles.images[chosen].astype(np.float32)
    return Examples(images, f"{len(images)} tiles of {done} simulated training runs", varied)


def run_tiles(spec: DatasetSpec, number: int, seed: int) -> list[Tiles]:
    """Simulate the first frames of a training run and cut their tiles."""
    rng = np.random.default_rng([spec.seed, number, 1])
    short = replace(spec, frames=min(FRAMES, spec.frames), positives=4 * spec.positives)
    run = SimulatedRun(training_run(short, number), seed=int(rng.integers(2**31)))
    frames = [run.frame(index) for index in range(short.frames)]
    stack = ImageSource(np.stack([frame.image for frame in frames]), ("t", "y", "x"))
    draw = np.random.default_rng([spec.seed, number, 2, seed])
    hot = survey_frames(stack, None).hot if draw.random() >= spec.unmasked else None
    cut = [cut_tiles(frame, number, index, hot, short, draw) for index, frame in enumerate(frames)]
    return [part for part in cut if part is not None]


def too_few(parts: list[Tiles], bragg: int, others: int) -> bool:
    """Return whether tiles with Bragg spots, or without, are missing."""
    found = sum(int((part.labels == BRAGG).sum()) for part in parts)
    return found < bragg or sum(map(len, parts)) - found < others


def pick(
    is_bragg: npt.NDArray[np.bool_], bragg: int, count: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Choose `bragg` of the tiles with spots and others up to `count`, in random order."""
    with_spots = rng.permutation(np.flatnonzero(is_bragg))[:bragg]
    without = rng.permutation(np.flatnonzero(~is_bragg))[: count - len(with_spots)]
    return rng.permutation(np.concatenate([with_spots, without]))
