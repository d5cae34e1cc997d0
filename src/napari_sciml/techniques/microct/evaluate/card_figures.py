"""``napari-sciml evaluate microct``: the figures of the model cards, on phantoms and on real patches.

No choice is made here: the networks, their thresholds and the phantoms are fixed before.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.backends import open_predictor
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import Progress, drive
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.card import Metric
from napari_sciml.networks.registry import WEIGHTS_FOLDER, get_model
from napari_sciml.networks.saving import update_card
from napari_sciml.techniques.microct.evaluate.realism import discrimination_auc, profile_distance
from napari_sciml.techniques.microct.recipe import MicroCT
from napari_sciml.techniques.microct.settings import MicroCTSettings
from napari_sciml.techniques.microct.simulate.patches import cut_patches
from napari_sciml.techniques.microct.simulate.phantom import Phantom, simulate_volume
from napari_sciml.techniques.microct.simulate.spec import random_spec
from napari_sciml.training.baseline import PixelSVM, drawn_ring_accuracy
from napari_sciml.training.evaluated import save_evaluation
from napari_sciml.training.matching import Matching, match_points
from napari_sciml.training.metrics import accuracy_metric

MATCH_RADIUS_PX = 4.0
"""Distance in pixels up to which a found centre is the true one: half a fibre."""
PHANTOMS = 10
"""Fresh specimens of each family, from seeds that training never draws."""
FIRST_SEED = 950_000
"""First seed of the test specimens: training draws from lower ones."""
REAL = "real patches, no fine-tuning"


@dataclass(frozen=True)
class RealPatches:
    """Labelled real patches: images ``(n, 16, 16)``, labels 0 or 1, and the slab of 50 slices of each."""

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    slab: npt.NDArray[np.int64]

    @classmethod
    def read(cls, path: Path) -> RealPatches:
        """Read an npz file with ``images``, ``labels`` and ``coords`` (the third is the slice).

        Raises
        ------
        SciMLError
            If the file is missing or does not hold them.
        """
        try:
            with np.load(path) as stored:
                return cls(stored["images"], stored["labels"], stored["coords"][:, 2] // 50)
        except (OSError, KeyError, ValueError) as error:
            raise SciMLError(
                f"{path} holds no labelled patches ({error})",
                "give an npz file with images, labels and coords",
            ) from error


def evaluate(
    out: Path, data: Path | None = None, models: Path | None = None
) -> Generator[Progress, None, pd.DataFrame]:
    """Measure both models and write ``evaluation.csv`` to `out`.

    Parameters
    ----------
    data
        Real labelled patches (npz), or None to leave them out.
    models
        Folder with the folders of both models; their cards get the figures. None measures the shipped
        models and leaves their cards alone.
    """
    dense = str((models or WEIGHTS_FOLDER) / "microct-fiber-dense")
    patch = str((models or WEIGHTS_FOLDER) / "microct-fiber")
    metrics: dict[str, list[Metric]] = {dense: [], patch: []}
    phantoms = yield from fresh_phantoms()
    for family in ("standard", "degraded"):
        metrics[dense] += detection_metrics(dense, phantoms[family], family)
    if data is not None:
        real = RealPatches.read(data)
        for name, found in metrics.items():
            found += real_metrics(name, real)
        metrics[patch] += realism_metrics(phantoms["standard"] + phantoms["degraded"], real)
    rows = [{"model": Path(name).name, **m.model_dump()} for name, found in metrics.items() for m in found]
    table = pd.DataFrame(rows)
    save_evaluation(out, "microct", {"evaluation.csv": table})
    if models is not None:
        for name, found in metrics.items():
            update_card(Path(name), found)
    return table


def fresh_phantoms() -> Generator[Progress, None, dict[str, list[Phantom]]]:
    """Simulate the test specimens, two slices each."""
    phantoms: dict[str, list[Phantom]] = {"standard": [], "degraded": []}
    for number in range(2 * PHANTOMS):
        family = "standard" if number < PHANTOMS else "degraded"
        rng = np.random.default_rng(FIRST_SEED + number)
        spec = random_spec(rng, slices=2, degraded=family == "degraded")
        phantoms[family].append(simulate_volume(spec, FIRST_SEED + number))
        yield Progress(number + 1, 2 * PHANTOMS, "specimens")
    return phantoms


def detection_metrics(model: str, phantoms: list[Phantom], family: str) -> list[Metric]:
    """Run the finder at its defaults on phantoms and measure precision, recall, F1 and the distance."""
    matchings = [detect(model, phantom) for phantom in phantoms]
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(matchings), size=(1000, len(matchings)))
    split = f"{family} phantoms"
    count = sum(m.true for m in matchings)
    metrics = []
    for name in ("precision", "recall", "f1"):
        rates = [getattr(pool(matchings, row), name) for row in drawn]
        low, high = np.percentile(rates, [2.5, 97.5])
        value = getattr(pool(matchings, np.arange(len(matchings))), name)
        note = f"within {MATCH_RADIUS_PX:.0f} px, {len(phantoms)} fresh specimens, interval over specimens"
        metrics.append(Metric(name=name, value=value, low=low, high=high, n=count, split=split, note=note))
    distances = np.concatenate([m.distances for m in matchings])
    quartiles = np.percentile(distances, [50, 2.5, 97.5])
    metrics.append(
        Metric(
            name="distance_px",
            value=quartiles[0],
            low=quartiles[1],
            high=quartiles[2],
            n=len(distances),
            split=split,
            note="median distance of a found centre to the true one, and the range of 95 % of them",
        )
    )
    return metrics


def detect(model: str, phantom: Phantom) -> Matching:
    """Run the finder on a phantom and match its points to the truth."""
    source = ImageSource.from_array(phantom.volume, name="phantom")
    settings = MicroCTSettings(model=model)  # type: ignore[call-arg]
    findings = drive(MicroCT().run(source, settings))
    # Slices are moved far apart, so that a pair always lies in one slice.
    spread = np.array([1000.0, 1.0, 1.0])
    places = [table[["z", "y", "x"]].to_numpy(float) * spread for table in (findings.table, phantom.truth)]
    return match_points(places[0], places[1], MATCH_RADIUS_PX)


def pool(matchings: list[Matching], rows: npt.NDArray[np.integer]) -> Matching:
    """Add up matchings, each as often as `rows` names it."""
    chosen = [matchings[row] for row in rows]
    return Matching(
        sum(m.found for m in chosen),
        sum(m.true for m in chosen),
        np.concatenate([m.pairs for m in chosen]),
        np.concatenate([m.distances for m in chosen]),
    )


def real_metrics(model: str, real: RealPatches) -> list[Metric]:
    """Measure the accuracy on real patches, beside a drawn ring and an SVM trained on real ones."""
    network = get_model(model)
    predictor = open_predictor(network, "float32", "torch")
    try:
        scores = predictor.classify(network.normalise(real.images))[:, network.classes.index("fiber")]
    finally:
        predictor.close()
    ring = drawn_ring_accuracy(real.images, real.labels)
    learnt = PixelSVM().cross_validated(real.images, real.labels, real.slab)
    return [
        accuracy_metric(
            scores,
            real.labels,
            REAL,
            groups=real.slab,
            baseline=ring,
            note="threshold 1/2, interval over slabs of 50 slices; baseline is a drawn ring with the best "
            f"threshold; an SVM trained on real patches and tested on other slabs reaches {learnt:.3f}; the "
            "ranges of the simulator were drawn with these patches in view",
        )
    ]


def realism_metrics(phantoms: list[Phantom], real: RealPatches) -> list[Metric]:
    """Compare simulated and real fibre patches."""
    rng = np.random.default_rng(0)
    parts = [cut_patches(phantom, 400, number, rng) for number, phantom in enumerate(phantoms)]
    fibers = np.concatenate([part.images[part.labels == 1] for part in parts])
    wanted = real.images[real.labels == 1]
    size = len(wanted)
    draws = [rng.integers(size, size=size) for _ in range(20)]
    distances = [profile_distance(fibers, wanted[draw]) for draw in draws]
    auc = discrimination_auc(fibers, wanted)
    low, high = np.percentile(distances, [2.5, 97.5])
    half = 1.96 * np.sqrt(auc * (1 - auc) / size)
    return [
        Metric(
            name="profile_distance",
            value=profile_distance(fibers, wanted),
            low=low,
            high=high,
            n=size,
            split="simulated against real fibres",
            note="RMS difference of the mean radial profiles, in patch standard deviations",
        ),
        Metric(
            name="discrimination_auc",
            value=auc,
            low=auc - half,
            high=min(1.0, auc + half),
            n=2 * size,
            split="simulated against real fibres",
            note="an SVM told to tell them apart; 0.5 would be indistinguishable",
        ),
    ]
