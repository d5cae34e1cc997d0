"""Run a low-bit network in torch: the arithmetic is floating point, the numbers are the levels.

It shows what such a network answers; it is no faster than float32.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from napari_sciml.backends.predictor import FieldScores
from napari_sciml.backends.torch_float import TorchFloat
from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.codebook import file
from napari_sciml.networks.codebook.constrained import Constrained, FloatArray, constrain, data_codebook
from napari_sciml.networks.codebook.module import (
    constrained_module,
    data_tables,
    folded_module,
    quantise,
    weights_of,
)
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.model import Model


class CodebookTorch(TorchFloat):
    """Runs a low-bit network in torch.

    Parameters
    ----------
    model
        The model.
    constrained
        Its levels, see `codebook_for`.
    sha256
        Hash of the stored variant, or of the float32 weights it was made from just now.
    notes
        Warnings besides the notes of `constrained`.
    file_name
        Name of a file of one's own that holds the levels.
    """

    backend = "codebook"

    def __init__(
        self,
        model: Model,
        constrained: Constrained,
        sha256: str,
        notes: tuple[str, ...] = (),
        file_name: str = "",
    ) -> None:
        self.model = model
        self.constrained = constrained
        self.weights_sha256 = sha256
        self.notes = (*notes, *constrained.notes)
        self._file_name = file_name
        self._module = constrained_module(model, constrained)
        self._tables = None if constrained.data is None else data_tables(constrained.data)

    @property
    def label(self) -> str:
        """Levels and method in a few words."""
        words = label_of(self.constrained.spec)
        return f"{words}, from {self._file_name}" if self._file_name else words

    def classify(self, images: FloatArray) -> FloatArray:
        """Label normalised images ``(n, h, w)`` of the model's size; give ``(n, classes)``."""
        return super().classify(self.quantised(images))

    def field(self, tile: FloatArray, stride: int) -> FieldScores:
        """Label every `stride`-th window of a normalised field ``(h, w)``."""
        return super().field(self.quantised(tile), stride)

    def quantised(self, images: FloatArray) -> FloatArray:
        """Return images whose pixels are the levels of the data."""
        if self._tables is None:
            return images
        pixels = torch.from_numpy(np.ascontiguousarray(images))
        levels: FloatArray = quantise(pixels, *self._tables).numpy()
        return levels


def label_of(spec: CodebookSpec) -> str:
    """Return levels and method in a few words, for example ``8 levels, quantisation-aware``."""
    if spec.method == "data":
        return f"{spec.data_levels} levels for the data, exact weights trained on them"
    how = {"constrain": "quantised after training", "trained": "levels trained", "qat": "quantisation-aware"}
    data = "data not quantised" if spec.data_levels is None else f"{spec.data_levels} for the data"
    head = f"{spec.levels} level{'' if spec.levels == 1 else 's'}"
    return f"{head}{'' if spec.data_levels == spec.levels else f', {data}'}, {how[spec.method]}"


def open_codebook(model: Model, spec: CodebookSpec, path: str | None = None) -> CodebookTorch:
    """Return what runs `model` with the levels of a file, of a stored variant, or made just now.

    Quantisation after training (``constrain``) needs no stored variant; the levels of the data are fitted to
    the calibration set of the model. Without one, the data stay as they are, and the notes say so.

    Raises
    ------
    SciMLError
        If the file is none, belongs to another model, or no such variant is stored.
    """
    parent = model.variant("float32").sha256
    if path is not None:
        read = file.read(path)
        if read.parent not in ("", parent):
            raise SciMLError(
                f"The codebook {path} was made for other weights than those of {model.name}",
                "choose the model that it was made for",
            )
        return CodebookTorch(model, read, parent, file_name=Path(path).name)
    stored = [v for v in model.variants if v.kind == "codebook" and v.spec == spec]
    if stored:
        found = stored[0]
        return CodebookTorch(model, file.from_bytes(found.read(), str(found.file)), found.sha256)
    if spec.method != "constrain":
        raise SciMLError(
            f"The model {model.name} has no stored codebook of {label_of(spec)}, scope {spec.scope}",
            f"{stored_ones(model)}; or make it: napari-sciml quantize {model.name} --levels {spec.levels} "
            f"--method {spec.method} --scope {spec.scope} --out DIR; or choose the method constrain",
        )
    return constrained_now(model, spec, parent)


def nearest_codebook(model: Model, spec: CodebookSpec, path: str | None = None) -> CodebookTorch:
    """Return what `open_codebook` does; if no such variant is stored, quantise after training and say so."""
    try:
        return open_codebook(model, spec, path)
    except SciMLError as error:
        if path is not None or spec.method == "constrain":
            raise
        plain = open_codebook(model, spec.model_copy(update={"method": "constrain"}))
        plain.notes = (
            f"{error.message}: its weights were quantised without training instead, which is less exact",
            *plain.notes,
        )
        return plain


def constrained_now(model: Model, spec: CodebookSpec, parent: str) -> CodebookTorch:
    """Quantise the weights of a model, as the paper does."""
    data = None
    notes: tuple[str, ...] = ()
    if spec.data_levels is not None:
        try:
            data = data_codebook(model.calibration_images(), spec.data_levels, model.normalisation)
        except SciMLError as error:
            notes = (f"{error.message}, so only the weights were quantised and the data were not",)
            spec = spec.model_copy(update={"data_levels": None})
    weights = weights_of(folded_module(model))
    return CodebookTorch(model, constrain(weights, spec, data, parent=parent), parent, notes)


def stored_ones(model: Model) -> str:
    """Return which codebooks a model has."""
    keys = [v.spec.key for v in model.variants if v.kind == "codebook" and v.spec is not None]
    return f"it has {', '.join(keys)}" if keys else "it has none"
