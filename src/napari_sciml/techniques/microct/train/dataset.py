"""The patches that the fibre networks are trained and tested on, and how they are kept apart.

Two families of simulated scans, *standard* and *degraded* (`simulate.spec.random_spec`). In each, some
specimens are held out whole, some fibres of the other specimens are held out in all their slices, and
the rest is split at random, which is what the paper did and what flatters: one fibre recurs in every slice.
"""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from napari_sciml.core.progress import Progress
from napari_sciml.techniques.microct.simulate.patches import Patches, cut_patches
from napari_sciml.techniques.microct.simulate.phantom import simulate_volume
from napari_sciml.techniques.microct.simulate.spec import random_spec

SPLITS = ("train", "random", "fibre-held-out", "slab-held-out")
DEGRADED_FROM = 10_000
"""Slabs with this number or a higher one belong to the degraded family."""


@dataclass(frozen=True)
class DatasetSpec:
    """How much is simulated.

    Attributes
    ----------
    seed
        Decides every specimen, scan, patch and split.
    slabs, held_slabs
        Specimens of each family to train on and to hold out.
    slices
        Slices of a specimen.
    patches
        Patches cut from a specimen (about; those off the sample are dropped).
    size_px
        Edge of a slice.
    held_fibers, tested
        Share of fibres held out, and share of the remaining patches that the random split tests.
    """

    seed: int = 0
    slabs: int = 60
    held_slabs: int = 12
    slices: int = 6
    patches: int = 6_200
    size_px: int = 320
    held_fibers: float = 0.08
    tested: float = 0.3

    @classmethod
    def quick(cls, seed: int) -> DatasetSpec:
        """Return a set that is made in a minute, to try things out."""
        return cls(seed=seed, slabs=6, held_slabs=2, slices=2, patches=1_000, size_px=224)


@dataclass(frozen=True)
class Dataset:
    """Labelled patches and the split (index into `SPLITS`) of each."""

    patches: Patches
    split: npt.NDArray[np.int8]

    def part(self, split: str, degraded: bool | None = None, labelled: bool = True) -> Patches:
        """Return one split; of one family if `degraded` is given, without the unclear ones if `labelled`."""
        chosen = self.split == SPLITS.index(split)
        if degraded is not None:
            chosen &= (self.patches.slab >= DEGRADED_FROM) == degraded
        if labelled:
            chosen &= self.patches.labelled
        return self.patches.take(chosen)


def build_dataset(spec: DatasetSpec, cache: Path, workers: int = 2) -> Generator[Progress, None, Dataset]:
    """Simulate all specimens, or read them from the folder `cache` where an earlier call left them."""
    total = spec.slabs + spec.held_slabs
    numbers = [*range(total), *range(DEGRADED_FROM, DEGRADED_FROM + total)]
    cache.mkdir(parents=True, exist_ok=True)
    jobs = [(spec, number, cache / f"slab-{number:05d}.npz") for number in numbers]
    with ProcessPoolExecutor(workers) as pool:
        for done, _ in enumerate(pool.map(make_slab, jobs), start=1):
            yield Progress(done, len(jobs), "specimens")
    patches = Patches.join([read_patches(path) for _, _, path in jobs])
    return Dataset(patches, split_patches(patches, spec))


def make_slab(geometry: tuple[DatasetSpec, int, Path]) -> None:
    """Simulate one specimen and store its patches, unless that was done before."""
    import torch

    spec, number, path = geometry
    if path.is_file():
        return
    torch.set_num_threads(1)
    rng = np.random.default_rng([spec.seed, number])
    scan = random_spec(rng, spec.size_px, spec.slices, degraded=number >= DEGRADED_FROM)
    phantom = simulate_volume(scan, seed=int(rng.integers(2**31)))
    patches = cut_patches(phantom, spec.patches, number, rng)
    store_patches(patches, path)


def store_patches(patches: Patches, path: Path) -> None:
    """Write patches, whole or not at all."""
    partial = path.with_name(path.stem + ".part.npz")
    np.savez_compressed(partial, **{f.name: getattr(patches, f.name) for f in fields(Patches)})
    partial.replace(path)


def read_patches(path: Path) -> Patches:
    """Read the patches of one specimen."""
    with np.load(path) as stored:
        return Patches(**{f.name: stored[f.name] for f in fields(Patches)})


def split_patches(patches: Patches, spec: DatasetSpec) -> npt.NDArray[np.int8]:
    """Return for each patch which split it belongs to."""
    rng = np.random.default_rng([spec.seed, 1])
    fibers = np.unique(patches.fiber)
    held = fibers[rng.random(len(fibers)) < spec.held_fibers]
    split = np.where(rng.random(len(patches)) < spec.tested, SPLITS.index("random"), SPLITS.index("train"))
    split[np.isin(patches.fiber, held)] = SPLITS.index("fibre-held-out")
    split[patches.slab % DEGRADED_FROM >= spec.slabs] = SPLITS.index("slab-held-out")
    return split.astype(np.int8)
