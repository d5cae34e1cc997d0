"""`ComparisonController`: runs the image of a result once more with another backend and shows both."""

from __future__ import annotations

import weakref
from dataclasses import replace

from napari.components import ViewerModel
from napari.layers import Image
from psygnal import Signal

from napari_sciml.app.base.backend_choices import others_than
from napari_sciml.app.base.jobs import Phase
from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.base.worker import TaskRunner, run_in_thread
from napari_sciml.app.canvas.result import Result
from napari_sciml.app.canvas.run_access import Runs
from napari_sciml.app.compare.pair import ComparedPair
from napari_sciml.app.compare.second_run import SecondRun
from napari_sciml.app.compare.state import ComparisonState
from napari_sciml.app.compare.text import fell_back, legend, names_of, summary
from napari_sciml.core.findings import Findings

NO_NETWORK = "none"
"""Backend of a result for which no network was asked."""
ENDED = "The comparison was ended because a layer was added or removed."
PARTIAL = "A result that was stopped cannot be compared: run it to its end first."
NO_IMAGE = "The image was removed; open it and run again to compare."


class ComparisonController:
    """Turns the request for a comparison into a run and shows what came of it.

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

    def __init__(self, viewer: ViewerModel, runs: Runs, start: TaskRunner = run_in_thread) -> None:
        self._viewer = weakref.ref(viewer)
        self._runs = runs
        self._backend = ""
        self._second = SecondRun(viewer, runs, start)
        self._second.jobs.changed.connect(self._refresh)
        self._second.message.connect(self._say)
        self._second.done.connect(self._deliver)
        self._pair = ComparedPair(viewer, runs)
        self._pair.left_by_viewer.connect(self._on_left_by_viewer)
        self._pair.asked_to_leave.connect(self.leave)
        self.state = ComparisonState()
        runs.changed.connect(self._on_run)

    def choose(self, backend: str) -> None:
        """Compare with this backend."""
        self._backend = backend
        self._say()

    def start(self) -> None:
        """Run the image of the result with the chosen backend, unless the state says why not."""
        result = self._runs.result
        if result is not None and self.state.offered and not self.state.blocked:
            self._second.start(result, self.state.chosen)

    def stop(self) -> None:
        """Stop the second run. Nothing is shown then."""
        self._second.jobs.stop()

    def leave(self) -> None:
        """Take the comparison away; what was there comes back as it was."""
        self._pair.leave()
        self._show(replace(self.state, note=""))

    def step(self, by: int) -> None:
        """Go to the next difference, or with -1 to the one before, and around at the end."""
        self._pair.step(by)
        self._refresh()

    def _say(self, error: str = "", note: str = "") -> None:
        self._show(replace(self.state, error=error, note=note))

    def _deliver(self, result: Result, findings: Findings) -> None:
        image = result.image
        if not isinstance(image, Image):
            self._say(error=NO_IMAGE)
            return
        names = names_of(result.findings.provenance, findings.provenance)
        if names is None:
            self._say(error=fell_back(findings.provenance))
            return
        self._pair.show(result, image, findings, names)
        problems = findings.provenance.problems
        self._say(note=f"Warning: {problems[0].rstrip('.')}." if problems else "")

    def _on_run(self, state: RunState) -> None:
        self._second.give_way()
        result, pair = self._runs.result, self._pair
        if pair.is_up:
            if result is None or not pair.is_of(result) or state.phase is not Phase.IDLE:
                # A new run would put its layers between the cells.
                self.leave()
            else:
                pair.decide(result)
        self._refresh()

    def _on_left_by_viewer(self) -> None:
        self._pair.leave()
        self._show(replace(self.state, note=ENDED))

    def _refresh(self) -> None:
        self._show(self.state)

    def _show(self, state: ComparisonState) -> None:
        self.state = self._followed(state)
        self.changed.emit(self.state)

    def _followed(self, state: ComparisonState) -> ComparisonState:
        """Return `state` with what follows from the result and what is on screen."""
        result, comparison, jobs = self._runs.result, self._pair.comparison, self._second.jobs
        own = "" if result is None else result.findings.provenance.backend
        choices = tuple(others_than(own))
        names = [name for _, name in choices]
        return replace(
            state,
            offered=result is not None and result.settings is not None and own != NO_NETWORK,
            blocked="" if result is None else jobs.blocked or why_not(result, self._viewer()),
            choices=choices,
            chosen=self._backend if self._backend in names else ("float32" if own != "float32" else "int8"),
            going=jobs.going,
            is_up=self._pair.is_up,
            summary="" if comparison is None else summary(comparison),
            legend="" if comparison is None else legend(comparison),
            differences=0 if comparison is None else len(comparison.table),
            place=self._pair.place,
        )


def why_not(result: Result, viewer: ViewerModel) -> str:
    """Return why a result cannot be compared, or an empty string."""
    if result.findings.partial:
        return PARTIAL
    if viewer is None or result.image is None or result.image not in viewer.layers:
        return NO_IMAGE
    return ""
