"""`RunController`: one run at a time for one viewer. It alone changes the state of the Run page."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from napari.layers import Layer
from psygnal import Signal

from napari_sciml.app.base.compute import changed, outlook, without_file
from napari_sciml.app.base.jobs import JobRunner, Task
from napari_sciml.app.base.runtime_words import measured_words, runtime_choices, runtime_outlook
from napari_sciml.app.base.state import RunState
from napari_sciml.app.base.turn import Turn
from napari_sciml.app.base.words import result_line, trouble
from napari_sciml.app.base.worker import Crashed, Failed, Finished, Launch, Outcome, launch
from napari_sciml.app.canvas.caption import Caption
from napari_sciml.app.canvas.deciding import decided, live_settings
from napari_sciml.app.canvas.frame_link import FrameLink
from napari_sciml.app.canvas.lease import Canvas
from napari_sciml.app.canvas.result import Result
from napari_sciml.app.run.image_choice import ImageChoice
from napari_sciml.app.run.reopened import image_of, result_of, wish_of
from napari_sciml.app.run.resolve import Resolved, Wish, resolve
from napari_sciml.app.run.saving import corrected_points, new_folder, save_work
from napari_sciml.app.run.sentences import MEASURING, RUNNING, next_step, saved_line
from napari_sciml.app.run.snippets import command_text, nameable, out_folder, python_text
from napari_sciml.backends.measuring import measurable, measure_again
from napari_sciml.backends.tuner import Choice
from napari_sciml.core.errors import SciMLError, SciMLWarning
from napari_sciml.core.findings import Findings
from napari_sciml.core.reference import load
from napari_sciml.core.settings import RunSettings
from napari_sciml.core.technique import Technique
from napari_sciml.layers.notify import tell
from napari_sciml.layers.origin import Origin, origin_of
from napari_sciml.layers.run_layers import Part
from napari_sciml.layers.saved_run import OpenedRun
from napari_sciml.layers.spatial import Place
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.registry import window_of


def all_techniques() -> list[Technique]:
    """Return every technique, without importing what only a run needs; a broken one is a warning."""
    from napari_sciml.techniques import get_technique, technique_names

    found = []
    for name in technique_names():
        try:
            found.append(get_technique(name))
        except SciMLError as error:
            warnings.warn(error.sentence, SciMLWarning, stacklevel=2)
    return found


@dataclass(frozen=True)
class Job:
    """A run under way, with all that its delivery needs even if the image is removed meanwhile."""

    image: weakref.ref[Layer]
    place: Place
    settings: RunSettings


class RunController:
    """Turns wishes into runs and runs into layers.

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
        viewer: Any,
        techniques: Callable[[], Sequence[Technique]] = all_techniques,
        start: Launch = launch,
    ) -> None:
        self._viewer = weakref.ref(viewer)
        self._techniques = techniques()
        self.turn = Turn()
        """What is in the way of a run works before or after it."""
        self._run = JobRunner(viewer, start, self.turn)
        self._measure = JobRunner(viewer, start, self.turn)
        self._save = JobRunner(viewer, start)
        self._run.changed.connect(self._on_going)
        self.turn.changed.connect(self._on_turn)
        self._wish = Wish()
        self._result: Result | None = None
        self._choice = ImageChoice(viewer)
        self._choice.changed.connect(self._refresh)
        self._caption = Caption(viewer)
        self.canvas = Canvas(viewer)
        """Lent to those who change what the viewer shows."""
        self.canvas.changed.connect(self.refresh)
        self._frames = FrameLink(viewer)
        self._frames.changed.connect(self._on_frame)
        self.state = RunState()
        viewer.dims.events.ndisplay.connect(self._on_ndisplay)
        self._refresh()

    def choose_image(self, layer: Layer) -> None:
        """Work on `layer`."""
        self._choice.choose(layer)

    def choose_technique(self, name: str) -> None:
        """Look for what this technique finds."""
        self._wish_for(replace(self._wish, technique=name, compute=without_file(self._wish.compute)))

    def choose_model(self, name: str) -> None:
        """Use this model."""
        self._wish_for(replace(self._wish, model=name, compute=without_file(self._wish.compute)))

    def change_values(self, values: Mapping[str, Any]) -> None:
        """Replace the technique's own settings; those left out or None take their defaults.

        What decides at once changes the result on screen too.
        """
        given = {name: value for name, value in values.items() if value is not None}
        self._wish = replace(self._wish, values={**self._wish.values, self.state.technique: given})
        self._decide()
        self._refresh(error="", note="")

    def change_compute(self, changes: Mapping[str, Any]) -> None:
        """Let something else compute the scores, whatever the technique; None stands for the default."""
        self._wish_for(replace(self._wish, compute=changed(self._wish.compute, changes)))

    def set_live(self, name: str, value: Any) -> None:
        """Change one setting that decides at once: in the result on screen, and in the next run."""
        self.change_values({**self.state.values, name: value})

    def set_threshold(self, threshold: float) -> None:
        """Count everything at or above `threshold`: in the result on screen, and in the next run."""
        self._wish = replace(self._wish, threshold=threshold)
        self._decide()
        self._refresh()

    def ask(self, action: str) -> None:
        """Do what the technique's form asks for, for example add an empty mask layer."""
        viewer, image = self._viewer(), self._choice.image
        if viewer is None or image is None:
            return
        technique = self.state.technique

        def change(values: Mapping[str, Any]) -> None:
            if self.state.technique == technique:
                self.change_values({**self.state.values, **values})

        load(window_of(technique).actions[action])(viewer, image, change)

    def technique(self, name: str) -> Technique:
        """Give the technique of that name."""
        return next(technique for technique in self._techniques if technique.name == name)

    def resolved(self) -> Resolved:
        """Give what pressing Run would do now."""
        return self._resolve()

    @property
    def result(self) -> Result | None:
        """The last result, if it is of the chosen technique."""
        return self._own_result()

    def go_to_frame(self, number: int) -> None:
        """Show a frame of the result in the viewer."""
        if (result := self._own_result()) is not None:
            self._frames.go_to(result, number)

    def run(self) -> None:
        """Start, unless something runs or the state says why not."""
        plan, image = self._resolve(), self._choice.image
        if self._run.is_busy or self._run.blocked or plan.blocked or plan.source is None or image is None:
            self._refresh()
            return
        settings = plan.start_settings()
        job = Job(weakref.ref(image), Place.of(image), settings)
        self._refresh(error="", note="")
        title = f"{plan.technique.title}: {image.name}"
        work = partial(plan.technique.run, plan.source, settings)
        self._run.begin(Task(title, work, partial(self._on_end, job), plan.plan.tiles, why=RUNNING))

    def stop(self) -> None:
        """Stop within a tile. What was found so far is delivered and marked partial."""
        self._run.stop()

    def measure_runtimes(self) -> None:
        """Measure again which runtime is the fastest for the chosen model; nothing else runs meanwhile."""
        if self._run.is_busy or self._measure.is_busy or self._measure.blocked:
            return
        try:
            models = [get_model(self.state.model)]
        except SciMLError as error:
            self._show(replace(self.state, error=error.sentence, note=""))
            return
        self._refresh(error="", note="")
        title = f"Measuring runtimes: {self.state.model}"
        work = partial(measure_again, models)
        self._measure.begin(Task(title, work, self._on_measured, len(measurable(models)), why=MEASURING))

    def save(self, parent: str | Path) -> None:
        """Save the result into a new folder inside `parent`."""
        result = self._result
        if result is None or self._save.is_busy:
            return
        findings = result.complete()
        record = findings.provenance.source
        folder = new_folder(parent, out_folder(findings.provenance.technique, record.name))
        beside = None if result.beside is None else result.beside()
        points = corrected_points(result)
        self._show(replace(self.state, saving=True, error="", note=""))
        self._save.begin(
            Task("Saving", lambda token: save_work(findings, folder, points, beside), self._on_saved)
        )

    def python_text(self) -> str:
        """Give the run that the page describes as Python, or an empty string without an image."""
        plan = self._resolve()
        if plan.source is None:
            return ""
        values = {**plan.values, **self._told()}
        return python_text(plan.technique.name, nameable(plan.source), values, self._origin())

    def command_text(self) -> str:
        """Give the run that the page describes as a command line, or an empty string without an image."""
        plan = self._resolve()
        if plan.source is None:
            return ""
        values = {**plan.values, **self._told()}
        return command_text(plan.technique.name, nameable(plan.source), values, self._origin())

    def _told(self) -> Mapping[str, Any]:
        """Give the settings of what was made of the result, if it is of the chosen image."""
        result = self._own_result()
        return {} if result is None or result.image is not self._choice.image else result.told

    def tell(self, note: str) -> None:
        """Show good news on the page, for example that something was copied."""
        self._show(replace(self.state, note=note, error=""))

    def refresh(self) -> None:
        """Look anew at what is shown."""
        self._refresh()

    def _wish_for(self, wish: Wish) -> None:
        self._wish = wish
        self._refresh(error="", note="")

    def _resolve(self) -> Resolved:
        return resolve(self._wish, self._choice.image, self._techniques, self._choice.labels)

    def _origin(self) -> Origin | None:
        image = self._choice.image
        return None if image is None else origin_of(image)

    def _own_result(self) -> Result | None:
        """Give the last result if it is of the chosen technique; the sliders of another are not its own."""
        result = self._result
        own = result is not None and result.findings.provenance.technique == self._resolve().technique.name
        return result if own else None

    def _is_live(self, result: Result | None) -> bool:
        """Whether the sliders change a result: its points on screen, or its table, which needs no layer."""
        viewer = self._viewer()
        if result is None or viewer is None:
            return False
        return bool(window_of(result.findings.provenance.technique).live) or result.is_in(viewer)

    def _decide(self) -> None:
        """Decide the result on screen again, as the sliders stand now."""
        result = self._own_result()
        if result is not None and self._is_live(result):
            result.decide(self._wish.threshold, self._resolve().live())

    def _on_frame(self) -> None:
        result = self._own_result()
        frame = None if result is None else self._frames.frame(result)
        if frame != self.state.frame:
            self._show(replace(self.state, frame=frame))

    def _on_ndisplay(self, event: Any) -> None:
        self._show(self.state)

    def _on_going(self) -> None:
        self._show(replace(self.state, going=self._run.going))

    def _on_turn(self) -> None:
        self._refresh()

    def _on_end(self, job: Job, outcome: Outcome[Findings]) -> None:
        match outcome:
            case Finished(result=findings):
                self._deliver(self._viewer(), job, findings)
                self._refresh(error="")
            case Failed() | Crashed():
                self._fail(outcome)

    def _deliver(self, viewer: Any, job: Job, findings: Findings) -> None:
        image = job.image()
        if image is not None and image not in viewer.layers:
            image = None
        # The image may have been moved during the run; the points belong to where it is now.
        place = job.place if image is None else Place.of(image)
        findings = self._decided(findings)
        result = Result.deliver(viewer, findings, place, image)
        result.settings = job.settings
        self._put(result)

    def _put(self, result: Result) -> None:
        if self._result is not None and self._result.place.name == result.place.name:
            # Two results on one image cannot be told apart; the older one is hidden, not lost.
            for layer in self._result.layers:
                layer.visible = False
        self._result = result
        self._result.edited.connect(self._refresh)

    def take_up(self, run: OpenedRun, layers: Sequence[tuple[Part, Layer]]) -> None:
        """Have a saved run, whose layers are in the viewer, as the result, and the page as it was for it."""
        viewer = self._viewer()
        if viewer is None:
            return
        image = image_of(run, layers, viewer.layers)
        self._wish = wish_of(run, self._wish)
        self._put(result_of(run, layers, image))
        if image is not None:
            self._choice.choose(image)
        self._refresh(error="", note=" ".join(run.notes))

    def _decided(self, findings: Findings) -> Findings:
        """Decide as the sliders stand now, if they were moved during the run."""
        technique = findings.provenance.technique
        values = self._wish.values.get(technique, {})
        threshold, live = live_settings(findings)
        wanted = {name: values.get(name, value) for name, value in live.items()}
        if (threshold, live) == (self._wish.threshold, wanted):
            return findings
        return decided(findings, self._wish.threshold, wanted)

    def _on_measured(self, outcome: Outcome[list[Choice]]) -> None:
        match outcome:
            case Finished(result=choices):
                self._refresh(note=measured_words(choices))
            case Failed() | Crashed():
                self._fail(outcome)

    def _on_saved(self, outcome: Outcome[list[Path]]) -> None:
        match outcome:
            case Finished(result=files):
                self._refresh(note=saved_line(files))
            case Failed() | Crashed():
                self._fail(outcome)

    def _fail(self, outcome: Failed | Crashed) -> None:
        if isinstance(outcome, Failed):
            tell(outcome.error)
        self._refresh(error=trouble(outcome))

    def _shows_result(self) -> bool:
        viewer = self._viewer()
        return self._result is not None and viewer is not None and self._result.is_in(viewer)

    def _refresh(self, error: str | None = None, note: str | None = None) -> None:
        """Look anew at everything that the page shows; what it says stays unless something is given."""
        same = self._choice.image is self.state.image
        # What went wrong with one image says nothing about the next.
        error = (self.state.error if same else "") if error is None else error
        note = (self.state.note if same else "") if note is None else note
        self._show(self._look(error, note))

    def _look(self, error: str, note: str) -> RunState:
        plan = self._resolve()
        result, own = self._result, self._own_result()
        live, compute = plan.live(), self._wish.compute
        backend = compute.get("backend", RunSettings.model_fields["backend"].default)
        outlooks = (outlook(plan.model, compute), runtime_outlook(plan.model, compute))
        return RunState(
            images=self._choice.images,
            image=self._choice.image,
            facts=plan.facts,
            techniques=plan.offered,
            technique=plan.technique.name,
            models=plan.technique.models,
            model=plan.model,
            values=dict(self._wish.values.get(plan.technique.name, {})),
            compute=dict(compute),
            runtimes=runtime_choices(backend) if plan.model else (),
            outlook="\n".join(filter(None, outlooks)),
            measuring=self._measure.is_busy,
            threshold=self._wish.threshold,
            live=live,
            threshold_live=self._is_live(own),
            caution=window_of(plan.technique.name).said_caution(plan.model, self._wish.threshold, live),
            labels=self._choice.labels,
            findings=None if own is None else own.findings,
            frame=None if own is None else self._frames.frame(own),
            plan=plan.plan,
            blocked=self._run.blocked or plan.blocked,
            going=self._run.going,
            result="" if result is None else result_line(result.findings, result.edits),
            next_step=""
            if result is None
            else next_step(result.findings, result.edits, self._shows_result()),
            error=error,
            note=note,
            can_save=result is not None,
            saving=self._save.is_busy,
        )

    def _show(self, state: RunState) -> None:
        self.state = state
        self._caption.show(self._words())
        self.changed.emit(self.state)

    def _words(self) -> str:
        """Say on the canvas what the frame in view shows, as long as the result has a layer there."""
        findings, frame = self.state.findings, self.state.frame
        viewer = self._viewer()
        if findings is None or frame is None or viewer is None or not self._shows_result():
            return ""
        if viewer.dims.ndisplay != 2:
            # Then no frame is in view, or all are.
            return ""
        words = window_of(findings.provenance.technique).said_words(findings, frame)
        return words and self.canvas.words(words, frame)
