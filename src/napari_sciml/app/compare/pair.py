"""`ComparedPair`: a result and its second run beside each other, and the walk through what differs."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

from napari.components import ViewerModel
from napari.layers import Image
from psygnal import SignalInstance

from napari_sciml.app.canvas.derived_result import Addition, Files
from napari_sciml.app.canvas.live_settings import like, live_settings
from napari_sciml.app.canvas.result import Result
from napari_sciml.app.canvas.run_access import Runs
from napari_sciml.app.canvas.side_by_side import SideBySide
from napari_sciml.app.compare.text import place_text
from napari_sciml.core.findings import Findings
from napari_sciml.layers.disagreements import Comparison, compare
from napari_sciml.techniques.registry import window_of

TABLE, RECORD = "disagreements.csv", "compared_run.json"
"""Files that are saved beside a result that was compared."""


@dataclass(frozen=True)
class Second:
    """The run that a result is compared with."""

    of: weakref.ref[Result]
    findings: Findings
    names: tuple[str, str]

    def decided_like(self, result: Result) -> Comparison:
        """Compare with `result`, both decided as that is now."""
        return compare(result.findings, like(self.findings, result.findings), self.names)


class ComparedPair(Addition):
    """Shows two results and takes them away again.

    Parameters
    ----------
    viewer
        The real viewer; it is held weakly.
    runs
        Whose results they are; it says on the canvas what both find in a frame.
    """

    def __init__(self, viewer: ViewerModel, runs: Runs) -> None:
        self._runs = runs
        self._second: Second | None = None
        self._comparison: Comparison | None = None
        self._shown: Findings | None = None
        self._row = -1
        self._sides = SideBySide(viewer, runs.canvas)

    @property
    def asked_to_leave(self) -> SignalInstance:
        """Emits when another wants the canvas."""
        return self._sides.asked_to_leave

    @property
    def left_by_viewer(self) -> SignalInstance:
        """Emits when the viewer ended it: a layer was opened or removed meanwhile."""
        return self._sides.left_by_viewer

    @property
    def is_up(self) -> bool:
        """Whether two results are shown."""
        return self._sides.is_up

    @property
    def comparison(self) -> Comparison | None:
        """How they differ, as decided now; None unless they are shown."""
        return self._comparison if self.is_up else None

    @property
    def place(self) -> str:
        """Which difference is looked at, in words; empty before the first."""
        comparison = self.comparison
        return "" if comparison is None or self._row < 0 else place_text(comparison, self._row)

    def is_of(self, result: Result | None) -> bool:
        """Return whether it is `result` that is compared."""
        return result is not None and self._second is not None and self._second.of() is result

    def show(self, result: Result, image: Image, findings: Findings, names: tuple[str, str]) -> None:
        """Show `result` of `image` and the `findings` of its second run beside each other."""
        self._second = Second(weakref.ref(result), findings, names)
        result.add(self)
        comparison = self._compare(result, self._second)
        pair = (result.findings, like(findings, result.findings))
        self._sides.show(image, pair, comparison).say(self._caption_text)

    def decide(self, result: Result) -> None:
        """Decide both as `result` is decided now, if that is another way than before."""
        if self._second is None or result.findings is self._shown:
            return
        comparison = self._compare(result, self._second)
        threshold, live = live_settings(result.findings)
        self._sides.decide(comparison, threshold, live)
        if self._runs.state.frame is not None:
            # What both say about the displayed frame may be another now.
            self._runs.refresh()

    def step(self, by: int) -> None:
        """Go to the next difference, or with -1 to the one before, and around at the end."""
        comparison = self.comparison
        if comparison is None or not len(comparison.table):
            return
        count = len(comparison.table)
        self._row = (self._row + by) % count if self._row >= 0 else (0 if by > 0 else count - 1)
        self._sides.look_at(comparison, self._row)

    def leave(self) -> None:
        """Take both away; what was there comes back as it was."""
        self._row = -1
        self._sides.leave()

    def _compare(self, result: Result, second: Second) -> Comparison:
        self._shown = result.findings
        self._comparison = second.decided_like(result)
        self._row = -1
        return self._comparison

    def files(self) -> Files:
        """Return what is saved with the result: the table of differences and the record of the second run."""
        second = self._second
        result = None if second is None else second.of()
        if second is None or result is None:
            return {}
        comparison = second.decided_like(result)
        return {TABLE: comparison.for_file(), RECORD: second.findings.provenance}

    def _caption_text(self, words: str, frame: int) -> str:
        """Return for the canvas what both results say about a frame."""
        second, cells = self._second, self._sides.cells
        if second is None or not cells:
            return words
        findings = cells[1].result.findings
        other = window_of(findings.provenance.technique).caption_text(findings, frame)
        return f"{second.names[0]}: {words}\n{second.names[1]}: {other}"
