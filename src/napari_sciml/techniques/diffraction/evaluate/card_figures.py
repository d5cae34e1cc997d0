"""``napari-sciml evaluate diffraction``: the figures of the model card, on runs made only to test on.

No choice is made here: network, operating point, prefilter and minimum number of tiles are fixed before.
"""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.progress import Progress
from napari_sciml.networks.card import Metric
from napari_sciml.networks.registry import WEIGHTS_FOLDER, get_model
from napari_sciml.networks.saving import update_card
from napari_sciml.techniques.diffraction.evaluate.frame_rates import (
    frame_figures,
    per_frame,
    rate,
    tile_figures,
)
from napari_sciml.techniques.diffraction.evaluate.real_frames import real_figures
from napari_sciml.techniques.diffraction.evaluate.test_sets import (
    SETS,
    TRUTHS,
    ScoredFrames,
    read_scored,
    score_test_frames,
)
from napari_sciml.techniques.diffraction.false_hits import FILE as FALSE_HITS
from napari_sciml.techniques.diffraction.grid import BRAGG, NONE
from napari_sciml.techniques.diffraction.simulate.artefacts import ARTEFACTS, PAINTED, bits
from napari_sciml.techniques.diffraction.simulate.frame import KINDS
from napari_sciml.training.evaluated import as_csv, save_evaluation

