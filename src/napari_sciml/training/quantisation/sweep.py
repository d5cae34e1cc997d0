"""How many levels a network needs: all of it, its data, and each of its tensors alone."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from napari_sciml.core.progress import Progress
from napari_sciml.networks.codebook.constrained import Constrained, constrain, data_codebook, targets_of
from napari_sciml.networks.codebook.module import (
    constrained_module,
    data_tables,
    folded_module,
    quantise,
    weights_of,
)
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.model import Model
from napari_sciml.training.quantisation.distil import answers_of

FloatArray = npt.NDArray[np.float32]
LEVELS = (1, 2, 3, 4, 5, 6, 7, 8, 16)
"""Numbers of levels that are tried: the 1 to 8 of the paper's Table VIII, and the most there are."""
WEIGHTS, DATA, BOTH = "all weights", "data", "weights and data"


def sensitivity(
    model: Model,
    learnt: FloatArray,
    compared: FloatArray,
    levels: Sequence[int] = LEVELS,
    scope: str = "layer",
) -> Generator[Progress, None, pd.DataFrame]:
    """Quantise parts of a network after training, as the paper does, and compare with float32.

    Parameters
    ----------
    learnt
        Normalised training images that give the levels of the data.
    compared
        Other normalised images, on which the answers are compared.

    Returns
    -------
    DataFrame
        A row for each part and number of levels: ``agreement``, the share of equal labels;
        ``balanced``, the same averaged over the labels that float32 gives, so that a large background does
        not hide the rest; and
        ``difference``, the mean distance of the probabilities.
    """
    weights = weights_of(folded_module(model))
    images = torch.from_numpy(np.ascontiguousarray(compared))
    wanted = answers_of(model.build(), images)
    parts = [BOTH, WEIGHTS, DATA, *targets_of(weights, "weights")]
    rows = []
    for count in levels:
        spec = CodebookSpec.model_validate(
            {"levels": count, "data_levels": None, "method": "constrain", "scope": scope}
        )
        data = data_codebook(learnt, count, model.normalisation)
        for part in parts:
            found = answers(model, part, weights, spec, data, images)
            rows.append({"model": model.name, "part": part, "levels": count, **compare(found, wanted)})
            yield Progress(len(rows), len(parts) * len(levels), "cells")
    return pd.DataFrame(rows)


def answers(
    model: Model,
    part: str,
    weights: dict[str, FloatArray],
    spec: CodebookSpec,
    data: FloatArray,
    images: Tensor,
) -> Tensor:
    """Return the probabilities with one part of the network quantised."""
    if part == DATA:
        untouched = Constrained(spec, {}, weights, data)
        module = constrained_module(model, untouched)
    else:
        single = "" if part in (BOTH, WEIGHTS) else part
        made = constrain(weights, spec, data if part == BOTH else None, only=single)
        module = constrained_module(model, made)
    if part in (DATA, BOTH):
        images = quantise(images, *data_tables(data))
    return answers_of(module, images)


def compare(found: Tensor, wanted: Tensor) -> dict[str, float]:
    """Compare probabilities ``(n, classes, ...)``."""
    labels, truth = found.argmax(1).flatten(), wanted.argmax(1).flatten()
    same = (labels == truth).double()
    kinds = torch.unique(truth)
    return {
        "agreement": float(same.mean()),
        "balanced": float(np.mean([float(same[truth == kind].mean()) for kind in kinds])),
        "difference": float((found - wanted).abs().mean()),
        "n": len(truth),
        "labels": len(kinds),
    }


def picture(table: pd.DataFrame, path: Path) -> None:
    """Draw a panel for each model: parts over levels, coloured by the balanced agreement."""
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(table["model"]))
    sizes = [table[table["model"] == name]["part"].nunique() for name in names]
    figure = Figure(figsize=(6.6, 0.9 * len(names) + 0.24 * sum(sizes)), layout="constrained")
    panels = np.atleast_1d(figure.subplots(len(names), 1, gridspec_kw={"height_ratios": sizes}))
    image = None
    for axes, name in zip(panels, names, strict=True):
        own = table[table["model"] == name]
        grid = own.pivot(index="part", columns="levels", values="balanced").loc[
            list(dict.fromkeys(own["part"]))
        ]
        image = axes.imshow(grid, vmin=0, vmax=1, aspect="auto", cmap="viridis")
        axes.set_title(name, fontsize=9)
        axes.set_yticks(range(len(grid)), grid.index, fontsize=7)
        axes.set_xticks(range(len(grid.columns)), grid.columns, fontsize=7)
        for row, values in enumerate(grid.to_numpy()):
            for column, value in enumerate(values):
                ink = "black" if value > 0.6 else "white"
                axes.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=6, color=ink)
    panels[-1].set_xlabel("levels")
    assert image is not None
    figure.colorbar(image, ax=list(panels), shrink=0.7, label="agreement with float32,\nbalanced over labels")
    figure.savefig(path, dpi=120)
