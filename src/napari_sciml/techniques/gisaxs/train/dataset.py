"""The training images of the shipped networks: many samples, each seen by several detectors.

They are simulated once, in chunks that survive an interruption, and kept as the network sees them. Images of
one sample never lie on two sides: training, validation and test have samples of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from napari_sciml.core.progress import Progress
from napari_sciml.networks.normalise.log_contrast import LogContrast
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES

Protocol = Literal["hipgisaxs", "physical"]
"""`hipgisaxs` simulates as the paper's group did, `physical` what films scatter; they are never mixed."""
Side = Literal["train", "validate", "test", "negatives", "validate-negatives"]
CHUNK = 70
"""Samples that are simulated and stored together: what an interrupted call loses at the most."""
SIDES: dict[Side, int] = {"train": 1, "validate": 2, "test": 3, "negatives": 4, "validate-negatives": 5}
NEGATIVE = -1
"""Label of an image of none of the classes."""


@dataclass(frozen=True)
class DatasetSpec:
    """How much is simulated.

    Attributes
    ----------
    protocol
        ``physical`` or ``hipgisaxs``; they are never mixed.
    side
        What the images are for. On the sides of negatives every image is made into one.
    samples
        Samples of each class.
    detectors
        Images of each sample.
    seed
        Decides every image, whatever the number of samples.
    """

    protocol: Protocol
    side: Side
    samples: int
    detectors: int
    seed: int = 0


@dataclass(frozen=True)
class Dataset:
    """Normalised squares ``(n, 100, 100)`` float16; classes (-1: negative) and sample numbers ``(n,)``."""

    images: npt.NDArray[np.float16]
    labels: npt.NDArray[np.int64]
    samples: npt.NDArray[np.int64]


def build_dataset(spec: DatasetSpec, folder: Path, workers: int = 1) -> Generator[Progress, None, Dataset]:
    """Simulate, or read what an earlier call left in `folder`; yields after each chunk."""
    folder = folder / f"{spec.protocol}-{spec.side}-{spec.detectors}-{spec.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    total = spec.samples * len(CLASSES)
    chunks = [range(first, min(first + CHUNK, total)) for first in range(0, total, CHUNK)]
    files = [folder / f"{chunk.start:06d}-{chunk.stop:06d}.npz" for chunk in chunks]
    missing = [n for n, file in enumerate(files) if not file.is_file()]
    done = len(files) - len(missing)
    if missing:
        with ProcessPoolExecutor(workers) as executor:
            jobs = [executor.submit(_write_chunk, spec, chunks[n], files[n]) for n in missing]
            for job in as_completed(jobs):
                job.result()
                done += 1
                yield Progress(done, len(files), "chunks of images")
    parts = []
    for file in files:
        with np.load(file) as stored:
            parts.append((stored["images"], stored["labels"], stored["samples"]))
    return Dataset(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _write_chunk(spec: DatasetSpec, numbers: range, file: Path) -> None:
    import torch

    torch.set_num_threads(1)
    images, labels, samples = [], [], []
    for number in numbers:
        # Classes take turns, so that a smaller data set is the beginning of a larger one.
        label = number % len(CLASSES)
        for image in images_of(spec, label, number):
            images.append(LogContrast().apply(image[None])[0].astype(np.float16))
            labels.append(NEGATIVE if spec.side.endswith("negatives") else label)
            samples.append(number)
    partial = file.with_suffix(".part.npz")
    np.savez(partial, images=np.stack(images), labels=np.array(labels), samples=np.array(samples))
    partial.replace(file)


def images_of(spec: DatasetSpec, label: int, number: int) -> list[npt.NDArray[np.float32]]:
    """Simulate one sample and its images, each the network's square before it is normalised."""
    from napari_sciml.techniques.gisaxs.train.detector_augment import through_random_detector
    from napari_sciml.techniques.gisaxs.train.negatives import negative

    rng = np.random.default_rng([spec.seed, SIDES[spec.side], spec.protocol == "physical", number])
    pattern = PATTERNS[spec.protocol](CLASSES[label], rng)
    images = [through_random_detector(pattern, rng) for _ in range(spec.detectors)]
    return [negative(image, rng) for image in images] if spec.side.endswith("negatives") else images


def _physical(lattice: str, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    from napari_sciml.techniques.gisaxs.simulate.image import simulate
    from napari_sciml.techniques.gisaxs.train.training_distribution import random_spec

    return simulate(random_spec(lattice, rng), rng).image


def _hipgisaxs(lattice: str, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    from napari_sciml.techniques.gisaxs.simulate.hip_ranges import HipRanges
    from napari_sciml.techniques.gisaxs.simulate.hipgisaxs import simulate_hipgisaxs

    reach = float(rng.uniform(0.6, 1.1))
    fewest = int(rng.integers(4, 11))
    ranges = HipRanges(
        radius_nm=(6.0, 20.0),
        stretch=float(rng.choice([0.0, 0.03, rng.uniform(0, 0.4)])),
        repeats=(fewest, fewest + 9),
        energy_kev=(7.35, 12.9),
        incidence_deg=(0.12, 0.25),
        q_max=(reach, reach),
        azimuths=180,
    )
    return simulate_hipgisaxs(ranges.draw(lattice, rng))


PATTERNS: dict[Protocol, Callable[[str, np.random.Generator], npt.NDArray[np.float32]]] = {
    "physical": _physical,
    "hipgisaxs": _hipgisaxs,
}
"""What simulates a half-plane pattern of a class, for each protocol."""
