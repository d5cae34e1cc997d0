"""One network of Table III at each number of levels, by each method: what it answers to the test images."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from napari_sciml.core.progress import Progress
from napari_sciml.core.training_images import Examples
from napari_sciml.io.saving.atomic import replacing
from napari_sciml.networks.codebook.constrained import Constrained, data_codebook
from napari_sciml.networks.codebook.module import data_tables, loaded, quantise
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.techniques.cryoem.train.orientation.dataset import LabelledImages
from napari_sciml.techniques.cryoem.train.orientation.paper_protocol import (
    ARCHITECTURE,
    LEARNT,
    PaperSettings,
    moved,
)
from napari_sciml.techniques.cryoem.train.orientation.stream import standardised
from napari_sciml.training.quantisation.distil import DISTIL_SETTINGS, quantise_network

Labels = npt.NDArray[np.int64]
AT_ONCE = 250
"""Images in one pass of the network: bounds memory, changes no answer."""
METHODS = {
    "paper's text: constrain, one codebook": CodebookSpec(method="constrain", scope="global"),
    "paper's captions: the biases too": CodebookSpec(method="constrain", scope="global", targets="biases"),
    "constrain, a codebook for each layer": CodebookSpec(method="constrain", scope="layer"),
    "trained codebooks": CodebookSpec(method="trained", scope="layer"),
    "quantization-aware training": CodebookSpec(method="qat", scope="layer"),
}
"""Ways to quantise, in the order of the tables; the numbers of levels are filled in for each cell."""
FLOAT = "float32"
Cell = tuple[int, int]
"""Levels of the data, levels of the weights."""


@dataclass(frozen=True)
class Case:
    """One trained network with the images it learnt from and those it is tested on.

    Attributes
    ----------
    network
        Table III, trained.
    learnt
        The standardised images it learnt from; levels of the data come from them alone.
    tested
        Standardised test images.
    seed
        Of the training.
    work
        Keeps the answers, so that nothing is computed twice.
    epochs
        Passes over the images for levels that learn; None as usual.
    """

    network: nn.Module
    learnt: Tensor
    tested: Tensor
    seed: int
    work: Path
    epochs: int | None = None

    @classmethod
    def of(
        cls, network: nn.Module, images: LabelledImages, test: LabelledImages, seed: int, work: Path
    ) -> Case:
        """Standardise the images; the first four fifths of `images` are those that were learnt from."""
        cut = len(images.labels) * LEARNT // 2000
        learnt, tested = (
            torch.from_numpy(np.asarray(i, np.float32)) for i in (images.images[:cut], test.images)
        )
        work.mkdir(parents=True, exist_ok=True)
        return cls(network, standardised(learnt), standardised(tested), seed, work)

    def answers(self, method: str, cell: Cell) -> Generator[Progress, None, Labels]:
        """Return the labels of the test images by `method`, from an earlier call if there was one.

        With a single level, of data or weights, there is nothing to learn: all
        methods then only quantise.
        """
        spec = METHODS[method].model_copy(update={"data_levels": cell[0], "levels": cell[1]})
        if min(cell) == 1:
            spec = spec.model_copy(update={"method": "constrain"})
        stored = self.work / f"{spec.key}.npy"
        if not stored.is_file():
            training = self.work / spec.key
            said = label(self.network, (yield from self._constrained(spec, training)), self.tested)
            with replacing(stored) as draft:
                np.save(draft, said.astype(np.uint8))
            shutil.rmtree(training, ignore_errors=True)
        labels: Labels = np.load(stored).astype(np.int64)
        return labels

    def _constrained(self, spec: CodebookSpec, folder: Path) -> Generator[Progress, None, Constrained]:
        assert spec.data_levels is not None
        data = data_codebook(self.learnt.numpy(), spec.data_levels)
        settings = DISTIL_SETTINGS.get(spec.method)
        if settings is not None and self.epochs is not None:
            settings = replace(settings, epochs=self.epochs)
        return (
            yield from quantise_network(
                copy.deepcopy(self.network),
                spec,
                data,
                Examples(self.learnt.numpy(), "training images", vary),
                self.seed,
                folder,
                settings=settings,
            )
        )


def vary(batch: Tensor) -> Tensor:
    """Turn and move images a little, as their training does."""
    settings = PaperSettings()
    return standardised(moved(batch, settings.turn_deg, settings.shift_px))


def label(network: nn.Module, constrained: Constrained | None, images: Tensor) -> Labels:
    """Name the views of standardised images ``(n, 64, 64)``, with levels or, without, in float32."""
    module = copy.deepcopy(network).eval()
    if constrained is not None:
        loaded(module, constrained, ARCHITECTURE)
        if constrained.data is not None:
            images = quantise(images, *data_tables(constrained.data))
    with torch.inference_mode():
        parts = [module(part[:, None]).argmax(1) for part in torch.split(images, AT_ONCE)]
    labels: Labels = torch.cat(parts).numpy()
    return labels
