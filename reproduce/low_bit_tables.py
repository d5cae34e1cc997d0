"""Count, compare and show what low-bit networks cost: Tables VIII and IX beside the paper's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.networks.codebook.spec import bits_for
from napari_sciml.training.metrics import wilson
from reproduce.low_bit_cells import FLOAT, METHODS, Cell

Right = npt.NDArray[np.bool_]
PAPER_VIII = {1: 2.2, 2: 78.6, 3: 92.4, 4: 90.6, 5: 95.6, 6: 94.8, 7: 96.8, 8: 98.8}
PAPER_IX = {
    (data, weights): rate
    for data, rates in {
        1: (2.2, 1.4, 1.0, 1.0),
        2: (2.2, 78.6, 94.8, 96.8),
        4: (2.2, 65.4, 90.6, 98.8),
        8: (2.2, 71.6, 88.8, 98.8),
    }.items()
    for weights, rate in zip((1, 2, 4, 8), rates, strict=True)
}
"""Success rates in %, levels of data and weights (Ushizima et al. 2016)."""
PAPER_N = 500
"""The fewest test images that all of the paper's rates fit; it states 200."""


class Tally:
    """Which test images each method labelled right, for every cell and seed.

    Parameters
    ----------
    name
        Of the map.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._right: dict[tuple[str, Cell | None], dict[int, Right]] = {}

    def add(self, method: str, cell: Cell | None, seed: int, right: Right) -> None:
        """Note which images were labelled right; `cell` is None for float32."""
        self._right.setdefault((method, cell), {})[seed] = right

    def right(self, method: str, cell: Cell | None) -> list[Right]:
        """Return them, one array for each seed."""
        found = self._right[method, cell]
        return [found[seed] for seed in sorted(found)]

    def table(self, cells: Sequence[Cell]) -> pd.DataFrame:
        """Return one row for each method and cell, float32 first.

        ``accuracy`` with Wilson's 95 % interval ``low`` to ``high`` is over all seeds' images together;
        ``sd_of_seeds`` says how far trainings differ, which the interval does not know. ``lost`` is what is
        lost against float32 on the same images, in points, with the 95 % interval of the mean over seeds.
        """
        rows = [self._row(FLOAT, None)]
        rows += [self._row(method, cell) for method in METHODS for cell in cells]
        return pd.DataFrame(rows)

    def _row(self, method: str, cell: Cell | None) -> dict[str, object]:
        right = self.right(method, cell)
        each = np.array([seed.mean() for seed in right])
        hits, count = int(sum(seed.sum() for seed in right)), sum(len(seed) for seed in right)
        low, high = wilson(hits, count)
        lost = 100 * np.array(
            [f.mean() - r.mean() for f, r in zip(self.right(FLOAT, None), right, strict=True)]
        )
        data, weights = cell or (0, 0)
        return {
            "map": self.name,
            "method": method,
            "data_levels": data or None,
            "weight_levels": weights or None,
            "bits": bits_for(weights) if weights else 32,
            "accuracy": hits / count,
            "low": low,
            "high": high,
            "n": count,
            "seeds": len(each),
            "sd_of_seeds": float(each.std(ddof=1)) if len(each) > 1 else None,
            "worst_seed": each.min(),
            "best_seed": each.max(),
            "lost": lost.mean(),
            "lost_plus_minus": half_interval(lost),
            "paper": None if cell is None else (PAPER_IX.get(cell) or paper_diagonal(cell)),
        }


def paper_diagonal(cell: Cell) -> float | None:
    """Return the rate of Table VIII, which has as many levels for both."""
    return PAPER_VIII.get(cell[0]) if cell[0] == cell[1] else None


def half_interval(values: npt.NDArray[np.float64]) -> float | None:
    """Return half the 95 % interval of a mean, by Student's t."""
    from scipy.stats import t

    count = len(values)
    return float(t.ppf(0.975, count - 1) * values.std(ddof=1) / np.sqrt(count)) if count > 1 else None


def neighbours(tally: Tally, cells: Sequence[Cell]) -> pd.DataFrame:
    """Compare each number of levels with the next on the same images: McNemar's exact test over all seeds.

    A larger number that does worse is no finding unless the test says so; the images of one seed share their
    network, so that ``p`` is too sure, and ``seeds_better`` shows whether all trainings agree.
    """
    from scipy.stats import binomtest

    rows = []
    for method in METHODS:
        for one, other in pairwise(cells):
            pairs = list(zip(tally.right(method, one), tally.right(method, other), strict=True))
            lost = int(sum((a & ~b).sum() for a, b in pairs))
            won = int(sum((b & ~a).sum() for a, b in pairs))
            rows.append(
                {
                    "map": tally.name,
                    "method": method,
                    "from": one[1],
                    "to": other[1],
                    "only_fewer_right": lost,
                    "only_more_right": won,
                    "seeds_better": sum(int(b.mean() > a.mean()) for a, b in pairs),
                    "seeds": len(pairs),
                    "p": float(binomtest(won, won + lost).pvalue) if won + lost else 1.0,
                }
            )
    return pd.DataFrame(rows)


