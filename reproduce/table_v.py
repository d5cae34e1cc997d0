"""Table V again: HOG, the network of Table VI and ours, on the same frozen images, over seeds.

    python -m reproduce.table_v [--protocol hipgisaxs] [--seeds 5] [--work FOLDER]

trains every network on 70 % of each set and tests it on the other 30 %; what was trained before is not
trained again. Writes ``table_v-<protocol>.csv``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from napari_sciml.core.progress import Progress, drive
from napari_sciml.io.saving.atomic import write_text
from napari_sciml.networks.architectures import new_module
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.gisaxs.evaluate.hog_baseline import hog_answers, hog_rows
from napari_sciml.techniques.gisaxs.evaluate.network_input import normalised
from napari_sciml.techniques.gisaxs.evaluate.paper_sets import (
    PAPER,
    PAPER_SETS,
    PEAK_COUNTS,
    PaperSet,
    paper_sets,
    split,
)
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.train.dataset import Protocol
from napari_sciml.techniques.gisaxs.train.networks import NAMES, logits_of
from napari_sciml.training.fit import FitSettings, fit
from napari_sciml.training.metrics import wilson


@dataclass(frozen=True)
class Entry:
    """A network of the table and how it is trained."""

    architecture: str
    said: str
    epochs: int
    learning_rate: float
    raw: bool
    """Whether it sees the log image as it is, as HOG does, or the square of the shipped models."""
    most_seeds: int


ENTRIES = (
    Entry("table-vi-printed", "Table VI as printed", 10, 1e-3, raw=True, most_seeds=5),
    Entry("lattice-net", "our network, same images", 15, 3e-3, raw=False, most_seeds=2),
)
"""Networks beside HOG with epochs, learning rate and how many seeds are affordable: Table VI as printed
trains on raw pixels."""


def log_grey(image: npt.NDArray[np.floating], peak: float) -> npt.NDArray[np.float64]:
    """Scale an image ``(h, w)`` to 0..1 on a logarithmic scale that ends at one of `peak` counts."""
    brightest = float(image.max())
    if brightest <= 0:
        return np.zeros(image.shape)
    scaled: npt.NDArray[np.float64] = np.log1p(image.astype(np.float64) / brightest * peak) / np.log1p(peak)
    return scaled


def grey(images: npt.NDArray[np.float32], peak: float) -> npt.NDArray[np.float32]:
    """Return log images, standardised over the set, as Table VI's network sees them."""
    logs = np.stack([log_grey(image, peak) for image in images]).astype(np.float32)
    centred: npt.NDArray[np.float32] = (logs - logs.mean()) / logs.std()
    return centred


def train_and_test(
    entry: Entry, images: PaperSet, peak: float, half_plane: bool, seed: int, folder: Path
) -> Generator[Progress, None, npt.NDArray[np.int64]]:
    """Train one network with one seed and give its answers on the test images."""
    training, test = split(images)
    inputs = grey(images.images, peak) if entry.raw else normalised(images.images, half_plane=half_plane)
    pixels = torch.from_numpy(inputs)
    targets = torch.eye(len(CLASSES))[torch.from_numpy(images.labels)]
    torch.manual_seed(seed)
    module = new_module(entry.architecture)

    def prepare(batch: Tensor, index: Tensor) -> Tensor:
        return batch[:, None]

    module = yield from fit(
        module,
        pixels[training],
        targets[training],
        prepare,
        FitSettings(entry.epochs, 64, entry.learning_rate, seed=seed, symmetric=False),
        folder,
    )
    with torch.inference_mode():
        answers = [
            module(pixels[test[first : first + 256]][:, None]).argmax(1).numpy()
            for first in range(0, len(test), 256)
        ]
    return np.concatenate(answers)


