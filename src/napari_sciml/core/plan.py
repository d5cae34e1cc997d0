"""`RunPlan`: what a run would do, before it does it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RunPlan:
    """The size of a job, or the reason why it cannot start.

    Attributes
    ----------
    tiles
        Units of work; progress is counted in them.
    seconds
        Estimated time on this machine.
    memory_gb
        Estimated peak memory of the work itself, without the program.
    normalisation
        One sentence that says how pixel values are treated.
    what
        Name of the units, if they are not tiles.
    notes
        Facts worth showing, for example how much the image is rescaled.
    problem
        Why the run cannot start, or an empty string if it can.
    """

    tiles: int = 0
    seconds: float = 0.0
    memory_gb: float = 0.0
    normalisation: str = ""
    notes: tuple[str, ...] = ()
    problem: str = ""
    what: str = "tiles"

    @property
    def line(self) -> str:
        """The plan in one line, for example ``64 tiles, about 12 s, 0.4 GB``."""
        if self.problem:
            return self.problem
        tiles = f"1 {self.what.removesuffix('s')}" if self.tiles == 1 else f"{self.tiles} {self.what}"
        return f"{tiles}, about {duration(self.seconds)}, {self.memory_gb:.1f} GB"


def duration(seconds: float) -> str:
    """Write a time span as a person would say it: ``8 s``, ``3 min``, ``2.5 h``."""
    if seconds < 1:
        return "1 s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
