"""Rates with intervals in which whole frames are drawn, since tiles of one frame are not independent."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.networks.card import Metric
from napari_sciml.techniques.diffraction.evaluate.test_sets import TRUTHS, ScoredFrames
from napari_sciml.techniques.diffraction.grid import BRAGG, NONE
from napari_sciml.training.metrics import wilson

Counts = npt.NDArray[np.integer]
DRAWS = 1000
"""Bootstrap draws of whole frames, of which an interval is made."""


def rate(
    name: str, split: str, successes: Counts, trials: Counts, note: str = "", baseline: float | None = None
) -> Metric:
    """Return a rate from counts of each frame; none or all of n, and a single frame, have other intervals."""
    total, right = int(trials.sum()), int(successes.sum())
    if right in (0, total):
        low, high = wilson(right, total) if right == 0 else (0.05 ** (1 / max(total, 1)), 1.0)
    elif len(trials) == 1:
        low, high = wilson(right, total)
    else:
        drawn = np.random.default_rng(0).integers(len(trials), size=(DRAWS, len(trials)))
        below = trials[drawn].sum(axis=1)
        shares = successes[drawn].sum(axis=1)[below > 0] / below[below > 0]
        low, high = (float(edge) for edge in np.percentile(shares, [2.5, 97.5]))
    return Metric(
        name=name,
        value=right / max(total, 1),
        low=low,
        high=high,
        n=max(total, 1),
        split=split,
        note=note,
        baseline=baseline,
    )


def balanced(name: str, split: str, found: Counts, bragg: Counts, quiet: Counts, none: Counts) -> Metric:
    """Return the mean of recall and specificity of tiles, from counts of each frame."""
    drawn = np.random.default_rng(0).integers(len(bragg), size=(DRAWS, len(bragg)))

    def value(index: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
        recall = found[index].sum(axis=-1) / np.maximum(bragg[index].sum(axis=-1), 1)
        return np.asarray((recall + quiet[index].sum(axis=-1) / np.maximum(none[index].sum(axis=-1), 1)) / 2)

    low, high = np.percentile(value(drawn), [2.5, 97.5])
    every = np.arange(len(bragg))
    return Metric(
        name=name,
        value=float(value(every)),
        low=float(low),
        high=float(high),
        n=int((bragg + none).sum()),
        split=split,
        baseline=0.5,
        note="baseline is always no",
    )


def per_frame(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Count the tiles that are set in each frame."""
    return np.asarray(flags.sum(axis=(1, 2)), np.int64)


def tile_figures(scored: ScoredFrames, positive: npt.NDArray[np.bool_], split: str) -> list[Metric]:
    """Measure the tiles of hit frames; undecided ones are left out."""
    hit = scored.truth == TRUTHS.index("hit")
    bragg, none = scored.tiles[hit] == BRAGG, scored.tiles[hit] == NONE
    said = positive[hit]
    decided = bragg | none
    found, false = per_frame(said & bragg), per_frame(said & none)
    right = per_frame((said == bragg) & decided)
    majority = float(none.sum() / max(decided.sum(), 1))
    undecided = scored.tiles[hit] == -1
    return [
        rate("tile recall", split, found, per_frame(bragg), "tiles of hit frames that the label rule counts"),
        rate("tile precision", split, found, found + false, "hit frames, undecided tiles left out"),
        balanced(
            "tile balanced accuracy", split, found, per_frame(bragg), per_frame(~said & none), per_frame(none)
        ),
        rate(
            "tile accuracy", split, right, per_frame(decided), "hit frames; baseline is always no", majority
        ),
        rate("undecided tiles called Bragg", split, per_frame(said & undecided), per_frame(undecided)),
    ]


def frame_figures(
    scored: ScoredFrames, positive: npt.NDArray[np.bool_], split: str, min_tiles: int = 3
) -> list[Metric]:
    """Measure the frames; weak crystals (maybe) are left out and told apart."""
    said = per_frame(positive) >= min_tiles
    metrics = []
    for name, truth, wanted in (
        ("frame recall", "hit", True),
        ("frame specificity", "miss", False),
        ("maybe frames called hits", "maybe", True),
    ):
        chosen = scored.truth == TRUTHS.index(truth)
        right = (said[chosen] == wanted).astype(np.int64)
        if chosen.any():
            metrics.append(rate(name, split, right, np.ones_like(right), f"at least {min_tiles} tiles"))
    recall, specificity = metrics[0], metrics[1]
    for share in (0.05, 0.1, 0.5):
        values = [
            hits * share / max(hits * share + (1 - quiet) * (1 - share), 1e-12)
            for hits, quiet in (
                (recall.value, specificity.value),
                (recall.low, specificity.low),
                (recall.high, specificity.high),
            )
        ]
        metrics.append(
            Metric(
                name=f"frame precision at {share:.0%} hits",
                value=values[0],
                low=values[1],
                high=values[2],
                n=recall.n + specificity.n,
                split=split,
                note=f"recall {recall.value:.3f} and specificity {specificity.value:.3f} depend not on it",
                baseline=share,
            )
        )
    return metrics