NAME = "diffraction-bragg"
ROC = "roc.csv"
THRESHOLD = 0.5
"""Score from which a tile counts as a Bragg tile: the default of a run."""
MOST_TILES = 30
"""Least tiles of a hit for which rates are stated, at the most."""
THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""For the table of false hits behind the sliders."""


@dataclass(frozen=True)
class EvaluationSize:
    """Runs of each set in `SETS`, frames of a run, edge of a frame."""

    runs: tuple[int, int, int] = (48, 24, 60)
    frames: int = 8
    size_px: int = 1920


def evaluate(
    out: Path,
    data: Path | None = None,
    models: Path | None = None,
    size: EvaluationSize | None = None,
    workers: int = 2,
) -> Generator[Progress, None, pd.DataFrame]:
    """Measure the model and write ``evaluation.csv`` and ``roc.csv`` to `out`; resumes where it stopped.

    Parameters
    ----------
    data
        A real frame with Bragg spots (HDF5 or a detector file), or None to leave it out.
    models
        Folder with the folder of the model; its card gets the figures. None measures the shipped model and
        leaves its card alone.
    size
        How much is simulated.
    """
    size = size or EvaluationSize()
    folder = (models or WEIGHTS_FOLDER) / NAME
    digest = get_model(folder).variant("float32").sha256[:8]
    cache = out / "work"
    cache.mkdir(parents=True, exist_ok=True)
    jobs = [
        (
            which,
            number,
            size.frames,
            size.size_px,
            str(folder),
            cache / f"{which}-{number:03d}-{size.size_px}-{digest}.npz",
        )
        for which, count in zip(SETS, size.runs, strict=True)
        for number in range(count)
    ]
    with ProcessPoolExecutor(workers) as pool:
        for done, _ in enumerate(pool.map(score_test_frames, jobs), start=1):
            yield Progress(done, len(jobs), "runs")
    scored_sets = {
        which: ScoredFrames.join([read_scored(job[-1]) for job in jobs if job[0] == which]) for which in SETS
    }
    metrics = [metric for which in SETS[:2] for metric in compare(scored_sets[which], which)]
    metrics += blank_figures(scored_sets["blanks"])
    everything = ScoredFrames.join(list(scored_sets.values()))
    metrics += artefact_figures(everything) + kind_figures(everything)
    if data is not None:
        metrics += real_figures(data, folder)
    sliders = roc(scored_sets)
    false_hits = false_hit_table(scored_sets["blanks"])
    table = pd.DataFrame([{"model": NAME, **metric.model_dump()} for metric in metrics])
    save_evaluation(out, "diffraction", {"evaluation.csv": table, ROC: sliders, FALSE_HITS: false_hits})
    if models is not None:
        update_card(folder, metrics, {FALSE_HITS: as_csv(false_hits), ROC: as_csv(sliders)})
    return table


def compare(scored: ScoredFrames, split: str) -> list[Metric]:
    """Measure the network and the classical finder on the same frames of a set."""
    positive = scored.scores >= THRESHOLD
    peaks = scored.classical > 0
    bragg = scored.tiles == BRAGG
    return [
        *tile_figures(scored, positive, split),
        rate(
            "prefilter recall",
            split,
            per_frame(bragg & (scored.scores > 0)),
            per_frame(bragg),
            "before the network",
        ),
        rate(
            "tiles lost to the prefilter alone",
            split,
            per_frame(scored.lost),
            per_frame(bragg),
            "Bragg tiles that the network would have found",
        ),
        rate(
            "tiles that pass the prefilter", split, per_frame(scored.scores > 0), per_frame(scored.tiles > -9)
        ),
        *frame_figures(scored, positive & ~scored.suspect, split),
        *frame_figures(scored, positive, f"{split}, without the frame-level step")[:2],
        *tile_figures(scored, peaks, f"{split}, classical finder"),
        *frame_figures(scored, peaks, f"{split}, classical finder"),
    ]


def blank_figures(scored: ScoredFrames) -> list[Metric]:
    """Measure frames of a beam on liquid: tiles without any artefact, all tiles, and frames."""
    positive, none = scored.scores >= THRESHOLD, scored.tiles == NONE
    clean = none & (scored.artefacts == 0)
    said = (per_frame(positive & ~scored.suspect) >= 3).astype(np.int64)
    return [
        rate(
            "false tiles",
            "clean blanks",
            per_frame(positive & clean),
            per_frame(clean),
            "no artefact in the tile",
        ),
        rate(
            "false tiles", "blanks", per_frame(positive & none), per_frame(none), "hot pixels, zingers, gaps"
        ),
        rate("false hits", "blanks", said, np.ones_like(said), "at least 3 tiles"),
    ]


def artefact_figures(scored: ScoredFrames) -> list[Metric]:
    """Measure the tiles without Bragg spots that hold each kind of artefact, alone of the painted kinds."""
    positive, none = scored.scores >= THRESHOLD, scored.tiles == NONE
    metrics = []
    for number, kind in enumerate(ARTEFACTS):
        others = bits(other for other in PAINTED if other != kind)
        chosen = none & ((scored.artefacts >> number) & 1 == 1) & (scored.artefacts & others == 0)
        if chosen.any():
            metrics.append(rate("false tiles", kind, per_frame(positive & chosen), per_frame(chosen)))
    return metrics


def kind_figures(scored: ScoredFrames) -> list[Metric]:
    """Measure how often frames without a crystal are called hits, by what happened in them."""
    positive = scored.scores >= THRESHOLD
    metrics = []
    for step, counted in (("", positive & ~scored.suspect), (", without the frame-level step", positive)):
        said = per_frame(counted) >= 3
        for number, kind in enumerate(KINDS[1:], start=1):
            chosen = said[scored.kind == number].astype(np.int64)
            if len(chosen):
                metrics.append(rate("false hits", f"{kind} frames{step}", chosen, np.ones_like(chosen)))
    return metrics


def roc(scored_sets: dict[str, ScoredFrames]) -> pd.DataFrame:
    """Return frame recall and specificity for every setting of the minimum-tiles slider."""
    rows = []
    for which in SETS[:2]:
        scored = scored_sets[which]
        counts = per_frame((scored.scores >= THRESHOLD) & ~scored.suspect)
        for least in range(1, MOST_TILES + 1):
            hits, misses = (counts[scored.truth == TRUTHS.index(truth)] for truth in ("hit", "miss"))
            row: dict[str, str | float] = {"set": which, "min_tiles": least}
            for name, right in (("recall", hits >= least), ("specificity", misses < least)):
                metric = rate(name, which, right.astype(np.int64), np.ones(len(right), np.int64))
                row |= {name: metric.value, f"{name}_low": metric.low, f"{name}_high": metric.high}
            rows.append(row)
    return pd.DataFrame(rows)


def false_hit_table(scored: ScoredFrames) -> pd.DataFrame:
    """Return the share of blank frames that are called hits, for every pair of the two sliders."""
    rows = []
    for threshold in THRESHOLDS:
        counts: npt.NDArray[np.int64] = per_frame((scored.scores >= threshold) & ~scored.suspect)
        for least in range(1, 11):
            said = (counts >= least).astype(np.int64)
            metric = rate("false hits", "blanks", said, np.ones_like(said))
            rows.append(
                {
                    "threshold": threshold,
                    "min_tiles": least,
                    "rate": metric.value,
                    "low": metric.low,
                    "high": metric.high,
                    "frames": len(counts),
                }
            )
    return pd.DataFrame(rows)
