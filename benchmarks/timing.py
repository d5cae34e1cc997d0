"""Time several ways of doing the same thing, in turns, so that a busy machine slows all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any


def in_turns(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Run each way once for warming up and then `rounds` times, one after the other; return the seconds."""
    for way in ways.values():
        way()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def ratio(slow: list[float], fast: list[float]) -> float:
    """Return how many times faster one way is: the median over the rounds."""
    return median(a / b for a, b in zip(slow, fast, strict=True))


def show(rows: list[dict[str, Any]]) -> None:
    """Print rows as a markdown table."""
    print("| " + " | ".join(name.replace("_", " ") for name in rows[0]) + " |")
    print("|" + "---|" * len(rows[0]))
    for row in rows:
        cells = [f"{value:.3g}" if isinstance(value, float) else str(value or "") for value in row.values()]
        print("| " + " | ".join(cells) + " |")
