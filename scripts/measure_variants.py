"""Measure how often low-bit networks and integers are right, beside how often they say what float32 says.

    python scripts/measure_variants.py [MODEL ...] [--work FOLDER]

Labelled images are simulated that nothing was trained on; all weights of a model see the same ones. The card
gets an ``accuracy`` for each variant, whose note holds that of float32.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from napari_sciml.backends import open_predictor
from napari_sciml.core.progress import drive
from napari_sciml.networks.card import Metric
from napari_sciml.networks.model import Model
from napari_sciml.networks.normalise.rules import FloatArray
from napari_sciml.networks.registry import get_model
from napari_sciml.networks.saving import read_card, write_card
from napari_sciml.techniques.cryoem.evaluate.orientation import TEST_SEED as PARTICLE_SEED
from napari_sciml.techniques.cryoem.orientation.model_map import map_of
from napari_sciml.techniques.cryoem.orientation.whiten import matched
from napari_sciml.techniques.cryoem.train.orientation.dataset import SNR_LADDER, realistic_set
from napari_sciml.techniques.gisaxs.evaluate.card_figures import DEVICES, SAMPLES
from napari_sciml.techniques.gisaxs.evaluate.card_figures import TEST_SEED as FILM_SEED
from napari_sciml.techniques.gisaxs.train.dataset import DatasetSpec, build_dataset
from napari_sciml.training.metrics import bootstrap_by_group

MODELS = ("gisaxs-lattice", "gisaxs-lattice-hipgisaxs", "cryoem-orientation-realistic")
PARTICLES = 500
"""At each signal-to-noise ratio."""
LADDER = f"simulated, CTF known, SNR {SNR_LADDER[0]:g} to {SNR_LADDER[-1]:g}"
Numbers = npt.NDArray[np.int64]


def main() -> None:
    """Measure all weights of some models."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--work", type=Path, default=Path("out/variants"), help="folder for test images")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.models:
        model = get_model(name)
        if model.technique == "gisaxs":
            images, labels, groups = films(model, options.work)
            split = DEVICES
        else:
            images, labels, groups = particles(model)
            split = LADDER
        store(model, split, images, labels, groups)


def films(model: Model, work: Path) -> tuple[FloatArray, Numbers, Numbers]:
    """Return normalised test images, their lattices, and the samples that they show."""
    spec = DatasetSpec(model.card["training"]["protocol"], "test", SAMPLES, 2, FILM_SEED)
    pool = drive(build_dataset(spec, work, 1))
    return pool.images.astype(np.float32), pool.labels, pool.samples


def particles(model: Model) -> tuple[FloatArray, Numbers, Numbers]:
    """Return normalised test images, their views, and the micrographs that they come from."""
    particle = map_of(model)
    images, labels, groups = [], [], []
    for number, snr in enumerate(SNR_LADDER):
        test = realistic_set(particle, PARTICLES, PARTICLE_SEED + number, snr)
        seen = matched(test.particles, particle.diameter_A / test.particles.pixel_size_A)
        images.append(model.normalise(seen))
        labels.append(test.labels)
        groups.append(test.particles.table["frame"].to_numpy() + 1000 * number)
    return np.concatenate(images), np.concatenate(labels), np.concatenate(groups)


def store(model: Model, split: str, images: FloatArray, labels: Numbers, groups: Numbers) -> None:
    """Measure every variant of a model on the same images, and write it into the card."""
    said = {}
    for variant in model.variants:
        predictor = open_predictor(model, variant.kind, "auto", variant.spec)
        said[variant.sha256] = predictor.classify(images).argmax(axis=1)
        predictor.close()
    card = read_card(model.folder)
    parent = said[card.variants["float32"].sha256]
    for name, record in card.variants.items():
        right = said[record.sha256] == labels
        same = float((said[record.sha256] == parent).mean())
        print(f"{model.name} {name}: accuracy {right.mean():.4f}, as float32 {same:.4f}, {split}", flush=True)
        if name == "float32":
            continue
        low, high = bootstrap_by_group(right, groups)
        note = f"float32: {(parent == labels).mean():.4f} of the same images; {same:.4f} have the same label"
        value = float(right.mean())
        figure = Metric(
            name="accuracy", value=value, low=low, high=high, n=len(right), split=split, note=note
        )
        kept = tuple(metric for metric in record.metrics if metric.name != figure.name)
        card.variants[name] = record.model_copy(update={"metrics": (*kept, figure)})
    write_card(model.folder, card)


if __name__ == "__main__":
    main()
