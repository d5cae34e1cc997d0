"""What the page shows of a comparison, as one frozen snapshot that the controller replaces."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari_sciml.app.base.jobs import Going, Phase


@dataclass(frozen=True)
class ComparisonState:
    """Everything the page shows of a comparison.

    Attributes
    ----------
    offered
        Whether there is a result that could be compared.
    blocked
        Why it cannot be compared nevertheless, or an empty string.
    choices, chosen
        What it can be compared with, as words and backend, and the chosen backend.
    going
        How the second run goes.
    is_up
        Whether two results are shown beside each other.
    summary, legend
        How far they agree, and what the symbols mean.
    differences
        Number of places where they differ.
    place
        Which of them is looked at, in words; empty before the first.
    error, note
        What went wrong, or well, last.
    """

    offered: bool = False
    blocked: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    chosen: str = ""
    going: Going = field(default_factory=Going)
    is_up: bool = False
    summary: str = ""
    legend: str = ""
    differences: int = 0
    place: str = ""
    error: str = ""
    note: str = ""

    @property
    def phase(self) -> Phase:
        """Whether anything is under way."""
        return self.going.phase
