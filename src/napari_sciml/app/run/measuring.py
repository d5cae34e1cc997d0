"""`Measuring`: which runtime is the fastest for a model on this machine."""

from __future__ import annotations

from functools import partial

from psygnal import Signal

from napari_sciml.app.base.jobs import Job, JobRunner
from napari_sciml.app.base.runtime_text import measured_text
from napari_sciml.app.base.turn import Turn
from napari_sciml.app.base.worker import Crashed, Failed, Finished, Outcome, TaskRunner
from napari_sciml.app.run.text import MEASURING
from napari_sciml.backends.remeasure import measurable, measure_again
from napari_sciml.backends.runtime_choice import Choice
from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.registry import get_model


class Measuring:
    """Measures again; nothing else runs meanwhile.

    Parameters
    ----------
    viewer, start, turn
        As a `JobRunner` takes them.
    """

    message = Signal(str, str)
    """Emitted with an error and a note, of which one at least is empty."""
    failed = Signal(object)
    """Emitted with `Failed` or `Crashed`."""

    def __init__(self, viewer: object, start: TaskRunner, turn: Turn) -> None:
        self.jobs = JobRunner(viewer, start, turn)

    def start(self, model: str) -> None:
        """Measure the runtimes of the model of this name, unless something is in the way."""
        if self.jobs.is_busy or self.jobs.blocked:
            return
        try:
            models = [get_model(model)]
        except SciMLError as error:
            self.message.emit(error.sentence, "")
            return
        self.message.emit("", "")
        work, count = partial(measure_again, models), len(measurable(models))
        self.jobs.begin(Job(f"Measuring runtimes: {model}", work, self._on_end, count, why=MEASURING))

    def _on_end(self, outcome: Outcome[list[Choice]]) -> None:
        match outcome:
            case Finished(result=choices):
                self.message.emit("", measured_text(choices))
            case Failed() | Crashed():
                self.failed.emit(outcome)
