"""``napari-sciml train microct``: from a seed to the two fibre models with their cards."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.io.saving.atomic import write_text
from napari_sciml.networks.architectures import new_module
from napari_sciml.networks.card import Metric, ModelCard
from napari_sciml.techniques.microct.centres import HALF_SCORE_PX
from napari_sciml.techniques.microct.simulate.patches import Patches
from napari_sciml.techniques.microct.train import examples
from napari_sciml.techniques.microct.train.dataset import Dataset, DatasetSpec, build_dataset
from napari_sciml.techniques.microct.train.mining import mine
from napari_sciml.training.baseline import PixelSVM
from napari_sciml.training.fit import FitSettings, fit
from napari_sciml.training.metrics import accuracy_metric, calibration_error
from napari_sciml.training.quantisation.calibration_set import save_trained

CLASSES = ("not_fiber", "fiber")
LIMITS = (
    "Trained on simulated scans only. It says whether a fibre is centred, not whether a fibre is there. "
    "Fibres must be cut roughly across (tilt up to about 15 degrees) and be 10 to 17 px wide with their ring "
    "after rescaling; a thin coating and an open debond crack look alike."
)


def train(
    out: Path, seed: int, quick: bool = False, cancel: CancelToken | None = None
) -> Generator[Progress, None, Path]:
    """Simulate the training set, train both models and write them to `out`; resumes where it stopped.

    Parameters
    ----------
    out
        Gets a folder for each model, and ``work`` with the patches and checkpoints.
    seed
        Decides everything.
    quick
        Make tiny models in a minute, to try the pipeline; never to be used.
    """
    spec = DatasetSpec.quick(seed) if quick else DatasetSpec(seed=seed)
    work = out / "work"
    name = f"patches-{'quick' if quick else 'full'}-{seed}"
    data = yield from build_dataset(spec, work / name)
    baselines = remembered(work / f"baselines-{name}.json", lambda: measure_baselines(data))
    epochs = 2 if quick else 10
    recipes = PatchRecipe(), DenseRecipe(spec, mined_specimens=1 if quick else 48)
    for recipe in recipes:
        settings = FitSettings(epochs=epochs, seed=seed)
        module = yield from recipe.fit(data, settings, work / f"{recipe.name}-{name}", cancel)
        metrics = recipe.measure(module, data, baselines)
        card = recipe.card(data, spec, settings, metrics, quick)
        logs = sorted((work / f"{recipe.name}-{name}").rglob("training.csv"), key=lambda log: len(log.parts))
        log = {"training.csv": b"\n".join(log.read_bytes() for log in logs)}
        yield from save_trained(out / recipe.name, module, card, examples, log)
    return out


def remembered(path: Path, measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Return the figures in `path`, measuring them if an earlier call did not."""
    if not path.is_file():
        write_text(path, json.dumps(measure()))
    figures: dict[str, float] = json.loads(path.read_text())
    return figures


