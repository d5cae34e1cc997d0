"""`Saver`: writes the result on screen with all that was made of it."""

from __future__ import annotations

from pathlib import Path

from psygnal import Signal

from napari_sciml.app.base.free_names import new_folder
from napari_sciml.app.base.jobs import Job, JobRunner
from napari_sciml.app.base.worker import Crashed, Failed, Finished, Outcome, TaskRunner
from napari_sciml.app.canvas.result import Result
from napari_sciml.app.run.background_save import corrected_points, save_work
from napari_sciml.app.run.snippets import out_folder
from napari_sciml.app.run.text import saved_line


class Saver:
    """Saves one result at a time.

    Parameters
    ----------
    viewer, start
        As a `JobRunner` takes them.
    """

    saved = Signal(str)
    """Emitted with a sentence that says where."""
    failed = Signal(object)
    """Emitted with `Failed` or `Crashed`."""

    def __init__(self, viewer: object, start: TaskRunner) -> None:
        self.jobs = JobRunner(viewer, start)

    def save(self, result: Result, parent: str | Path) -> None:
        """Save `result` into a new folder inside `parent`."""
        findings, files = result.complete(), result.files()
        record = findings.provenance.source
        folder = new_folder(parent, out_folder(findings.provenance.technique, record.name))
        points = corrected_points(result)
        self.jobs.begin(Job("Saving", lambda token: save_work(findings, folder, points, files), self._on_end))

    def _on_end(self, outcome: Outcome[list[Path]]) -> None:
        match outcome:
            case Finished(result=files):
                self.saved.emit(saved_line(files))
            case Failed() | Crashed():
                self.failed.emit(outcome)