def table_v(
    protocol: Protocol, seeds: int, work: Path, per_class: int | None = None
) -> Generator[Progress, None, pd.DataFrame]:
    """Return one row for each set and method: mean and spread over seeds, interval, and the paper's figure.

    `low` and `high` are Wilson's interval for the mean accuracy on the test images of one split.
    """
    sets = yield from paper_sets(protocol, work / "sets", per_class)
    peak = PEAK_COUNTS[protocol]
    rows = []
    for name, images in sets.items():
        training, test = split(images)
        truth = images.labels[test]
        features = hog_rows(log_grey(image, peak) for image in images.images)
        hog = hog_answers(features[training], images.labels[training], features[test]) == truth
        rows.append(_row(name, "HOG + linear", [hog], hog, PAPER[name]["HOG"]))
        for entry in ENTRIES if seeds else ():
            right = []
            for seed in range(min(seeds, entry.most_seeds)):
                key = f"{protocol}-{name}-{entry.architecture}-{entry.epochs}-{per_class or 'full'}-{seed}"
                folder = work / "table_v" / key.replace(" ", "_")
                stored = folder / "answers.json"
                if stored.is_file():
                    answers = np.array(json.loads(stored.read_text()))
                else:
                    answers = yield from train_and_test(
                        entry, images, peak, protocol == "hipgisaxs", seed, folder
                    )
                    write_text(stored, json.dumps(answers.tolist()))
                right.append(answers == truth)
            paper = PAPER[name]["CNN"] if entry.raw else None
            rows.append(_row(name, entry.said, right, hog, paper))
        shipped = shipped_answers(protocol, images.images[test]) == truth
        rows.append(_row(name, f"{NAMES[protocol]} as shipped", [shipped], hog, None))
    return pd.DataFrame(rows)


def shipped_answers(protocol: Protocol, images: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Return the answers of the model that ships for this protocol; it was trained on none of these sets."""
    module = get_model(NAMES[protocol]).build()
    answers: npt.NDArray[np.int64] = logits_of(
        module, normalised(images, half_plane=protocol == "hipgisaxs")
    ).argmax(axis=1)
    return answers


def _row(
    name: str,
    method: str,
    right: list[npt.NDArray[np.bool_]],
    hog: npt.NDArray[np.bool_],
    paper: float | None,
) -> dict[str, object]:
    from scipy.stats import binomtest

    each = np.array([r.mean() for r in right])
    count = len(hog)
    low, high = wilson(round(float(each.mean()) * count), count)
    # McNemar's exact test of the first seed against HOG on the same images.
    better, worse = int((right[0] & ~hog).sum()), int((~right[0] & hog).sum())
    p = float(binomtest(better, better + worse).pvalue) if better + worse else 1.0
    return {
        "set": name,
        "method": method,
        "accuracy": each.mean(),
        "low": low,
        "high": high,
        "spread_over_seeds": each.std(ddof=1) if len(each) > 1 else np.nan,
        "seeds": len(each),
        "n": count,
        "p_against_hog": p,
        "paper": np.nan if paper is None else paper / 100,
    }


def main(arguments: list[str] | None = None) -> None:
    """Print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--protocol", choices=sorted(PAPER_SETS), default="hipgisaxs")
    parser.add_argument(
        "--seeds", type=int, default=5, help="0 trains nothing: HOG and the shipped model only"
    )
    parser.add_argument("--work", type=Path, default=Path("table-v"), help="folder for sets and checkpoints")
    parser.add_argument("--per-class", type=int, help="fewer images than the frozen 1,000, to try things out")
    options = parser.parse_args(arguments)

    def show(step: Progress) -> None:
        print(f"\r{step.done} of {step.total} {step.what}   ", end="", file=sys.stderr, flush=True)

    table = drive(table_v(options.protocol, options.seeds, options.work, options.per_class), show)
    print(file=sys.stderr)
    table.to_csv(options.work / f"table_v-{options.protocol}.csv", index=False, float_format="%.5g")
    print(table.to_string(index=False, float_format="{:.4f}".format))


if __name__ == "__main__":
    main()
