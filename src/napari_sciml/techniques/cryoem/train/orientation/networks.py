"""Train the two orientation models that ship: Table III by the paper's protocol, and the realistic one."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.networks.card import Metric, ModelCard
from napari_sciml.techniques.cryoem.density.density_map import DensityMap, built_in_map, fit_box
from napari_sciml.techniques.cryoem.orientation.model_map import BUILT_IN_TAG
from napari_sciml.techniques.cryoem.train import examples
from napari_sciml.techniques.cryoem.train.orientation.calibrate import Calibration, calibrate
from napari_sciml.techniques.cryoem.train.orientation.dataset import paper_set
from napari_sciml.techniques.cryoem.train.orientation.learn import (
    FULL,
    QUICK,
    LearnSettings,
    answer,
    fit_to_map,
)
from napari_sciml.techniques.cryoem.train.orientation.paper_protocol import (
    IMAGES,
    LEARNT,
    PaperSettings,
    fit_table_iii,
)
from napari_sciml.techniques.cryoem.views.directions import view_names
from napari_sciml.training.metrics import wilson
from napari_sciml.training.quantisation.calibration_set import save_trained

PAPER_NAME, REALISTIC_NAME = "cryoem-orientation", "cryoem-orientation-realistic"
ONE_MAP = (
    "It knows one particle only: without a model trained for your map, its answers about your particles mean "
    "nothing. "
)
PAPER_LIMITS = ONE_MAP + (
    "Images as in the paper: centred, without noise and CTF, and turned in the plane by no more than 5 "
    "degrees. Picked particles are not like that; use cryoem-orientation-realistic for them."
)
REALISTIC_LIMITS = ONE_MAP + (
    "Trained on simulated images only, of single particles within 3 pixels of the box's centre. Defocus 0.8 "
    "to 3 um at 200 or 300 kV, no phase plate. Below an SNR of 0.1 many particles are called "
    "none of the 84, and of the others a third are wrong at 0.05, six in ten at 0.02."
)
PROBES = 400
"""Particles of each noise on which temperature and limit of the answers are fitted."""


def train_orientation(
    out: Path, seed: int, quick: bool = False, cancel: CancelToken | None = None
) -> Generator[Progress, None, None]:
    """Write the folders of both models to `out`; ``work`` there keeps checkpoints, so that it can go on.

    Parameters
    ----------
    quick
        Make tiny models in a minute, to try the pipeline; never to be used.
    """
    yield from train_paper(out, seed, quick, cancel)
    yield from train_realistic(out, seed, quick, cancel)


def train_paper(
    out: Path, seed: int, quick: bool, cancel: CancelToken | None = None
) -> Generator[Progress, None, None]:
    """Train Table III on 1,600 of 2,000 projections of the built-in map."""
    particle = fit_box(built_in_map())
    settings = PaperSettings()
    if quick:
        settings = replace(settings, fit=replace(settings.fit, epochs=2))
    count = 200 if quick else IMAGES
    images = paper_set(particle, count, seed)
    folder = out / "work" / f"{PAPER_NAME}-{'quick' if quick else 'full'}-{seed}"
    module = yield from fit_table_iii(images, settings, seed, folder, cancel)
    cut = count * LEARNT // IMAGES
    right = answer(module, images.images[cut:]).argmax(1) == images.labels[cut:]
    card = ModelCard(
        name=PAPER_NAME,
        technique="cryoem",
        architecture="table-iii",
        classes=view_names(),
        input=(64, 64),
        normalisation="per-patch",
        licence="BSD-3-Clause",
        trained_on=f"{cut:,} of {count:,} projections of the built-in map ({particle.name}), 5 degrees of "
        "jitter; each is turned and moved a little whenever it is shown",
        training=record_of(particle, BUILT_IN_TAG, "paper")
        | asdict(settings)
        | {"images": count, "learnt": cut},
        seeds=(seed,),
        headline="accuracy/paper protocol",
        metrics=(
            share("accuracy", "validation", right, "the other images of the set; looked at while training"),
        ),
        limits=PAPER_LIMITS,
        command=f"napari-sciml train cryoem --seed {seed}" + (" --quick" if quick else ""),
    )
    log = {"training.csv": (folder / "training.csv").read_bytes()}
    yield from save_trained(out / PAPER_NAME, module, card, examples, log)


def train_realistic(
    out: Path, seed: int, quick: bool, cancel: CancelToken | None = None
) -> Generator[Progress, None, None]:
    """Train the network for picked particles on the built-in map."""
    particle = fit_box(built_in_map())
    settings = QUICK if quick else FULL
    folder = out / "work" / f"{REALISTIC_NAME}-{'quick' if quick else 'full'}-{seed}"
    module = yield from fit_to_map(particle, settings, seed, folder, cancel=cancel)
    found = calibrate(module, particle, seed, 20 if quick else PROBES)
    command = f"napari-sciml train cryoem --seed {seed}" + (" --quick" if quick else "")
    card = realistic_card(REALISTIC_NAME, particle, BUILT_IN_TAG, settings, found, seed, command)
    yield from save_trained(out / REALISTIC_NAME, module, card, examples, both_logs(folder))


def realistic_card(
    name: str,
    particle: DensityMap,
    map_tag: str,
    settings: LearnSettings,
    found: Calibration,
    seed: int,
    command: str,
) -> ModelCard:
    """Fill in the card of a model for picked particles of one map."""
    right, count = found.accuracy
    low, high = wilson(right, count)
    shown = 84 * settings.per_view + settings.empty + settings.other_maps * settings.per_map
    epochs = settings.coarse.epochs + settings.fine.epochs
    return ModelCard(
        name=name,
        technique="cryoem",
        architecture="orientation-net",
        classes=view_names(),
        input=(64, 64),
        normalisation="per-patch",
        licence="BSD-3-Clause",
        trained_on=f"{shown * epochs:,} simulated images, every one different, of {84 * settings.per_view:,} "
        f"projections of the map {particle.name}, of {settings.other_maps} random maps and of empty ice; any "
        "in-plane angle, shifts, CTF, signal-to-noise ratio 0.02 to 300; no real image",
        training=record_of(particle, map_tag, "realistic") | {"fit": asdict(settings)} | found.record,
        seeds=(seed,),
        headline="accuracy/SNR 0.1, CTF known",
        metrics=(
            Metric(
                name="accuracy",
                value=right / count,
                low=low,
                high=high,
                n=count,
                split="validation",
                note="all signal-to-noise ratios from 0.02 to infinity, CTF known; temperature and limit "
                f"were chosen on these. Expected calibration error {found.error:.3f}",
            ),
        ),
        limits=REALISTIC_LIMITS,
        command=command,
    )


def both_logs(folder: Path) -> dict[str, bytes]:
    """Return the log of training to keep with a model, both stages one after the other."""
    first, second = ((folder / stage / "training.csv").read_bytes() for stage in ("coarse", "fine"))
    return {"training.csv": first + second.split(b"\n", 1)[1]}


def record_of(particle: DensityMap, map_tag: str, protocol: str) -> dict[str, Any]:
    """Return what every orientation model's card says about its map."""
    return {
        "map": map_tag,
        "pixel_size_A": particle.pixel_size_A,
        "box_px": particle.box_px,
        "protocol": protocol,
    }


def share(
    name: str,
    split: str,
    right: np.ndarray[Any, np.dtype[np.bool_]],
    note: str = "",
    baseline: float | None = None,
) -> Metric:
    """Return a proportion with Wilson's interval."""
    low, high = wilson(int(right.sum()), len(right))
    value = float(right.mean())
    # The formula misses 0 and 1 by rounding.
    return Metric(
        name=name,
        value=value,
        low=min(low, value),
        high=max(high, value),
        n=len(right),
        split=split,
        baseline=baseline,
        note=note,
    )