def paper_of(eight: pd.DataFrame, nine: pd.DataFrame) -> str:
    """Write both tables as markdown, the paper's numbers beside ours."""
    parts = []
    for name, rows in eight.groupby("map", sort=False):
        count, seeds = int(rows["n"].iloc[0]), int(rows["seeds"].iloc[0])
        exact = rows.iloc[0]
        parts.append(
            f"## {name}: Table VIII\n\nCorrect views in %, as many levels for the data as for the weights; "
            f"{seeds} trainings, {count:,} test images, standard deviation between trainings in brackets. "
            f"float32: {100 * exact['accuracy']:.2f} "
            f"({100 * exact['low']:.2f} to {100 * exact['high']:.2f}).\n"
        )
        parts.append(markdown(rows.iloc[1:], "weight_levels"))
        parts.append(f"\n## {name}: Table IX\n")
        for method, cells in nine[(nine["map"] == name) & (nine["method"] != FLOAT)].groupby(
            "method", sort=False
        ):
            parts.append(f"\n{method}: rows are levels of the data, columns levels of the weights.\n")
            parts.append(square(cells))
    paper = " | ".join(f"{PAPER_VIII[k]:.1f}" for k in range(1, 9))
    low, high = zip(*(wilson(round(v * PAPER_N / 100), PAPER_N) for v in PAPER_VIII.values()), strict=True)
    spread = " | ".join(f"{100 * a:.1f}-{100 * b:.1f}" for a, b in zip(low, high, strict=True))
    parts.append(
        f"\n## The paper\n\nLevels 1 to 8: {paper}. 95 % intervals if it tested {PAPER_N} images, the fewest "
        f"that its rates fit (it states 200): {spread}.\n"
    )
    return "\n".join(parts)


def markdown(rows: pd.DataFrame, column: str) -> str:
    """Write one line for each method and one column for each number of levels."""
    levels = sorted(int(k) for k in rows[column].unique())
    lines = ["| levels | " + " | ".join(str(k) for k in levels) + " |", "|---" * (len(levels) + 1) + "|"]
    lines.append("| bits | " + " | ".join(str(bits_for(k)) for k in levels) + " |")
    lines.append("| paper | " + " | ".join(f"{PAPER_VIII[k]:.1f}" for k in levels) + " |")
    for method, found in rows.groupby("method", sort=False):
        cells = []
        for k in levels:
            cell = found[found[column] == k].iloc[0]
            spread = "" if pd.isna(cell["sd_of_seeds"]) else f" ({100 * cell['sd_of_seeds']:.1f})"
            cells.append(f"{100 * cell['accuracy']:.2f}{spread}")
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def square(cells: pd.DataFrame) -> str:
    """Write the cells of one method as a square, the paper's number in brackets."""
    levels = sorted(int(k) for k in cells["weight_levels"].unique())
    lines = [
        "| data \\ weights | " + " | ".join(str(k) for k in levels) + " |",
        "|---" * (len(levels) + 1) + "|",
    ]
    for data in levels:
        row = []
        for weights in levels:
            cell = cells[(cells["data_levels"] == data) & (cells["weight_levels"] == weights)].iloc[0]
            row.append(f"{100 * cell['accuracy']:.2f} ({cell['paper']:.1f})")
        lines.append(f"| {data} | " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def picture(eight: pd.DataFrame, path: Path) -> None:
    """Draw accuracy over levels for each method, one panel for each map, with the paper's points."""
    from matplotlib.figure import Figure

    names = list(eight["map"].unique())
    figure = Figure(figsize=(5.2 * len(names), 4.0), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(names), sharey=True))
    for axes, name in zip(panels, names, strict=True):
        rows = eight[eight["map"] == name]
        for mark, (method, found) in zip(
            "os^vDP", rows[rows["method"] != FLOAT].groupby("method", sort=False), strict=False
        ):
            spread = 100 * found["sd_of_seeds"].fillna(0)
            axes.errorbar(
                found["weight_levels"],
                100 * found["accuracy"],
                yerr=spread,
                marker=mark,
                label=method,
                capsize=2,
            )
        axes.plot(list(PAPER_VIII), list(PAPER_VIII.values()), "k*--", label="paper (2016)")
        axes.axhline(100 * rows.iloc[0]["accuracy"], color="0.6", linestyle=":", label="float32")
        axes.set(title=name, xlabel="levels of data and weights", ylim=(0, 102))
    panels[0].set_ylabel("correct views (%); bars: SD of trainings")
    panels[-1].legend(fontsize=7, loc="lower right")
    figure.savefig(path, dpi=130)
