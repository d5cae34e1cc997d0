"""Draw how often a lattice is right against how sure the network was, from the files beside the models."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from napari_sciml.networks.registry import WEIGHTS_FOLDER
from napari_sciml.training.metrics import wilson

MODELS = {"gisaxs-lattice": "#0072B2", "gisaxs-lattice-hipgisaxs": "#E69F00"}


def draw_calibration(path: Path) -> None:
    """Write the picture: accuracy with its 95 % interval in each bin of confidence, and the answers in it.

    The intervals are Wilson's and take the images for independent.
    """
    figure = Figure(figsize=(6.4, 5.6), dpi=110)
    FigureCanvasAgg(figure)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    top.plot([0, 1], [0, 1], color="#888888", linewidth=1, label="as sure as right")
    for number, (name, color) in enumerate(MODELS.items()):
        curve = pd.read_csv(WEIGHTS_FOLDER / name / "reliability.csv").dropna()
        right = (curve["accuracy"] * curve["count"]).round().astype(int)
        ends = [wilson(int(hits), int(count)) for hits, count in zip(right, curve["count"], strict=True)]
        below = [a - low for a, (low, _) in zip(curve["accuracy"], ends, strict=True)]
        above = [high - a for a, (_, high) in zip(curve["accuracy"], ends, strict=True)]
        bars = [[max(0.0, value) for value in side] for side in (below, above)]
        top.errorbar(
            curve["confidence"], curve["accuracy"], bars, fmt="o-", color=color, capsize=3, label=name
        )
        bottom.bar(
            curve["confidence"] + (number - 0.5) * 0.02, curve["count"], width=0.02, color=color, label=name
        )
    top.set_ylabel("share that is right")
    top.set_ylim(0, 1.02)
    top.legend(loc="upper left", fontsize=9)
    bottom.set_ylabel("answers")
    bottom.set_yscale("log")
    bottom.set_xlabel("probability of the named lattice")
    bottom.set_xlim(0, 1)
    figure.tight_layout()
    figure.savefig(path)
