"""`Running`: the run under way, and what it delivers."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from functools import partial

from napari.layers import Layer
from psygnal import Signal

from napari_sciml.app.base.jobs import Job, JobRunner
from napari_sciml.app.base.run_request import Resolved
from napari_sciml.app.base.turn import Turn
from napari_sciml.app.base.worker import Crashed, Failed, Finished, Outcome, TaskRunner
from napari_sciml.app.run.text import RUNNING
from napari_sciml.core.findings import Findings
from napari_sciml.core.settings import RunSettings
from napari_sciml.layers.spatial import Place


@dataclass(frozen=True)
class Began:
    """What the delivery of a run needs, even if its image is removed meanwhile."""

    image: weakref.ref[Layer]
    place: Place
    settings: RunSettings


@dataclass(frozen=True)
class Delivered:
    """What a run has found, and what it began with."""

    findings: Findings
    began: Began


class Running:
    """Starts a run and tells how it ended.

    Parameters
    ----------
    viewer, start, turn
        As a `JobRunner` takes them.
    """

    delivered = Signal(object)
    """Emitted with `Delivered`."""
    failed = Signal(object)
    """Emitted with `Failed` or `Crashed`."""

    def __init__(self, viewer: object, start: TaskRunner, turn: Turn) -> None:
        self.jobs = JobRunner(viewer, start, turn)

    def start(self, plan: Resolved, image: Layer) -> None:
        """Run what was resolved for `image`, unless something is in the way."""
        assert plan.source is not None, "what is blocked is not started"
        settings = plan.start_settings()
        began = Began(weakref.ref(image), Place.of(image), settings)
        title = f"{plan.technique.title}: {image.name}"
        work = partial(plan.technique.run, plan.source, settings)
        self.jobs.begin(Job(title, work, partial(self._on_end, began), plan.plan.tiles, why=RUNNING))

    def _on_end(self, began: Began, outcome: Outcome[Findings]) -> None:
        match outcome:
            case Finished(result=findings):
                self.delivered.emit(Delivered(findings, began))
            case Failed() | Crashed():
                self.failed.emit(outcome)
