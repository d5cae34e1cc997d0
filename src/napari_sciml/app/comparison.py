"""`ComparisonController`: runs the image of a result once more with another backend and shows both."""

from __future__ import annotations

import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
from napari.layers import Image
from psygnal import Signal

from napari_sciml.app.comparison_words import fell_back, legend, names_of, place_words, summary
from napari_sciml.app.compute import BACKENDS, CODEBOOK_NAMES, SHORT
from napari_sciml.app.pace import Pace
from napari_sciml.app.result import Result
from napari_sciml.app.run_controller import RunController
from napari_sciml.app.sentences import CRASHED
from napari_sciml.app.side_by_side import SideBySide
from napari_sciml.app.state import Phase, RunState
from napari_sciml.app.traits import traits_of
from napari_sciml.app.worker import Crashed, Errand, Failed, Finished, Launch, Outcome, launch
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import Findings
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.provenance import Provenance
from napari_sciml.core.settings import RunSettings, parse_settings
from napari_sciml.layers.disagreements import Comparison, compare
from napari_sciml.layers.source import source_from_layer

NO_NETWORK = "none"
"""Backend of a result for which no network was asked."""
TABLE, RECORD = "disagreements.csv", "compared_run.json"
STOPPED = "Stopped; nothing was compared."
ENDED = "The comparison was ended because a layer was added or removed."
PARTIAL = "A result that was stopped cannot be compared: run it to its end first."
NO_IMAGE = "The image was removed; open it and run again to compare."


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
    phase, progress, seconds_left
        What is going on.
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
    phase: Phase = Phase.IDLE
    progress: Progress | None = None
    seconds_left: float | None = None
    is_up: bool = False
    summary: str = ""
    legend: str = ""
    differences: int = 0
    place: str = ""
    error: str = ""
    note: str = ""


@dataclass(frozen=True)
class Second:
    """The run that a result is compared with."""

    of: weakref.ref[Result]
    findings: Findings
    names: tuple[str, str]

    def decided_like(self, result: Result) -> Comparison:
        """Compare with `result`, both decided as that is now."""
        return compare(result.findings, like(self.findings, result.findings), self.names)


@dataclass(frozen=True)
class Job:
    """A run under way and the result that it will be compared with."""

    token: CancelToken
    of: weakref.ref[Result]
    pace: Pace = field(default_factory=Pace)


