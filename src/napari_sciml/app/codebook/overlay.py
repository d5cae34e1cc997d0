"""`CodebookOverlay`: what an edited codebook finds in the displayed slice, in the place of the result."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial

from napari.components import ViewerModel
from napari.layers import Layer
from napari.utils.events import Event
from psygnal import Signal

from napari_sciml.app.base.jobs import Job, JobRunner, Phase
from napari_sciml.app.base.text import result_line, trouble
from napari_sciml.app.base.worker import Crashed, Failed, Finished, Outcome, TaskRunner
from napari_sciml.app.canvas.lease import CanvasLease
from napari_sciml.app.canvas.live_settings import Live, decided, live_settings
from napari_sciml.app.canvas.preview import Preview, in_sight
from napari_sciml.app.canvas.run_access import Runs
from napari_sciml.app.codebook.work import PreviewOrder, preview
from napari_sciml.core.findings import Findings
from napari_sciml.layers.points_sync import HandEdits
from napari_sciml.networks.codebook.constrained import Constrained
from napari_sciml.techniques.registry import window_of


class CodebookOverlay:
    """Runs the displayed slice again after every change, as long as somebody looks at the editor.

    Parameters
    ----------
    viewer
        The real viewer; it is held weakly.
    runs
        Whose image, model and settings are used.
    start
        Starts work.
    codebook
        Gives the codebook as it is now, or None where there is none for the present choices.
    """

    changed = Signal()
    """Emitted when `busy` or `seen` has changed."""
    message = Signal(str)
    """Emitted with what went wrong, and with nothing when it is tried again."""

    def __init__(
        self, viewer: ViewerModel, runs: Runs, start: TaskRunner, codebook: Callable[[], Constrained | None]
    ) -> None:
        self._viewer = weakref.ref(viewer)
        self._runs = runs
        self._jobs = JobRunner(viewer, start)
        self._jobs.changed.connect(self.changed.emit)
        self._codebook = codebook
        self._watched = False
        self._canvas = runs.canvas
        self._preview = Preview(viewer, self._canvas)
        self._preview.asked_to_leave.connect(self.leave)
        self._frame = 0
        self.follows = True
        """Whether a person wants it."""
        self.seen = ""
        """What was found in it."""
        viewer.dims.events.current_step.connect(self._on_slice)

    def watch(self, watched: bool) -> None:
        """Say whether somebody looks: only then it is there."""
        self._watched = watched
        self._turn(watched)

    def follow(self, wanted: bool) -> None:
        """Let it follow, or bring back the result."""
        self.follows = wanted
        self._turn(wanted)

    def run(self) -> None:
        """Run the displayed slice with the values as they are; a run under way makes room first."""
        codebook = self._codebook()
        if codebook is None or not self._wanted or self._runs.state.phase is not Phase.IDLE:
            return
        if self._jobs.is_busy:
            self._jobs.drop()
            self._jobs.when_idle(self.run)
            return
        viewer, image, plan = self._viewer(), self._runs.state.image, self._runs.resolved()
        if viewer is None or image is None or plan.source is None or plan.blocked or plan.settings is None:
            self._say("")
            return
        seen = in_sight(viewer, image, plan.source, plan.settings)
        order = PreviewOrder(plan.technique, plan.source, seen, plan.run_values(), codebook)
        self.message.emit("")
        on_end = partial(self._on_end, order, weakref.ref(image), self._canvas.holder)
        self._jobs.begin(Job("Edited codebook", partial(preview, order), on_end, quiet=True))

    def decide(self, threshold: float, live: Live) -> None:
        """Decide what is shown as the result is decided now."""
        shown = self._preview.findings
        if shown is None or (threshold, dict(live)) == live_settings(shown):
            return
        self._preview.decide(threshold, live)
        decided = self._preview.findings
        assert decided is not None
        self._say(line_of(decided))
        self._runs.refresh()

    def leave(self) -> None:
        """Take the overlay away; the result comes back."""
        self._jobs.drop()
        if self._preview.is_up:
            self._say("")
            self._preview.leave()

    @property
    def busy(self) -> bool:
        """Whether the slice is being run."""
        return self._jobs.is_busy

    @property
    def _wanted(self) -> bool:
        return self._watched and self.follows

    def _turn(self, on: bool) -> None:
        if on:
            self.run()
        else:
            self.leave()

    def _on_slice(self, event: Event) -> None:
        if self._preview.is_up:
            self.run()

    def _on_end(
        self,
        order: PreviewOrder,
        image: weakref.ref[Layer],
        holder: CanvasLease | None,
        outcome: Outcome[Findings],
    ) -> None:
        match outcome:
            case Finished(result=findings):
                shown = image()
                # Who has borrowed the canvas meanwhile keeps it.
                free = self._canvas.holder is holder
                if shown is not None and free and self._wanted and self._codebook() is not None:
                    self._show(findings, order, shown)
            case Failed() | Crashed():
                self.message.emit(trouble(outcome))

    def _show(self, findings: Findings, order: PreviewOrder, image: Layer) -> None:
        state = self._runs.state
        if state.phase is not Phase.IDLE or state.image is not image or findings.partial:
            return
        result = self._runs.result
        instead = [] if result is None or result.image is not image else result.layers
        findings = decided(findings, state.threshold, state.live)
        lease = self._preview.show(image, findings, order.seen, instead)
        self._frame = int(order.seen.offset[0])
        self._say(line_of(findings))
        # The words on the canvas are about what is seen there, not about the result that is hidden.
        lease.say(self._caption_text)

    def _caption_text(self, words: str, frame: int) -> str:
        findings = self._preview.findings
        if findings is None or frame != self._frame:
            return ""
        return window_of(findings.provenance.technique).caption_text(findings, 0)

    def _say(self, seen: str) -> None:
        self.seen = seen
        self.changed.emit()


def line_of(findings: Findings) -> str:
    """Return what was found in the displayed slice."""
    return f"In view: {result_line(findings, HandEdits())}"
