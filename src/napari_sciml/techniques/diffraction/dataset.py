"""The tiles that the network is trained on, and how runs are kept apart.

A *run* has one crystal form, geometry, background and detector; all of its frames go to the same side.
Runs to train and to validate draw from seven forms and four detector families; the tests of `evaluate`
use four other forms, and one family that is never trained on.
"""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from napari_sciml.core.progress import Progress
from napari_sciml.networks.local_noise import LocalNoise
from napari_sciml.techniques.diffraction.gate import possible_tiles
from napari_sciml.techniques.diffraction.grid import BRAGG, NONE, TILE_PX, padded
from napari_sciml.techniques.diffraction.prepare import prepare
from napari_sciml.techniques.diffraction.simulate.artefacts import LOOKALIKES, bits
from napari_sciml.techniques.diffraction.simulate.crystals import TRAINING_FORMS
from napari_sciml.techniques.diffraction.simulate.detectors import FAMILIES, HELD_FAMILY, Family
from napari_sciml.techniques.diffraction.simulate.frame import KINDS, Frame
from napari_sciml.techniques.diffraction.simulate.run import SimulatedRun
from napari_sciml.techniques.diffraction.simulate.spec import RunSpec, random_spec

TRAINING_FAMILIES: tuple[Family, ...] = tuple(family for family in FAMILIES if family != HELD_FAMILY)


@dataclass(frozen=True)
class DatasetSpec:
    """How much is simulated.

    Attributes
    ----------
    seed
        Decides every run, frame and tile.
    runs, validation_runs
        Runs to train on, and runs on which the operating point is chosen.
    frames
        Frames of a run.
    size_px
        Edge of a frame.
    negatives, easy, lookalikes
        Tiles without Bragg spots kept from a frame: those that pass the gate, others, and those with salt or
        coarse ice. The last are few, since one tile often cannot tell, and the network should not learn to
        doubt every spot.
    alone
        Share of tiles that are also kept as they look without their frame.
    """

    seed: int = 0
    runs: int = 100
    validation_runs: int = 18
    frames: int = 8
    size_px: int = 1920
    negatives: int = 60
    easy: int = 6
    lookalikes: int = 5
    alone: float = 0.2

    @classmethod
    def quick(cls, seed: int) -> DatasetSpec:
        """Give a set that is made in a minute, to try things out."""
        return cls(seed=seed, runs=6, validation_runs=2, frames=4, size_px=640)


@dataclass(frozen=True)
class Tiles:
    """Normalised tiles and what is known of each; one row for each tile.

    Attributes
    ----------
    images
        ``(n, 64, 64)`` float16, after the rule of the model.
    labels
        `BRAGG` or `NONE`; undecided tiles are left out.
    run
        Number of the run.
    kind
        Index into `simulate.frame.KINDS`.
    artefacts
        Bits of `simulate.artefacts.ARTEFACTS`.
    """

    images: npt.NDArray[np.float16]
    labels: npt.NDArray[np.int8]
    run: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int8]
    artefacts: npt.NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.images)

    def take(self, index: npt.NDArray[np.generic]) -> Tiles:
        """Give some of them."""
        return Tiles(*(getattr(self, f.name)[index] for f in fields(Tiles)))

    @classmethod
    def join(cls, parts: list[Tiles]) -> Tiles:
        """Put several sets together."""
        return cls(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Tiles)))


def build_dataset(
    spec: DatasetSpec, cache: Path, workers: int = 2
) -> Generator[Progress, None, tuple[Tiles, Tiles]]:
    """Simulate the runs, or read them from the folder `cache`; give those to train and to validate on."""
    total = spec.runs + spec.validation_runs
    cache.mkdir(parents=True, exist_ok=True)
    jobs = [(spec, number, cache / f"run-{number:05d}.npz") for number in range(total)]
    with ProcessPoolExecutor(workers) as pool:
        for done, _ in enumerate(pool.map(make_run, jobs), start=1):
            yield Progress(done, total, "runs")
    parts = [read_tiles(path) for _, _, path in jobs]
    return Tiles.join(parts[: spec.runs]), Tiles.join(parts[spec.runs :])


def training_run(spec: DatasetSpec, number: int) -> RunSpec:
    """Say what is simulated in one run."""
    rng = np.random.default_rng([spec.seed, number])
    # Detectors take turns, so that a small set has all of them.
    family = TRAINING_FAMILIES[number % len(TRAINING_FAMILIES)]
    return random_spec(rng, spec.frames, [family], TRAINING_FORMS, spec.size_px)


def make_run(job: tuple[DatasetSpec, int, Path]) -> None:
    """Simulate one run and store its tiles, unless that was done before."""
    spec, number, path = job
    if path.is_file():
        return
    rng = np.random.default_rng([spec.seed, number, 1])
    run = SimulatedRun(training_run(spec, number), seed=int(rng.integers(2**31)))
    tiles = Tiles.join([cut_tiles(run.frame(n), number, spec, rng) for n in range(spec.frames)])
    partial = path.with_name(path.stem + ".part.npz")
    np.savez(partial, **{f.name: getattr(tiles, f.name) for f in fields(Tiles)})
    partial.replace(path)


def cut_tiles(frame: Frame, run: int, spec: DatasetSpec, rng: np.random.Generator) -> Tiles:
    """Cut all tiles with Bragg spots from a frame, and some without."""
    prepared = prepare(frame.image)
    passed = possible_tiles(prepared)
    chosen = [np.argwhere(frame.tiles == BRAGG)]
    alike = frame.artefacts & bits(LOOKALIKES) > 0
    for where, most in (
        (passed & ~alike, spec.negatives),
        (passed & alike, spec.lookalikes),
        (~passed, spec.easy),
    ):
        free = np.argwhere((frame.tiles == NONE) & where)
        chosen.append(free[rng.permutation(len(free))[:most]])
    places = np.concatenate(chosen)
    images = prepared.tiles(places[:, 0], places[:, 1])
    alone = places[rng.random(len(places)) < spec.alone]
    raw = padded(frame.image)
    cut = [raw[r * TILE_PX : (r + 1) * TILE_PX, c * TILE_PX : (c + 1) * TILE_PX] for r, c in alone]
    if cut:
        images = np.concatenate([images, LocalNoise().apply(np.stack(cut))])
        places = np.concatenate([places, alone])
    rows, columns = places.T
    return Tiles(
        images=images.astype(np.float16),
        labels=frame.tiles[rows, columns],
        run=np.full(len(places), run, np.int32),
        kind=np.full(len(places), KINDS.index(frame.kind), np.int8),
        artefacts=frame.artefacts[rows, columns],
    )


def read_tiles(path: Path) -> Tiles:
    """Read the tiles of one run."""
    with np.load(path) as stored:
        return Tiles(**{f.name: stored[f.name] for f in fields(Tiles)})