class ComparisonController:
    """Turns the wish for a comparison into a run and shows what came of it.

    Parameters
    ----------
    viewer
        The real viewer; it is held weakly.
    runs
        Whose results are compared.
    start
        Starts work; tests hand in one that runs at once.
    """

    changed = Signal(object)
    """Emitted with the new `ComparisonState` whenever something that the page shows has changed."""
    about_to_show = Signal()
    """Emitted before two results are shown: what else fills the canvas has to go."""

    def __init__(self, viewer: Any, runs: RunController, start: Launch = launch) -> None:
        self._viewer = weakref.ref(viewer)
        self._runs = runs
        self._start = start
        self._work: Job | None = None
        self._second: Second | None = None
        self._comparison: Comparison | None = None
        self._shown: Findings | None = None
        self._row = -1
        self._wish = ""
        self._sides = SideBySide(viewer)
        self._sides.left_by_viewer.connect(self._on_left_by_viewer)
        self.state = ComparisonState()
        runs.changed.connect(self._on_run)

    def choose(self, backend: str) -> None:
        """Compare with this backend."""
        self._wish = backend
        self._show(error="", note="")

    def start(self) -> None:
        """Run the image of the result with the chosen backend, unless the state says why not."""
        result = self._runs.result
        if self._work is not None or result is None or self.state.blocked or not self.state.offered:
            return
        technique = self._runs.technique(result.findings.provenance.technique)
        image, backend = result.image, self.state.chosen
        assert image is not None, "the state says so"
        assert result.settings is not None, "the state says so"
        try:
            source = source_from_layer(image)
            settings = other_settings(result.settings, backend, self._runs.state.compute)
            plan = technique.plan(source, settings)
            if plan.problem:
                raise SciMLError(plan.problem)
        except SciMLError as error:
            self._show(error=error.sentence)
            return
        self._work = Job(CancelToken(), weakref.ref(result))
        self._show(phase=Phase.RUNNING, progress=None, seconds_left=None, error="", note="")
        work = technique.run(source, settings, self._work.token)
        title = f"Comparing with {backend}: {image.name}"
        self._start(Errand(work, title, plan.tiles, on_step=self._on_step, on_end=self._on_end))

    def stop(self) -> None:
        """Stop the second run. Nothing is shown then."""
        if self._work is not None:
            self._work.token.cancel()
            self._show(phase=Phase.STOPPING)

    def leave(self) -> None:
        """Take the comparison away; what was there comes back as it was."""
        was_up = self._sides.is_up
        self._sides.leave()
        self._row = -1
        if was_up:
            self._alone()
        self._show(place="", note="")

    def _alone(self) -> None:
        self._runs.beside = None
        self._runs.refresh()

    def step(self, by: int) -> None:
        """Go to the next difference, or with -1 to the one before, and around at the end."""
        comparison = self._comparison
        if comparison is None or not len(comparison.table) or not self._sides.is_up:
            return
        count = len(comparison.table)
        self._row = (self._row + by) % count if self._row >= 0 else (0 if by > 0 else count - 1)
        self._sides.look_at(comparison, self._row)
        self._show(place=place_words(comparison, self._row))

    def _on_step(self, step: Progress) -> None:
        if self._work is not None:
            self._show(progress=step, seconds_left=self._work.pace.seconds_left(step, time.monotonic()))

    def _on_end(self, outcome: Outcome) -> None:
        work, self._work = self._work, None
        if work is None or self._viewer() is None:
            return
        self._show(phase=Phase.IDLE, progress=None)
        result = work.of()
        match outcome:
            case Failed(error=error):
                self._show(error=error.sentence)
            case Crashed():
                self._show(error=CRASHED)
            case Finished() if result is None or result is not self._runs.result:
                self._show(note="The result was replaced meanwhile; compare the new one.")
            case Finished(result=findings) if findings.partial:
                self._show(note=STOPPED)
            case Finished(result=findings):
                self._deliver(result, findings)

    def _deliver(self, result: Result, findings: Findings) -> None:
        image = result.image
        if not isinstance(image, Image):
            self._show(error=NO_IMAGE)
            return
        names = names_of(result.findings.provenance, findings.provenance)
        if names is None:
            self._show(error=fell_back(findings.provenance))
            return
        self.about_to_show.emit()
        self._second = Second(weakref.ref(result), findings, names)
        result.beside = self._beside
        self._compare(result)
        assert self._comparison is not None
        pair = (result.findings, like(findings, result.findings))
        self._sides.show(image, pair, self._comparison)
        self._row = -1
        self._runs.beside = self._words
        self._runs.refresh()
        problems = findings.provenance.problems
        self._show(place="", note=f"Warning: {problems[0].rstrip('.')}." if problems else "")

    def _compare(self, result: Result) -> None:
        assert self._second is not None
        self._shown = result.findings
        self._comparison = self._second.decided_like(result)

    def _beside(self) -> Mapping[str, pd.DataFrame | Provenance]:
        """Give what is saved with the result: the table of differences and the record of the second run."""
        second = self._second
        result = None if second is None else second.of()
        if second is None or result is None:
            return {}
        comparison = second.decided_like(result)
        return {TABLE: comparison.for_file(), RECORD: second.findings.provenance}

    def _on_run(self, state: RunState) -> None:
        result = self._runs.result
        work = self._work
        if work is not None and (state.phase is Phase.RUNNING or work.of() is not result):
            work.token.cancel()
        if self._sides.is_up:
            second = self._second
            gone = second is None or result is None or second.of() is not result
            if gone or state.phase is not Phase.IDLE:
                # A new run would put its layers between the cells.
                self.leave()
            elif result is not None and result.findings is not self._shown:
                self._decide(result)
        self._show()

    def _words(self, words: str, frame: int) -> str:
        """Say on the canvas what both results say about a frame."""
        second, cells = self._second, self._sides.cells
        if second is None or not cells:
            return words
        findings = cells[1].result.findings
        other = traits_of(findings.provenance.technique).words(findings, frame)
        return f"{second.names[0]}: {words}\n{second.names[1]}: {other}"

    def _decide(self, result: Result) -> None:
        self._compare(result)
        assert self._comparison is not None
        threshold, live = live_settings(result.findings)
        self._sides.decide(self._comparison, threshold, **live)
        if self._runs.state.frame is not None:
            # What both say about the frame in view may be another now.
            self._runs.refresh()
        self._row = -1
        self._show(place="")

    def _on_left_by_viewer(self) -> None:
        self._row = -1
        self._alone()
        self._show(place="", note=ENDED)

    def _show(self, **changes: Any) -> None:
        state = replace(self.state, **changes)
        self.state = replace(state, **self._derived())
        self.changed.emit(self.state)

    def _derived(self) -> dict[str, Any]:
        result, up = self._runs.result, self._sides.is_up
        own = "" if result is None else result.findings.provenance.backend
        offered = result is not None and result.settings is not None and own != NO_NETWORK
        choices = tuple((SHORT[name], name) for _, name in BACKENDS if name != own or name == "codebook")
        names = [name for _, name in choices]
        chosen = self._wish if self._wish in names else ("float32" if own != "float32" else "int8")
        comparison = self._comparison if up else None
        return {
            "offered": offered,
            "blocked": "" if result is None else why_not(result, self._viewer()),
            "choices": choices,
            "chosen": chosen,
            "is_up": up,
            "summary": "" if comparison is None else summary(comparison),
            "legend": "" if comparison is None else legend(comparison),
            "differences": 0 if comparison is None else len(comparison.table),
        }


def why_not(result: Result, viewer: Any) -> str:
    """Say why a result cannot be compared, or give an empty string."""
    if result.findings.partial:
        return PARTIAL
    if viewer is None or result.image is None or result.image not in viewer.layers:
        return NO_IMAGE
    return ""


def other_settings(settings: RunSettings, backend: str, compute: Mapping[str, Any]) -> RunSettings:
    """Give the settings of the same run with another backend; levels are those that the page has chosen."""
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    fields = RunSettings.model_fields
    values |= {name: fields[name].default for name in CODEBOOK_NAMES}
    if backend == "codebook":
        values |= {name: compute[name] for name in CODEBOOK_NAMES if name in compute}
    return parse_settings(type(settings), {**values, "backend": backend})


def live_settings(findings: Findings) -> tuple[float, dict[str, Any]]:
    """Give the threshold and the further settings by which findings are decided now."""
    record = findings.provenance
    live = {name: record.settings[name] for name in traits_of(record.technique).live}
    return record.settings["threshold"], live


def like(findings: Findings, other: Findings) -> Findings:
    """Decide findings as others are decided now."""
    threshold, live = live_settings(other)
    return findings.at_threshold(threshold, **live)
