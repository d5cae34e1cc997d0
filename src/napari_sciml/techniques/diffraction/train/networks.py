"""``napari-sciml train diffraction``: from a seed to the Bragg model with its card."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.networks.architectures import new_module
from napari_sciml.networks.card import Metric, ModelCard
from napari_sciml.networks.paper.table_iv import TableIV
from napari_sciml.techniques.diffraction.evaluate.frame_rates import rate
from napari_sciml.techniques.diffraction.grid import BRAGG, TILE_PX
from napari_sciml.techniques.diffraction.simulate.frame import KINDS
from napari_sciml.techniques.diffraction.train import examples
from napari_sciml.techniques.diffraction.train.augment import rolled
from napari_sciml.techniques.diffraction.train.dataset import DatasetSpec, Tiles, build_dataset
from napari_sciml.techniques.diffraction.train.filter_bank_init import set_first_weights
from napari_sciml.training.fit import FitSettings, fit
from napari_sciml.training.quantisation.calibration_set import save_trained

EPOCHS = 20
"""Passes over the training tiles."""
CLASSES = ("not_bragg", "bragg")
MOST_FALSE = 0.0004
"""Share of all tiles of blank frames that may be called Bragg, on validation runs."""
LIMITS = (
    "Trained on simulated stills only. One tile cannot tell a spot of salt or coarse ice from a Bragg spot. "
    "The last two rows and columns of a tile are not seen by the network; a run looks at tiles that are "
    "bright there a second time, moved by 2 px. Spots wider than about 5 px and frames with a background of "
    "less than 0.05 photons in a pixel are outside of what it has seen."
)


def train(
    out: Path, seed: int, quick: bool = False, cancel: CancelToken | None = None
) -> Generator[Progress, None, Path]:
    """Simulate the training set, train the model and write it to `out`; resumes where it stopped.

    Parameters
    ----------
    out
        Gets a folder for the model, and ``work`` with tiles and checkpoints.
    seed
        Decides everything.
    quick
        Make a tiny model in a minute, to try the pipeline; never to be used.
    """
    spec = DatasetSpec.quick(seed) if quick else DatasetSpec(seed=seed)
    work = out / "work"
    name = f"tiles-{'quick' if quick else 'full'}-{seed}"
    learnt, probe = yield from build_dataset(spec, work / name)
    settings = FitSettings(epochs=2 if quick else EPOCHS, batch=256, learning_rate=2e-3, seed=seed)
    tiles_in_frame = (spec.size_px // TILE_PX) ** 2
    recipes = [BraggRecipe(tiles_in_frame), PrintedRecipe(tiles_in_frame)]
    metrics, shifts, modules = [], [], []
    for recipe in recipes:
        folder = work / f"{recipe.name}-{name}"
        module = yield from recipe.fit(learnt, probe, settings, folder, cancel)
        shifts.append(recipe.set_operating_point(module, probe))
        metrics.append(recipe.measure(module, probe))
        modules.append(module)
    for recipe, module, shift in zip(recipes, modules, shifts, strict=True):
        # Each card shows the other's figures too, which is the comparison that the paper leaves open.
        card = recipe.card(learnt, spec, settings, metrics, shift, quick)
        log = {"training.csv": (work / f"{recipe.name}-{name}" / "training.csv").read_bytes()}
        yield from save_trained(out / recipe.name, module, card, examples, log)
    return out


class BraggRecipe:
    """How ``diffraction-bragg`` is trained: hard labels, tiles normalised with their frame."""

    name = "diffraction-bragg"
    architecture = "table-iv"
    normalisation = "local-noise"
    said = "with a ReLU before the head"

    def __init__(self, tiles_in_frame: int) -> None:
        self._tiles_in_frame = tiles_in_frame

    def fit(
        self, learnt: Tiles, probe: Tiles, settings: FitSettings, folder: Path, cancel: CancelToken | None
    ) -> Generator[Progress, None, nn.Module]:
        """Fit a new network."""
        torch.manual_seed(settings.seed)

        def validate(module: nn.Module) -> dict[str, float]:
            scores, bragg = self.score(module, probe), probe.labels == BRAGG
            level = self.operating_point(scores, probe)
            return {"recall_at_operating_point": float((scores[bragg] > level).mean())}

        module = new_module(self.architecture)
        assert isinstance(module, TableIV)
        set_first_weights(module, settings.seed)
        return (
            yield from fit(
                module,
                torch.from_numpy(learnt.images),
                torch.from_numpy((learnt.labels == BRAGG).astype(np.float32)),
                lambda images, index: rolled(images.float(), int(index.sum()))[:, None],
                settings,
                folder,
                validate=validate,
                cancel=cancel,
            )
        )

    def score(self, module: nn.Module, tiles: Tiles) -> npt.NDArray[np.float32]:
        """Return the probability of a Bragg spot for each tile."""
        scores = []
        with torch.inference_mode():
            for first in range(0, len(tiles), 1024):
                images: Tensor = torch.from_numpy(tiles.images[first : first + 1024]).float()
                scores.append(module(images[:, None]).softmax(dim=1)[:, 1].numpy())
        return np.concatenate(scores)

    def operating_point(self, scores: npt.NDArray[np.float32], tiles: Tiles) -> float:
        """Return the score above which `MOST_FALSE` of all tiles of blank frames lie.

        Only tiles that pass the prefilter were kept of a frame; those that did not are none above.
        """
        blank = tiles.kind == KINDS.index("blank")
        frames = len(np.unique(np.stack([tiles.run[blank], tiles.frame[blank]]), axis=1).T)
        allowed = int(MOST_FALSE * self._tiles_in_frame * frames)
        false = np.sort(scores[blank & (tiles.labels != BRAGG)])[::-1]
        return float(false[min(allowed, len(false) - 1)]) if len(false) else 0.5

    def set_operating_point(self, module: nn.Module, probe: Tiles) -> float:
        """Move the head's bias so that a score of one half is the operating point; give the move in logits.

        Training tiles hold a Bragg spot far more often than those of a real frame: without the move one half
        would be too low a threshold. Chosen on validation runs, never on a test.
        """
        assert isinstance(module, TableIV)
        level = float(np.clip(self.operating_point(self.score(module, probe), probe), 0.05, 0.999))
        shift = float(np.log(level / (1 - level)))
        with torch.no_grad():
            module.head.bias[1] -= shift
        return shift

    def measure(self, module: nn.Module, probe: Tiles) -> Metric:
        """Measure on the validation runs, at the operating point; `evaluate` adds what counts."""
        bragg = probe.labels == BRAGG
        found, runs = self.score(module, probe)[bragg] >= 0.5, probe.run[bragg]
        numbers = np.unique(runs)
        return rate(
            "tile recall",
            f"validation runs, {self.said}",
            np.array([found[runs == run].sum() for run in numbers]),
            np.array([(runs == run).sum() for run in numbers]),
            f"at {MOST_FALSE:.2%} false tiles on blank frames of these runs; intervals draw whole runs",
        )

    def card(
        self,
        learnt: Tiles,
        spec: DatasetSpec,
        settings: FitSettings,
        metrics: list[Metric],
        shift: float,
        quick: bool,
    ) -> ModelCard:
        """Write the card."""
        return ModelCard(
            name=self.name,
            technique="diffraction",
            architecture=self.architecture,
            classes=CLASSES,
            input=(64, 64),
            normalisation=self.normalisation,
            licence="BSD-3-Clause",
            trained_on=f"{len(learnt):,} tiles of {spec.runs} simulated runs, {spec.frames} stills each, of "
            "seven crystal forms on four detector families; no real image",
            training={"dataset": vars(spec), "fit": vars(settings), "operating_point_logits": shift},
            seeds=(spec.seed,),
            headline="tile balanced accuracy/unseen crystals",
            metrics=tuple(metrics),
            limits=LIMITS,
            command=f"napari-sciml train diffraction --seed {spec.seed}" + (" --quick" if quick else ""),
        )


class PrintedRecipe(BraggRecipe):
    """Table IV exactly as printed, to compare with; it does not ship."""

    name = "diffraction-bragg-printed"
    architecture = "table-iv-printed"
    said = "as printed"