class PatchRecipe:
    """How ``microct-fiber`` is trained: hard labels, each patch standardised by itself."""

    name = "microct-fiber"
    architecture = "table-vii"
    input: tuple[int, int] | None = (16, 16)
    normalisation = "per-patch"

    def targets(self, patches: Patches) -> Tensor:
        """Return the probability of a fibre that each patch is trained towards."""
        return torch.from_numpy(patches.labels.astype(np.float32))

    def normalise(self, patches: Patches, images: Tensor, index: Tensor | slice) -> Tensor:
        """Return the network's input for raw images of the rows `index` of `patches`."""
        wide = images.float()
        wide = wide - wide.mean(dim=(1, 2), keepdim=True)
        spread = wide.square().mean(dim=(1, 2), keepdim=True).sqrt()
        return (wide / spread.clamp(min=1e-6))[:, None]

    def part(self, data: Dataset) -> Patches:
        """Return the patches to train on."""
        return data.part("train")

    def fit(
        self, data: Dataset, settings: FitSettings, folder: Path, cancel: CancelToken | None
    ) -> Generator[Progress, None, nn.Module]:
        """Fit a new network."""
        torch.manual_seed(settings.seed)
        module = new_module(self.architecture)
        return (yield from self.fit_part(module, self.part(data), data, settings, folder, cancel))

    def fit_part(
        self,
        module: nn.Module,
        part: Patches,
        data: Dataset,
        settings: FitSettings,
        folder: Path,
        cancel: CancelToken | None,
    ) -> Generator[Progress, None, nn.Module]:
        """Fit `module` to the patches `part`, watching its accuracy on the random split."""
        probe = data.part("random", degraded=False)
        probe = probe.take(np.arange(min(5_000, len(probe))))

        def validate(module: nn.Module) -> dict[str, float]:
            right = (self.score(module, probe) > 0.5) == (probe.labels == 1)
            return {"random_split_accuracy": float(right.mean())}

        return (
            yield from fit(
                module,
                torch.from_numpy(part.images),
                self.targets(part),
                lambda images, index: self.normalise(part, images, index),
                settings,
                folder,
                validate=validate,
                cancel=cancel,
            )
        )

    def score(self, module: nn.Module, patches: Patches) -> npt.NDArray[np.float32]:
        """Return the probability of a fibre for each patch."""
        scores = []
        with torch.inference_mode():
            for first in range(0, len(patches), 2048):
                chunk = slice(first, first + 2048)
                images = torch.from_numpy(patches.images[chunk])
                logits = module(self.normalise(patches, images, chunk)).flatten(1)
                scores.append(logits.softmax(dim=1)[:, 1].numpy())
        return np.concatenate(scores)

    def measure(self, module: nn.Module, data: Dataset, baselines: dict[str, float]) -> list[Metric]:
        """Measure on every split of both families."""
        metrics = []
        for degraded, family in ((False, "standard scans"), (True, "degraded scans")):
            for split in ("random", "slab-held-out", "fibre-held-out"):
                part = data.part(split, degraded)
                groups = {"random": None, "slab-held-out": part.slab, "fibre-held-out": part.fiber}[split]
                where = split if not degraded else f"{split}, degraded"
                scores = self.score(module, part)
                metrics.append(
                    accuracy_metric(
                        scores,
                        part.labels,
                        where,
                        groups=groups,
                        baseline=baselines[where],
                        note=f"{family}; baseline is an SVM on raw pixels; expected calibration error "
                        f"{calibration_error(scores, part.labels):.4f}",
                    )
                )
        return metrics

    def card(
        self, data: Dataset, spec: DatasetSpec, settings: FitSettings, metrics: list[Metric], quick: bool
    ) -> ModelCard:
        """Write the card."""
        return ModelCard(
            name=self.name,
            technique="microct",
            architecture=self.architecture,
            classes=CLASSES,
            input=self.input,
            normalisation=self.normalisation,
            licence="BSD-3-Clause",
            trained_on=f"{len(self.part(data)):,} patches of {2 * spec.slabs} simulated composites, half of "
            "them scanned well and half badly; no real image",
            training={"dataset": vars(spec), "fit": vars(settings)},
            seeds=(spec.seed,),
            headline="accuracy/random",
            metrics=tuple(metrics),
            limits=LIMITS,
            command=f"napari-sciml train microct --seed {spec.seed}" + (" --quick" if quick else ""),
        )


class DenseRecipe(PatchRecipe):
    """How ``microct-fiber-dense`` is trained: soft labels that peak at the centre, field normalisation."""

    name = "microct-fiber-dense"
    architecture = "table-vii-dense"
    input = None
    normalisation = "field-robust"

    def __init__(self, spec: DatasetSpec, mined_specimens: int) -> None:
        self.spec = spec
        self.mined_specimens = mined_specimens

    def fit(
        self, data: Dataset, settings: FitSettings, folder: Path, cancel: CancelToken | None
    ) -> Generator[Progress, None, nn.Module]:
        """Fit a new network to patches, let it look for its errors on whole slices, and fit to those too."""
        module = yield from super().fit(data, settings, folder, cancel)
        mined = yield from mine(folder / "checkpoint.pt", self.spec, self.mined_specimens, folder / "mined")
        part = Patches.join([self.part(data), mined])
        again = replace(settings, epochs=max(1, settings.epochs // 3), learning_rate=5e-4)
        module = yield from self.fit_part(module, part, data, again, folder / "second", cancel)
        return module

    def part(self, data: Dataset) -> Patches:
        """Return the patches to train on; soft labels can use the unclear ones too."""
        return data.part("train", labelled=False)

    def targets(self, patches: Patches) -> Tensor:
        """Fall off with the distance to the centre like a Gaussian, one half at `HALF_SCORE_PX`."""
        return torch.from_numpy(0.5 ** ((patches.distance_px / HALF_SCORE_PX) ** 2))

    def normalise(self, patches: Patches, images: Tensor, index: Tensor | slice) -> Tensor:
        """Shift and scale each patch by the numbers of the slice it came from."""
        offset = torch.from_numpy(patches.offset)[index][:, None, None]
        gain = torch.from_numpy(patches.gain)[index][:, None, None]
        return ((images.float() - offset) * gain)[:, None]


def measure_baselines(data: Dataset) -> dict[str, float]:
    """Return the accuracy of the SVM on every split; it learns from the same patches as the networks."""
    part = data.part("train")
    machine = PixelSVM().fit(part.images, part.labels)
    result = {}
    for degraded in (False, True):
        for split in ("random", "slab-held-out", "fibre-held-out"):
            tested = data.part(split, degraded)
            where = split if not degraded else f"{split}, degraded"
            result[where] = machine.accuracy(tested.images, tested.labels)
    return result
