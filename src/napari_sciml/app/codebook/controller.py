"""`CodebookController`: change the values that weights may take, and see what becomes of the result."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from napari.components import ViewerModel
from psygnal import Signal

from napari_sciml.app.base.backend_choices import CODEBOOK_NAMES
from napari_sciml.app.base.jobs import Job, JobRunner, Phase
from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.base.text import trouble
from napari_sciml.app.base.worker import Crashed, Failed, Finished, Outcome, TaskRunner, run_in_thread
from napari_sciml.app.canvas.run_access import Runs
from napari_sciml.app.codebook.edits import CodebookEdits
from napari_sciml.app.codebook.overlay import CodebookOverlay
from napari_sciml.app.codebook.state import CodebookState
from napari_sciml.app.codebook.text import drawn_text
from napari_sciml.app.codebook.work import Loaded, load, save
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.settings import RunSettings, parse_settings
from napari_sciml.networks.codebook.constrained import Constrained
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.registry import get_model


@dataclass(frozen=True)
class Key:
    """What the loaded weights belong to."""

    model: str
    spec: CodebookSpec
    path: str | None


class CodebookController:
    """Turns requests about values into codebooks, and shows what they do to the displayed slice.

    Parameters
    ----------
    viewer
        The real viewer; it is held weakly.
    runs
        Whose image, model and settings are used.
    start
        Starts work; tests hand in one that runs at once.
    """

    changed = Signal(object)
    """Emitted with the new `CodebookState` whenever something that the page shows has changed."""

    def __init__(self, viewer: ViewerModel, runs: Runs, start: TaskRunner = run_in_thread) -> None:
        self._runs = runs
        self._load = JobRunner(viewer, start)
        self._save = JobRunner(viewer, start)
        self._key: Key | None = None
        self._edits: CodebookEdits | None = None
        self._rule_of = ("", "")
        self._overlay = CodebookOverlay(viewer, runs, start, self._codebook)
        self._overlay.changed.connect(self._refresh)
        self._overlay.message.connect(self._on_overlay_message)
        self.state = CodebookState()
        runs.changed.connect(self._on_run)

    def open(self) -> None:
        """Read the weights, unless they are there or are being read."""
        key = self._wanted()
        if key is None or key == self._key or self._load.is_busy:
            # What is read for other choices is dropped at its end; the page then asks again.
            return
        self._show(replace(self.state, loading=True, loaded=False, error="", note=""))
        work = partial(_load, key)
        self._load.begin(Job("Reading weights", work, partial(self._on_loaded, key), quiet=True))

    def choose_layer(self, name: str) -> None:
        """Look at this layer."""
        self._look_at(name, 0)

    def choose_row(self, row: int) -> None:
        """Look at the values of this channel."""
        self._look_at(self.state.layer, row)

    def move(self, index: int, value: float) -> None:
        """Move a value, as far as its neighbours let it. The overlay waits for `settle`."""
        if self._edits is not None and np.isfinite(value):
            self._edits.move(index, value)
            self._show(replace(self.state, note=""))

    def settle(self) -> None:
        """Take the values as they are now; the overlay follows."""
        if self._edits is not None:
            self._follow(self._edits.settle())

    def reset(self) -> None:
        """Give the chosen layer its first values again: those that were trained, or K-means."""
        if self._edits is not None:
            self._follow(self._edits.reset())

    def undo(self) -> None:
        """Take the last change back."""
        if self._edits is not None:
            self._follow(self._edits.undo())

    def watch(self, watched: bool) -> None:
        """Say whether somebody looks at the editor: only then its overlay is there in place of the result."""
        self._overlay.watch(watched)

    def follow(self, wanted: bool) -> None:
        """Let the overlay of the displayed slice follow, or bring back the result."""
        self._overlay.follow(wanted)
        self._refresh()

    def leave(self) -> None:
        """Take the overlay away; the result comes back."""
        self._overlay.leave()

    def save(self, path: str | Path) -> None:
        """Write the codebook to a file; the next runs use it."""
        if self._edits is None:
            return
        work = partial(_save, self._edits.now, Path(path))
        job = Job("Saving", work, self._on_saved, quiet=True)
        self._save.when_idle(lambda: self._save.begin(job))

    def _look_at(self, name: str, row: int) -> None:
        if self._edits is not None:
            self._edits.look_at(name, row)
            self._refresh()

    def _follow(self, changed: bool) -> None:
        self._refresh()
        if changed:
            self._overlay.run()

    def _codebook(self) -> Constrained | None:
        """Return the codebook as it is now, if it is for what a run would use."""
        return None if self._edits is None or self._wanted() != self._key else self._edits.now

    def _wanted(self) -> Key | None:
        state = self._runs.state
        if state.backend_options.get("backend") != "codebook" or not state.model:
            return None
        chosen = {
            name: state.backend_options[name] for name in CODEBOOK_NAMES if name in state.backend_options
        }
        settings = parse_settings(RunSettings, chosen)
        spec = CodebookSpec.of(settings, self._rule(state.model))
        return Key(state.model, spec, settings.codebook)

    def _rule(self, model: str) -> str:
        """Return the rule for pixel values of a model; a drag asks for it many times a second."""
        if self._rule_of[0] != model:
            try:
                self._rule_of = (model, get_model(model).normalisation)
            except SciMLError:
                # The plan says that there is no such model.
                self._rule_of = (model, "")
        return self._rule_of[1]

    def _on_loaded(self, key: Key, outcome: Outcome[Loaded]) -> None:
        if key != self._wanted():
            self._show(replace(self.state, loading=False))
            return
        self._key = key
        match outcome:
            case Finished(result=loaded):
                self._edits = CodebookEdits(loaded, self.state.layer)
                drawn = drawn_text(loaded.source, loaded.trained, key.path)
                self._show(replace(self.state, loading=False, loaded=True, drawn=drawn))
                self._overlay.run()
            case Failed() | Crashed():
                self._show(replace(self.state, loading=False, error=trouble(outcome)))

    def _on_saved(self, outcome: Outcome[Path]) -> None:
        match outcome:
            case Finished(result=path):
                key = self._wanted()
                if key is not None:
                    # The file holds what is loaded already.
                    self._key = replace(key, path=str(path))
                self._runs.change_backend_options({"codebook": str(path)})
                self._show(replace(self.state, note=f"Saved {path}. The next runs use it."))
            case Failed() | Crashed():
                self._show(replace(self.state, error=trouble(outcome)))

    def _on_overlay_message(self, error: str) -> None:
        self._show(replace(self.state, error=error))

    def _on_run(self, state: RunState) -> None:
        wanted = self._wanted()
        if wanted not in (None, self._key) and (self._edits is not None or self.state.error):
            self._overlay.leave()
            self._key, self._edits = None, None
            # The layer stays chosen: the next weights probably have one of that name.
            self._show(CodebookState(layer=self.state.layer, loading=self.state.loading))
            return
        if state.phase is not Phase.IDLE or wanted is None:
            self._overlay.leave()
        else:
            self._overlay.decide(state.threshold, state.live)
        if self.state.offered != (wanted is not None):
            self._refresh()

    def _refresh(self) -> None:
        self._show(self.state)

    def _show(self, state: CodebookState) -> None:
        overlay = self._overlay
        state = replace(
            state,
            offered=self._wanted() is not None,
            follows=overlay.follows,
            busy=overlay.busy,
            seen=overlay.seen,
        )
        self.state = state if self._edits is None else self._edits.shown_in(state)
        self.changed.emit(self.state)


def _load(key: Key, token: CancelToken) -> Generator[Progress, None, Loaded]:
    return load(key.model, key.spec, key.path)


def _save(constrained: Constrained, path: Path, token: CancelToken) -> Generator[Progress, None, Path]:
    return save(constrained, path)
