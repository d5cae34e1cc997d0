"""Fig. 7 of the paper again: train the orientation network on quantised images.

    python -m reproduce.figure_7 [--map FILE] [--out FOLDER]

This is another experiment than Tables VIII and IX, where a network trained on exact images is quantised. Here
the weights stay exact, and all images, those to learn from and those to test on, are quantised from the
start. Writes ``figure_7.csv`` (a row for each epoch), ``figure_7_tests.csv`` (5,000 fresh images for each
training) and ``figure_7.png``. What was trained before is not trained again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from napari_sciml.core.progress import Progress, drive
from napari_sciml.networks.architectures import new_module
from napari_sciml.networks.codebook.constrained import data_codebook
from napari_sciml.networks.codebook.module import data_tables, quantise
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.techniques.cryoem.density.density_map import DensityMap, built_in_map, fit_box, load_map
from napari_sciml.techniques.cryoem.train.orientation.dataset import paper_set
from napari_sciml.techniques.cryoem.train.orientation.paper_protocol import (
    ARCHITECTURE,
    IMAGES,
    LEARNT,
    PaperSettings,
    fit_table_iii,
    moved,
)
from napari_sciml.techniques.cryoem.train.orientation.stream import standardised
from napari_sciml.training.fit import fit
from napari_sciml.training.metrics import wilson
from napari_sciml.training.quantisation.quantisation_aware import LowBitNetwork
from reproduce.low_bit_cells import label
from reproduce.table_iii import SEEDS, TEST_IMAGES, TEST_SEED

LEVELS = (2, 8)
"""The paper shows 8."""
EXACT = 0
"""Levels of the data that mean none: the images as they are, the baseline of the figure."""


def train_on_levels(
    particle: DensityMap, levels: int, seed: int, work: Path, settings: PaperSettings, images: int = IMAGES
) -> Generator[Progress, None, tuple[torch.nn.Module, tuple[Tensor, Tensor] | None, Path]]:
    """Train Table III on images of so many levels, or exact ones; also give the levels and the log."""
    pool = paper_set(particle, images, seed)
    if levels == EXACT:
        folder = work / f"{particle.name}-{seed}".replace(" ", "_")
        return (yield from fit_table_iii(pool, settings, seed, folder)), None, folder / "training.csv"
    cut = images * LEARNT // IMAGES
    learnt, held = (
        standardised(torch.from_numpy(np.asarray(part, np.float32)))
        for part in (pool.images[:cut], pool.images[cut:])
    )
    torch.manual_seed(seed)
    data = data_codebook(learnt.numpy(), levels)
    spec = CodebookSpec(levels=levels, data_levels=levels, method="data")
    student = LowBitNetwork(new_module(ARCHITECTURE), spec, data)
    targets = torch.eye(84)[torch.from_numpy(pool.labels[:cut])]
    targets = targets * (1 - settings.smoothing) + settings.smoothing / 84

    def shown(batch: Tensor, index: Tensor) -> Tensor:
        return standardised(moved(batch, settings.turn_deg, settings.shift_px))[:, None]

    def validate(module: torch.nn.Module) -> dict[str, float]:
        with torch.inference_mode():
            said = module(held[:, None]).argmax(1).numpy()
        return {"accuracy": float((said == pool.labels[cut:]).mean())}

    folder = work / f"{particle.name}-{seed}-data{levels}".replace(" ", "_")
    chosen = settings.fit.__class__(**{**vars(settings.fit), "seed": seed})
    yield from fit(student, learnt, targets, shown, chosen, folder, validate=validate)
    return student.network, data_tables(data), folder / "training.csv"


def figure_7(
    particle: DensityMap,
    work: Path,
    *,
    seeds: int = SEEDS,
    levels: Sequence[int] = LEVELS,
    settings: PaperSettings | None = None,
    images: int = IMAGES,
    test_images: int = TEST_IMAGES,
) -> Generator[Progress, None, tuple[pd.DataFrame, pd.DataFrame]]:
    """Return the curves and the tests of every training."""
    curves, tests = [], []
    for seed in range(seeds):
        test = paper_set(particle, test_images, TEST_SEED + seed)
        tested = standardised(torch.from_numpy(np.asarray(test.images, np.float32)))
        for count in (EXACT, *levels):
            network, tables, log = yield from train_on_levels(
                particle, count, seed, work, settings or PaperSettings(), images
            )
            shown = tested if tables is None else quantise(tested, *tables)
            right = label(network, None, shown) == test.labels
            low, high = wilson(int(right.sum()), len(right))
            where: dict[str, Any] = {"map": particle.name, "seed": seed, "data_levels": count or np.nan}
            curves.append(pd.read_csv(log).drop(columns="seconds").assign(**where))
            tests.append({**where, "accuracy": right.mean(), "low": low, "high": high, "n": len(right)})
        yield Progress(seed + 1, seeds, "seeds")
    return pd.concat(curves, ignore_index=True), pd.DataFrame(tests)


def picture(curves: pd.DataFrame, path: Path) -> None:
    """Draw accuracy on held images over epochs, one line for each training."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 3.6), layout="constrained")
    axes = figure.subplots()
    filled = curves.fillna({"data_levels": EXACT})
    for number, levels in enumerate(sorted(filled["data_levels"].unique())):
        rows = filled[filled["data_levels"] == levels]
        name = "exact images" if levels == EXACT else f"{levels:.0f} levels"
        for seed, line in rows.groupby("seed"):
            axes.plot(
                line["epoch"], 100 * line["accuracy"], f"C{number}", lw=0.8, label=name if seed == 0 else None
            )
    axes.set(xlabel="epoch", ylabel="correct views of held images (%)")
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=130)


def main(arguments: list[str] | None = None) -> None:
    """Train, test, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--map", type=Path, help="another density map (MRC) than the built-in one")
    parser.add_argument(
        "--map-pixel-size", type=float, help="its pixel size in Angstrom, if its file has none"
    )
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=Path("figure_7"))
    options = parser.parse_args(arguments)
    particle = built_in_map() if options.map is None else load_map(options.map, options.map_pixel_size)

    def show(step: Progress) -> None:
        print(f"\r{step.done} of {step.total} {step.what}   ", end="", file=sys.stderr, flush=True)

    curves, tests = drive(figure_7(fit_box(particle), options.out / "work", seeds=options.seeds), show)
    curves.to_csv(options.out / "figure_7.csv", index=False)
    tests.to_csv(options.out / "figure_7_tests.csv", index=False)
    picture(curves, options.out / "figure_7.png")
    print(f"\n{tests.to_string(index=False)}")


if __name__ == "__main__":
    main()
