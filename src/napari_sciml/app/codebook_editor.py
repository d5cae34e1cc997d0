"""`CodebookController`: change the values that weights may take, and see what becomes of the result."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_sciml.app.codebook_words import drawn_words
from napari_sciml.app.codebook_work import Loaded, PreviewOrder, load, preview, save
from napari_sciml.app.comparison import live_settings
from napari_sciml.app.compute import CODEBOOK_NAMES
from napari_sciml.app.level_facts import (
    Spread,
    editable_names,
    facts,
    moved,
    places_at,
    rows_of,
    table_at,
    title_of,
    weights_at,
    with_table_at,
)
from napari_sciml.app.preview import Preview, view_of
from napari_sciml.app.run_controller import RunController
from napari_sciml.app.sentences import CRASHED, result_line
from napari_sciml.app.state import Phase, RunState
from napari_sciml.app.worker import Errand, Failed, Finished, Launch, Outcome, launch
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import Findings
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.settings import RunSettings, parse_settings
from napari_sciml.layers.keeper import HandEdits
from napari_sciml.networks.codebook.constrained import Constrained
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.registry import get_model

MOST_STEPS_BACK = 50


@dataclass(frozen=True)
class CodebookState:
    """Everything the page Codebook shows.

    Attributes
    ----------
    offered
        Whether few levels compute, so that there is something to edit.
    loading, loaded
        Whether the weights are being read, or are there.
    layers, layer
        What has values of its own, as words and name, and which is looked at.
    rows, row
        Number of channels with values of their own, 0 if the layer has one set, and the chosen one.
    counts, edges
        Histogram of the float32 weights.
    table
        The values, rising.
    facts
        How large the error is, and the stored network.
    trained
        Whether training found the place of every weight: weights then move with their value. If not, each
        goes to the nearest.
    drawn
        What bars and lines are, in a sentence.
    edited, can_undo
        Whether anything differs from the first values, and whether there is a step to take back.
    follows
        Whether the overlay of the slice in view follows.
    busy, seen
        Whether the slice is being run, and what was found in it.
    error, note
        What went wrong, or well, last.
    """

    offered: bool = False
    loading: bool = False
    loaded: bool = False
    layers: tuple[tuple[str, str], ...] = ()
    layer: str = ""
    rows: int = 0
    row: int = 0
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    edges: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    table: tuple[float, ...] = ()
    facts: str = ""
    trained: bool = False
    drawn: str = ""
    edited: bool = False
    can_undo: bool = False
    follows: bool = True
    busy: bool = False
    seen: str = ""
    error: str = ""
    note: str = ""


@dataclass(frozen=True)
class Key:
    """What the loaded weights belong to."""

    model: str
    spec: CodebookSpec
    path: str | None


class CodebookController:
    """Turns wishes about values into codebooks, and shows what they do to the slice in view.

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
    about_to_show = Signal()
    """Emitted before an overlay is shown: what else fills the canvas has to go."""

    def __init__(self, viewer: Any, runs: RunController, start: Launch = launch) -> None:
        self._viewer = weakref.ref(viewer)
        self._runs = runs
        self._start = start
        self._key: Key | None = None
        self._loading: Key | None = None
        self._loaded: Loaded | None = None
        self._now: Constrained | None = None
        self._spread: Spread | None = None
        self._history: list[Constrained] = []
        self._token: CancelToken | None = None
        self._again = False
        self._watched = False
        self._rule_of = ("", "")
        self._preview = Preview(viewer)
        self.state = CodebookState()
        runs.changed.connect(self._on_run)
        viewer.dims.events.current_step.connect(self._on_slice)

    def open(self) -> None:
        """Read the weights, unless they are there or are being read."""
        key = self._wanted()
        if key is None or key in (self._key, self._loading):
            return
        self._loading = key
        self._show(loading=True, loaded=False, error="", note="")
        work = load(key.model, key.spec, key.path)
        self._start(Errand(work, "Reading weights", 1, _ignore, self._on_loaded, quiet=True))

    def choose_layer(self, name: str) -> None:
        """Look at this layer."""
        self._look_at(name, 0)

    def choose_row(self, row: int) -> None:
        """Look at the values of this channel."""
        self._look_at(self.state.layer, row)

    def move(self, index: int, value: float) -> None:
        """Move a value, as far as its neighbours let it. The overlay waits for `settle`."""
        if self._now is None or not np.isfinite(value):
            return
        table = moved(np.asarray(self.state.table, np.float32), index, value)
        self._show(table=tuple(float(one) for one in table), note="")

    def settle(self) -> None:
        """Take the values as they are now; the overlay follows."""
        now, loaded = self._now, self._loaded
        if now is None or loaded is None:
            return
        table = np.asarray(self.state.table, np.float32)
        if np.array_equal(table, table_at(self.state.layer, self.state.row, now)):
            return
        nearest = None if loaded.trained else loaded.weights
        changed = with_table_at(self.state.layer, self.state.row, table, nearest, now)
        self._take(changed, back_to=now)

    def reset(self) -> None:
        """Give the layer in view its first values again: those that were trained, or K-means."""
        if self._loaded is None:
            return
        first = table_at(self.state.layer, self.state.row, self._loaded.first)
        self._show(table=tuple(float(one) for one in first))
        self.settle()

    def undo(self) -> None:
        """Take the last change back."""
        if self._history:
            self._take(self._history.pop(), back_to=None)

    def watch(self, watched: bool) -> None:
        """Say whether somebody looks at the editor: only then its overlay is there in place of the result."""
        self._watched = watched
        if watched:
            self._run_view()
        else:
            self.leave()

    def follow(self, wanted: bool) -> None:
        """Let the overlay of the slice in view follow, or bring back the result."""
        self._show(follows=wanted)
        if wanted:
            self._run_view()
        else:
            self.leave()

    def save(self, path: str | Path) -> None:
        """Write the codebook to a file; the next runs use it."""
        if self._now is None:
            return
        work = save(self._now, Path(path))
        self._start(Errand(work, "Saving", 1, _ignore, self._on_saved, quiet=True))

    def _wanted(self) -> Key | None:
        state = self._runs.state
        if state.compute.get("backend") != "codebook" or not state.model:
            return None
        chosen = {name: state.compute[name] for name in CODEBOOK_NAMES if name in state.compute}
        settings = parse_settings(RunSettings, chosen)
        spec = CodebookSpec.of(settings, self._rule(state.model))
        return Key(state.model, spec, settings.codebook)

    def _rule(self, model: str) -> str:
        """Give the rule for pixel values of a model; a drag asks for it many times a second."""
        if self._rule_of[0] != model:
            try:
                self._rule_of = (model, get_model(model).normalisation)
            except SciMLError:
                # The plan says that there is no such model.
                self._rule_of = (model, "")
        return self._rule_of[1]

    def _on_loaded(self, outcome: Outcome) -> None:
        key, self._loading = self._loading, None
        if key is None or key != self._wanted():
            self._show(loading=False)
            return
        match outcome:
            case Finished(result=loaded):
                self._key, self._loaded, self._now, self._history = key, loaded, loaded.opened, []
                drawn = drawn_words(loaded.source, loaded.trained, key.path)
                self._show(loading=False, loaded=True, trained=loaded.trained, drawn=drawn)
                names = editable_names(loaded.opened)
                self._look_at(self.state.layer if self.state.layer in names else names[0], 0)
                self._run_view()
            case Failed(error=error):
                self._key = key
                self._show(loading=False, error=error.sentence)
            case _:
                self._key = key
                self._show(loading=False, error=CRASHED)

    def _look_at(self, name: str, row: int) -> None:
        now, loaded = self._now, self._loaded
        if now is None or loaded is None:
            return
        table = tuple(float(one) for one in table_at(name, row, now))
        weights = weights_at(name, row, loaded.weights, now)
        places = places_at(name, row, now) if loaded.trained else None
        self._spread = Spread.of(weights, places, len(table))
        counts, edges = self._spread.histogram(table)
        self._show(
            layers=tuple((title_of(one, loaded.weights, now), one) for one in editable_names(now)),
            layer=name,
            rows=rows_of(name, now),
            row=row,
            counts=counts,
            edges=edges,
            table=table,
        )

    def _take(self, changed: Constrained, back_to: Constrained | None) -> None:
        if back_to is not None:
            self._history = [*self._history[1 - MOST_STEPS_BACK :], back_to]
        self._now = changed
        self._show(table=tuple(float(one) for one in table_at(self.state.layer, self.state.row, changed)))
        self._run_view()

    def _run_view(self) -> None:
        """Run the slice in view with the values as they are; a run under way makes room first."""
        wanted = self._watched and self.state.follows and self._wanted() == self._key
        if self._now is None or not wanted or self._runs.state.phase is not Phase.IDLE:
            return
        if self._token is not None:
            self._again = True
            self._token.cancel()
            return
        viewer, image, plan = self._viewer(), self._runs.state.image, self._runs.resolved()
        if viewer is None or image is None or plan.source is None or plan.blocked or plan.settings is None:
            self._show(seen="")
            return
        view = view_of(viewer, image, plan.source, plan.settings)
        order = PreviewOrder(plan.technique, plan.source, view, plan.run_values(), self._now)
        self._token = CancelToken()
        self._show(busy=True, error="")
        work = preview(order, self._token)
        ended = _Delivery(weakref.WeakMethod(self._on_previewed), order, weakref.ref(image))
        self._start(Errand(work, "Edited codebook", 1, _ignore, ended, quiet=True))

    def _on_previewed(self, outcome: Outcome, order: PreviewOrder, image: Any) -> None:
        self._token = None
        if self._again:
            self._again = False
            self._show(busy=False)
            self._run_view()
            return
        self._show(busy=False)
        match outcome:
            case Finished(result=findings):
                if image is not None and self._wanted() == self._key and self.state.follows and self._watched:
                    self._show_preview(findings, order, image)
            case Failed(error=error):
                self._show(error=error.sentence)
            case _:
                self._show(error=CRASHED)

    def _show_preview(self, findings: Findings, order: PreviewOrder, image: Any) -> None:
        if (
            self._runs.state.phase is not Phase.IDLE
            or self._runs.state.image is not image
            or findings.partial
        ):
            return
        self.about_to_show.emit()
        result = self._runs.result
        instead = [] if result is None or result.image is not image else result.layers
        findings = findings.at_threshold(self._runs.state.threshold, **self._runs.state.live)
        self._preview.show(image, findings, order.view, instead)
        self._show(seen=f"In view: {result_line(findings, HandEdits())}")

    def _on_saved(self, outcome: Outcome) -> None:
        match outcome:
            case Finished(result=path):
                key = self._wanted()
                if key is not None:
                    # The file holds what is loaded already.
                    self._key = replace(key, path=str(path))
                self._runs.change_compute({"codebook": str(path)})
                self._show(note=f"Saved {path}. The next runs use it.")
            case Failed(error=error):
                self._show(error=error.sentence)
            case _:
                self._show(error=CRASHED)

    def _on_slice(self, event: Any) -> None:
        if self._preview.is_up:
            self._run_view()

    def _on_run(self, state: RunState) -> None:
        wanted = self._wanted()
        if wanted not in (None, self._key) and (self._loaded is not None or self.state.error):
            self.leave()
            self._key, self._loaded, self._now, self._history = None, None, None, []
            self._show(loaded=False, drawn="", seen="", table=(), layers=(), error="", note="")
            return
        if state.phase is not Phase.IDLE or wanted is None:
            self.leave()
        elif (shown := self._preview.findings) is not None:
            threshold, live = live_settings(shown)
            if (state.threshold, dict(state.live)) != (threshold, live):
                self._preview.decide(state.threshold, **state.live)
                decided = self._preview.findings
                assert decided is not None
                self._show(seen=f"In view: {result_line(decided, HandEdits())}")
        if self.state.offered != (wanted is not None):
            self._show()

    def leave(self) -> None:
        """Take the overlay away; the result comes back."""
        if self._token is not None:
            self._again = False
            self._token.cancel()
        if self._preview.is_up:
            self._preview.leave()
            self._show(seen="")

    def _show(self, **changes: Any) -> None:
        state = replace(self.state, **changes)
        self.state = replace(state, **self._derived(state))
        self.changed.emit(self.state)

    def _derived(self, state: CodebookState) -> dict[str, Any]:
        derived: dict[str, Any] = {"offered": self._wanted() is not None, "can_undo": bool(self._history)}
        now, loaded, spread = self._now, self._loaded, self._spread
        if now is None or loaded is None or spread is None or not state.table:
            return {**derived, "facts": "", "edited": False}
        first = table_at(state.layer, state.row, loaded.first)
        derived["facts"] = facts(spread, state.table, first, now)
        derived["edited"] = not np.array_equal(np.asarray(state.table, np.float32), first)
        return derived


@dataclass(frozen=True)
class _Delivery:
    """Tells the controller, if it still lives, how a preview ended."""

    tell: Callable[[], Callable[[Outcome, PreviewOrder, Any], None] | None]
    order: PreviewOrder
    image: weakref.ref[Any]

    def __call__(self, outcome: Outcome) -> None:
        if (tell := self.tell()) is not None:
            tell(outcome, self.order, self.image())


def _ignore(step: Progress) -> None:
    """Show nothing: this work has no steps worth it."""
