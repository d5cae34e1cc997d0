"""How many blank frames would be called hits: what the two sliders show, measured on simulated blanks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model

FILE = "false_hits.csv"


@dataclass(frozen=True)
class FalseHits:
    """Share of blank frames called hits, with its 95 % interval and the number of frames behind it."""

    rate: float
    low: float
    high: float
    frames: int

    @property
    def sentence(self) -> str:
        """The share as a person reads it."""
        low, high = 100 * self.low, 100 * self.high
        return (
            f"about {100 * self.rate:.2g} % false hits on blank frames "
            f"(95 % interval {low:.2g} to {high:.2g} %, {self.frames} simulated frames); "
            "many times more on frames with ice or powder"
        )


def expected_false_hits(model: Model, threshold: float, min_tiles: int) -> FalseHits | None:
    """Look up the false hits of a model at the nearest measured threshold that is not above `threshold`.

    More tiles than were measured give the rate of the most that were, which is no smaller. None if the model
    has no such table, or the threshold is below all of them.
    """
    path = model.attachment(FILE)
    if not path.is_file():
        return None
    table = pd.read_csv(path)
    table = table[table["threshold"] <= threshold + 1e-9]
    if table.empty:
        return None
    table = table[table["threshold"] == table["threshold"].max()]
    row = table[table["min_tiles"] == min(min_tiles, int(table["min_tiles"].max()))].iloc[0]
    return FalseHits(float(row["rate"]), float(row["low"]), float(row["high"]), int(row["frames"]))


def caution(model: str, threshold: float, live: Mapping[str, Any]) -> str:
    """Return how many blank frames a model would call hits at a threshold and this `min_tiles`."""
    expected = expected_false_hits(get_model(model), threshold, int(live["min_tiles"]))
    if expected is None:
        return "How many blank frames this would call hits was not measured for this model and threshold."
    return f"Expect {expected.sentence}."
