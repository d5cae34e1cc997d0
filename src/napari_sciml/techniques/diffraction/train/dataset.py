"""The tiles that the network is trained on, and how runs are kept apart.

A *run* has one crystal form, geometry, background and detector; all of its frames go to the same side.
Runs to train and to validate draw from seven forms and four detector families; the tests of `evaluate`
use four other forms, and one family that is never trained on.
"""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import Progress
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.normalise.local_noise import LocalNoise
from napari_sciml.techniques.diffraction.frame_survey import survey_frames
from napari_sciml.techniques.diffraction.grid import BRAGG, NONE, TILE_PX, padded
from napari_sciml.techniques.diffraction.prefilter import passes
from napari_sciml.techniques.diffraction.prepare import STRIP_PX, Prepared, prepare
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
    positives, negatives, easy, lookalikes
        Tiles kept from a frame: with Bragg spots; without that pass the prefilter; others; those with salt,
        coarse ice or grainy rings. The last are few, since one tile often cannot tell, and the network should
        not learn to doubt every spot.
    alone
        Share of tiles that are also kept as they look without their frame.
    unmasked
        Share of runs whose hot pixels stay in, as they do in files of a few frames.
    """

    seed: int = 0
    runs: int = 320
    validation_runs: int = 32
    frames: int = 6
    size_px: int = 1920
    positives: int = 60
    negatives: int = 100
    easy: int = 4
    lookalikes: int = 3
    alone: float = 0.08
    unmasked: float = 0.2

    @classmethod
    def quick(cls, seed: int) -> DatasetSpec:
        """Return a set that is made in a minute, to try things out."""
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
    run, frame
        Numbers of the run and of the frame in it.
    kind
        Index into `simulate.frame.KINDS`.
    artefacts
        Bits of `simulate.artefacts.ARTEFACTS`.
    """

    images: npt.NDArray[np.float16]
    labels: npt.NDArray[np.int8]
    run: npt.NDArray[np.int32]
    frame: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int8]
    artefacts: npt.NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.images)

    def take(self, index: npt.NDArray[np.generic]) -> Tiles:
        """Return some of them."""
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
    """Return what is simulated in one run."""
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
    frames = [run.frame(index) for index in range(spec.frames)]
    stack = ImageSource(np.stack([frame.image for frame in frames]), ("t", "y", "x"))
    # On runs to validate on, every tile that a run would show to the network counts.
    learnt = number < spec.runs
    limits = spec if learnt else replace(spec, positives=900, negatives=900, alone=0.0, unmasked=0.0)
    hot = survey_frames(stack, None).hot if rng.random() >= limits.unmasked else None
    cut = [cut_tiles(frame, number, index, hot, limits, rng) for index, frame in enumerate(frames)]
    tiles = Tiles.join([part for part in cut if part is not None])
    partial = path.with_name(path.stem + ".part.npz")
    np.savez(partial, **{f.name: getattr(tiles, f.name) for f in fields(Tiles)})
    partial.replace(path)


def cut_tiles(
    frame: Frame,
    run: int,
    number: int,
    hot: npt.NDArray[np.bool_] | None,
    spec: DatasetSpec,
    rng: np.random.Generator,
) -> Tiles | None:
    """Cut tiles with Bragg spots from a frame, and some without; None where the frame cannot be used."""
    try:
        prepared = prepare(frame.image, hot)
    except SciMLError:
        return None
    passed, in_strip = passes(prepared)
    alike = frame.artefacts & bits(LOOKALIKES) > 0
    none = frame.tiles == NONE
    chosen = []
    for where, most in (
        # What the prefilter stops, the network never sees.
        ((frame.tiles == BRAGG) & passed, spec.positives),
        (none & passed & ~alike, spec.negatives),
        (none & passed & alike, spec.lookalikes),
        (none & ~passed, spec.easy),
    ):
        places = np.argwhere(where)
        chosen.append(places[rng.permutation(len(places))[:most]])
    places = np.concatenate(chosen)
    images = prepared.tiles(places[:, 0], places[:, 1])
    # In a run, tiles that are bright in the rows that the network does not see are looked at twice.
    again = in_strip[places[:, 0], places[:, 1]]
    again &= (frame.tiles[places[:, 0], places[:, 1]] == BRAGG) | (rng.random(len(places)) < 0.5)
    images[again] = Prepared.moved(images[again], STRIP_PX)
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
        frame=np.full(len(places), number, np.int32),
        kind=np.full(len(places), KINDS.index(frame.kind), np.int8),
        artefacts=frame.artefacts[rows, columns],
    )


def read_tiles(path: Path) -> Tiles:
    """Read the tiles of one run."""
    with np.load(path) as stored:
        return Tiles(**{f.name: stored[f.name] for f in fields(Tiles)})
