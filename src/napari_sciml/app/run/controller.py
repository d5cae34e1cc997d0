"""`RunController`: requests go in, the state of the Run page comes out. It alone changes that state."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari.components import ViewerModel
from napari.layers import Layer
from psygnal import Signal

from napari_sciml.app.base.run_request import Resolved
from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.base.text import trouble
from napari_sciml.app.base.turn import Turn
from napari_sciml.app.base.worker import Crashed, Failed, TaskRunner, run_in_thread
from napari_sciml.app.canvas.lease import Canvas
from napari_sciml.app.canvas.on_screen import OnScreen
from napari_sciml.app.canvas.result import Result
from napari_sciml.app.run.measuring import Measuring
from napari_sciml.app.run.page_state import page_state
from napari_sciml.app.run.reopened import image_of, request_of, result_of
from napari_sciml.app.run.run_requests import RunRequests, all_techniques
from napari_sciml.app.run.running import Delivered, Running
from napari_sciml.app.run.saver import Saver
from napari_sciml.app.run.snippets import Write, command_text, nameable, python_text
from napari_sciml.core.lazy_import import load
from napari_sciml.core.technique import Technique
from napari_sciml.layers.notify import tell
from napari_sciml.layers.run_layers import Part
from napari_sciml.layers.saved_run import OpenedRun
from napari_sciml.techniques.registry import window_of


class RunController:
    """Ties together what is asked for, the run under way, the result on screen, saving and measuring.

    Parameters
    ----------
    viewer
        The real viewer, not a proxy; it is held weakly.
    techniques
        Gives the techniques on offer.
    start
        Starts work; tests hand in one that runs at once.
    """

    changed = Signal(object)
    """Emitted with the new `RunState` whenever something that the page shows has changed."""

    def __init__(
        self,
        viewer: ViewerModel,
        techniques: Callable[[], Sequence[Technique]] = all_techniques,
        start: TaskRunner = run_in_thread,
    ) -> None:
        self._viewer = weakref.ref(viewer)
        self.turn = Turn()
        """What is in the way of a run works before or after it."""
        self.canvas = Canvas(viewer)
        """Lent to those who change what the viewer shows."""
        self.state = RunState()
        self._requests = RunRequests(viewer, techniques())
        self._running = Running(viewer, start, self.turn)
        self._measuring = Measuring(viewer, start, self.turn)
        self._saver = Saver(viewer, start)
        self._screen = OnScreen(viewer, self.canvas)
        for signal in (self._requests.image.changed, self.turn.changed, self.canvas.changed):
            signal.connect(self.refresh)
        self._screen.edited.connect(self.refresh)
        self._screen.moved.connect(self._on_moved)
        self._screen.turned.connect(self._on_turned)
        self._running.jobs.changed.connect(self._on_going)
        self._running.delivered.connect(self._on_delivered)
        self._saver.jobs.changed.connect(self.refresh)
        self._saver.saved.connect(self._on_saved)
        self._measuring.message.connect(self._say)
        for failed in (self._running.failed, self._measuring.failed, self._saver.failed):
            failed.connect(self._on_failed)
        self.refresh()

    def choose_image(self, layer: Layer) -> None:
        """Work on `layer`."""
        self._requests.image.choose(layer)

    def choose_technique(self, name: str) -> None:
        """Look for what this technique finds."""
        self._requests.choose_technique(name)
        self._say("", "")

    def choose_model(self, name: str) -> None:
        """Use this model."""
        self._requests.choose_model(name)
        self._say("", "")

    def change_values(self, values: Mapping[str, Any]) -> None:
        """Replace the technique's own settings; those left out or None take their defaults.

        What decides at once changes the result on screen too.
        """
        self._requests.change_values(self.state.technique, values)
        self._decide()
        self._say("", "")

    def change_backend_options(self, changes: Mapping[str, Any]) -> None:
        """Let something else compute the scores, whatever the technique; None stands for the default."""
        self._requests.change_backend_options(changes)
        self._say("", "")

    def set_live(self, name: str, value: object) -> None:
        """Change one setting that decides at once: in the result on screen, and in the next run."""
        self.change_values({**self.state.values, name: value})

    def set_threshold(self, threshold: float) -> None:
        """Count everything at or above `threshold`: in the result on screen, and in the next run."""
        self._requests.set_threshold(threshold)
        self._decide()
        self.refresh()

    def ask(self, action: str) -> None:
        """Do what the technique's form asks for, for example add an empty mask layer."""
        viewer, image, technique = self._viewer(), self._requests.image.image, self.state.technique
        if viewer is None or image is None:
            return

        def change(values: Mapping[str, Any]) -> None:
            if self.state.technique == technique:
                self.change_values({**self.state.values, **values})

        load(window_of(technique).actions[action])(viewer, image, change)

    def technique(self, name: str) -> Technique:
        """Return the technique of that name."""
        return self._requests.technique(name)

    def resolved(self) -> Resolved:
        """Return what pressing Run would do now."""
        return self._requests.resolve()

    @property
    def result(self) -> Result | None:
        """The last result, if it is of the chosen technique."""
        return self._screen.of(self.state.technique)

    def go_to_frame(self, number: int) -> None:
        """Show a frame of the result in the viewer."""
        self._screen.go_to(self.result, number)

    def run(self) -> None:
        """Start, unless something runs or the state says why not."""
        self.refresh()
        image = self._requests.image.image
        if not self._running.jobs.is_busy and not self.state.blocked and image is not None:
            self._say("", "")
            self._running.start(self._requests.resolve(), image)

    def stop(self) -> None:
        """Stop within a tile. What was found so far is delivered and marked partial."""
        self._running.jobs.stop()

    def measure_runtimes(self) -> None:
        """Measure again which runtime is the fastest for the chosen model; nothing else runs meanwhile."""
        self._measuring.start(self.state.model)

    def save(self, parent: str | Path) -> None:
        """Save the result into a new folder inside `parent`."""
        if self._screen.result is not None and not self._saver.jobs.is_busy:
            self._say("", "")
            self._saver.save(self._screen.result, parent)

    def python_text(self) -> str:
        """Return the run that the page describes as Python, or an empty string without an image."""
        return self._written(python_text)

    def command_text(self) -> str:
        """Return the run that the page describes as a command line, or nothing without an image."""
        return self._written(command_text)

    def tell(self, note: str) -> None:
        """Show good news on the page, for example that something was copied."""
        self._show(replace(self.state, note=note, error=""))

    def refresh(self) -> None:
        """Look anew at everything that the page shows."""
        same = self._requests.image.image is self.state.image
        # What went wrong with one image says nothing about the next.
        self._say(self.state.error if same else "", self.state.note if same else "")

    def _say(self, error: str, note: str) -> None:
        parts = (self._requests, self._running, self._measuring, self._screen, self._saver)
        self._show(page_state(*parts, error, note))

    def _show(self, state: RunState) -> None:
        self.state = state
        self._screen.caption(state.findings, state.frame)
        self.changed.emit(state)

    def _decide(self) -> None:
        """Decide the result on screen again, as the sliders stand now."""
        self._screen.decide(self.result, self._requests.request.threshold, self._requests.resolve().live())

    def _written(self, write: Write) -> str:
        plan, result = self._requests.resolve(), self.result
        if plan.source is None:
            return ""
        ours = result is not None and result.image is self._requests.image.image
        made = result.addition_settings() if ours and result is not None else {}
        source = nameable(plan.source)
        return write(plan.technique.name, source, {**plan.values, **made}, self._requests.origin)

    def _on_moved(self) -> None:
        frame = self._screen.frame(self.result)
        if frame != self.state.frame:
            self._show(replace(self.state, frame=frame))

    def _on_turned(self) -> None:
        self._show(self.state)

    def _on_going(self) -> None:
        self._show(replace(self.state, going=self._running.jobs.going))

    def _on_delivered(self, made: Delivered) -> None:
        findings, began = self._requests.decided(made.findings), made.began
        self._screen.deliver(findings, began.image(), began.place, began.settings)
        self._say("", self.state.note)

    def take_up(self, run: OpenedRun, layers: Sequence[tuple[Part, Layer]]) -> None:
        """Have a saved run, whose layers are in the viewer, as the result, and the page as it was for it."""
        viewer = self._viewer()
        if viewer is None:
            return
        image = image_of(run, layers, viewer.layers)
        if image is not None:
            # First: what was said of the image before stays with that one.
            self._requests.image.choose(image)
        self._requests.request = request_of(run, self._requests.request)
        self._screen.put(result_of(run, layers, image))
        self._say("", " ".join(run.notes))

    def _on_saved(self, note: str) -> None:
        self._say("", note)

    def _on_failed(self, outcome: Failed | Crashed) -> None:
        if isinstance(outcome, Failed):
            tell(outcome.error)
        self._say(trouble(outcome), self.state.note)
