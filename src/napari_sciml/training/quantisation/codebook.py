"""`make_codebook`: from a float32 model to a stored low-bit variant."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.training_images import Examples
from napari_sciml.networks.card import Metric, VariantRecord
from napari_sciml.networks.codebook.constrained import Constrained, FloatArray, data_codebook
from napari_sciml.networks.codebook.file import to_bytes
from napari_sciml.networks.codebook.module import constrained_module, data_tables, folded_module, quantise
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.model import Model, Variant
from napari_sciml.networks.saving import add_variant
from napari_sciml.training.fit import FitSettings
from napari_sciml.training.quantisation.agreement import agreement
from napari_sciml.training.quantisation.distil import answers_of, quantise_network

HELD_OUT = 5
"""One in so many examples is not learnt from but compared with float32; set by hand."""


def make_codebook(
    model: Model,
    spec: CodebookSpec,
    examples: Examples,
    seed: int,
    folder: Path,
    *,
    settings: FitSettings | None = None,
    command: str = "",
    cancel: CancelToken | None = None,
) -> Generator[Progress, None, Variant]:
    """Make a low-bit variant and store it beside the weights of `model`.

    Parameters
    ----------
    examples
        Training images of the model. Four in five are learnt from and give the levels of the data; the others
        say how near the variant comes to float32.
    seed
        Decides the order in which they are shown.
    folder
        Keeps checkpoints, so that the same call goes on.
    settings
        How to learn, if not as usual.
    command
        For the record.

    Raises
    ------
    SciMLError
        If there are too few examples, or the model's folder cannot be written.
    """
    count = len(examples.images) // HELD_OUT
    if not count:
        raise SciMLError(f"{len(examples.images)} examples are too few to make a codebook", "give more")
    held, learnt = examples.images[:count], examples.images[count:]
    data = None if spec.data_levels is None else data_codebook(learnt, spec.data_levels, model.normalisation)
    parent = model.variant("float32").sha256
    constrained = yield from quantise_network(
        folded_module(model),
        spec,
        data,
        Examples(learnt, examples.description, examples.vary),
        seed,
        folder,
        parent=parent,
        settings=settings,
        live=True,
        cancel=cancel,
    )
    record = VariantRecord(
        file=f"{spec.key}.safetensors",
        sha256="",
        backend="codebook",
        codebook=spec,
        note=f"levels of the data from {len(learnt):,} training images"
        + ("" if spec.method == "constrain" else f", which also trained it, seed {seed}")
        + f" ({examples.description})",
        metrics=measured(model, constrained, held),
        command=command,
    )
    return add_variant(model.folder, spec.key, record.file, to_bytes(constrained), record)


def measured(model: Model, constrained: Constrained, images: FloatArray) -> tuple[Metric, ...]:
    """Measure how many labels of normalised images are those of float32, whole maps for a dense model."""
    batch = torch.from_numpy(np.ascontiguousarray(images))
    wanted = answers_of(model.build(), batch)
    if constrained.data is not None:
        batch = quantise(batch, *data_tables(constrained.data))
    found = answers_of(constrained_module(model, constrained), batch)
    return agreement(rows_of(wanted), rows_of(found), dense=wanted.ndim > 2)


def rows_of(probabilities: Tensor) -> FloatArray:
    """Return probabilities ``(n, classes)`` or maps ``(n, classes, h, w)`` with a row for each answer."""
    rows: FloatArray = probabilities.movedim(1, -1).flatten(0, -2).numpy()
    return rows
