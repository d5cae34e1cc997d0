"""`SecondRun`: the image of a result once more, with another backend."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from functools import partial
from typing import Any

from psygnal import Signal

from napari_sciml.app.base.backend_choices import CODEBOOK_NAMES
from napari_sciml.app.base.jobs import Job, JobRunner
from napari_sciml.app.base.runtime_text import able_runtime
from napari_sciml.app.base.text import trouble
from napari_sciml.app.base.worker import Crashed, Failed, Finished, Outcome, TaskRunner
from napari_sciml.app.canvas.result import Result
from napari_sciml.app.canvas.run_access import Runs
from napari_sciml.backends.registry import backend_of
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import Findings
from napari_sciml.core.settings import RunSettings, parse_settings
from napari_sciml.layers.source import source_from_layer

STOPPED = "Stopped; nothing was compared."
REPLACED = "The result was replaced meanwhile; compare the new one."
COMPARING = "The image is run once more to compare; wait for its end, or press Stop there."


class SecondRun:
    """Runs the image of the result on screen, one run at a time.

    Parameters
    ----------
    viewer
        The real viewer; it is held weakly. What ends after it is not told.
    runs
        Whose result it is.
    start
        Starts work.
    """

    message = Signal(str, str)
    """Emitted with an error and a note, of which one at least is empty."""
    done = Signal(object, object)
    """Emitted with the `Result` and the `Findings` of its second run."""

    def __init__(self, viewer: object, runs: Runs, start: TaskRunner) -> None:
        self._runs = runs
        self._of: weakref.ref[Result] | None = None
        self.jobs = JobRunner(viewer, start, runs.turn)

    def start(self, result: Result, backend: str) -> None:
        """Run the image of `result`, which is there, with this backend, unless something else runs."""
        image = result.image
        if self.jobs.is_busy or image is None or result.settings is None:
            return
        technique = self._runs.technique(result.findings.provenance.technique)
        try:
            source = source_from_layer(image)
            settings = other_settings(result.settings, backend, self._runs.state.backend_options)
            plan = technique.plan(source, settings)
            if plan.problem:
                raise SciMLError(plan.problem)
        except SciMLError as error:
            self.message.emit(error.sentence, "")
            return
        self._of = weakref.ref(result)
        self.message.emit("", "")
        work = partial(technique.run, source, settings)
        title = f"Comparing with {backend}: {image.name}"
        self.jobs.begin(Job(title, work, self._on_end, plan.tiles, why=COMPARING))

    def give_way(self) -> None:
        """Stop if its result is no longer on screen."""
        if self.jobs.is_busy and not self._is_of_result():
            self.jobs.stop()

    def _is_of_result(self) -> bool:
        result = self._runs.result
        return result is not None and self._of is not None and self._of() is result

    def _on_end(self, outcome: Outcome[Findings]) -> None:
        match outcome:
            case Failed() | Crashed():
                self.message.emit(trouble(outcome), "")
            case Finished() if not self._is_of_result():
                self.message.emit("", REPLACED)
            case Finished(result=findings) if findings.partial:
                self.message.emit("", STOPPED)
            case Finished(result=findings):
                self.done.emit(self._runs.result, findings)


def other_settings(settings: RunSettings, backend: str, options: Mapping[str, Any]) -> RunSettings:
    """Return the settings of the same run with another backend; levels are those that the page has chosen.

    A runtime that cannot execute that backend is left to the measurement.
    """
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    fields = RunSettings.model_fields
    values |= {name: fields[name].default for name in CODEBOOK_NAMES}
    values |= {name: options[name] for name in backend_of(backend).option_names if name in options}
    values["runtime"] = able_runtime(backend, settings.runtime)
    return parse_settings(type(settings), {**values, "backend": backend})
