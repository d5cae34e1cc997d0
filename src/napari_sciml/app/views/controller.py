"""`ViewsController`: sorts the picks of a run into views and builds a 3-D map of them."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from napari.components import ViewerModel
from psygnal import Signal

from napari_sciml.app.base.free_names import file_stem, new_folder
from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.base.worker import TaskRunner, run_in_thread
from napari_sciml.app.canvas.derived_result import Addition
from napari_sciml.app.canvas.result import Result
from napari_sciml.app.canvas.run_access import Runs
from napari_sciml.app.views.findings import with_picks, with_views
from napari_sciml.app.views.job import ViewsJob
from napari_sciml.app.views.on_canvas import ViewsOnCanvas
from napari_sciml.app.views.picks import COLUMNS, keys, picks_of
from napari_sciml.app.views.reopened import choices_of, map_of, views_of
from napari_sciml.app.views.rules import (
    all_views,
    can_train,
    command_values,
    contrast_of,
    pixel_size_of,
    truth_of,
    useful,
    why_not,
)
from napari_sciml.app.views.state import Made, MapChoice, ViewsState
from napari_sciml.app.views.text import map_title, preferred, whose_projections
from napari_sciml.app.views.work import SCIENCE, BuildOrder, Science, SortOrder
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import Findings
from napari_sciml.core.settings import parse_settings
from napari_sciml.layers.keys import KNOWN_KEY
from napari_sciml.layers.source import source_from_layer
from napari_sciml.techniques.cryoem.results import ViewsResult
from napari_sciml.techniques.cryoem.settings import CryoEMSettings

TECHNIQUE = "cryoem"
SORT_FIRST = "A saved run holds no images of its particles, so they have to be sorted again first."
REPLACED = "The picks were replaced by another run meanwhile; sort them again."


class ViewsController(Addition):
    """Turns requests about views into jobs, and their results into state and layers.

    Parameters
    ----------
    viewer
        The real viewer; it is held weakly.
    runs
        Whose picks are sorted.
    start
        Starts work; tests hand in one that runs at once.
    science
        Does the work; tests hand in something quick.
    """

    changed = Signal(object)
    """Emitted with the new `ViewsState` whenever something that the page shows has changed."""

    def __init__(
        self,
        viewer: ViewerModel,
        runs: Runs,
        start: TaskRunner = run_in_thread,
        science: Science | None = None,
    ) -> None:
        self._runs = runs
        self._science = science or SCIENCE
        self._job = ViewsJob(viewer, runs, start)
        self._job.jobs.changed.connect(self._refresh)
        self._job.grown.connect(self._on_grown)
        self._job.message.connect(self._on_message)
        self._job.done.connect(self._deliver)
        self._of: weakref.ref[Result] | None = None
        self._sorted_keys: frozenset[tuple[int, float, float]] = frozenset()
        self._canvas = ViewsOnCanvas(viewer, runs)
        self._canvas.stage.changed.connect(self._refresh)
        self._then_build = False
        self._sorted_with: dict[str, Any] = {}
        self.state = ViewsState()
        runs.changed.connect(self._on_run)

    def choose_map(self, kind: Literal["built-in", "map", "model"], path: str = "") -> None:
        """Name the views by projections of this map."""
        try:
            choice = self._science.look(MapChoice(kind, path))
        except SciMLError as error:
            self._show(replace(self.state, error=error.sentence))
            return
        self._show(replace(self.state, map=choice, error="", note=""))

    def set_voxel(self, size_A: float | None) -> None:
        """Say how large a voxel of the chosen map is; None believes the file."""
        choice = replace(self.state.map, pixel_size_A=size_A, model="")
        self._show(replace(self.state, map=choice, error=""))

    def choose_method(self, method: Literal["network", "correlation"]) -> None:
        """Name the views in this way."""
        self._show(replace(self.state, method=method, error=""))

    def choose_ctf(self, path: str) -> None:
        """Correct the CTF that this STAR file states; empty corrects none."""
        self._show(replace(self.state, ctf=path, error=""))

    def sort(self) -> None:
        """Sort the picks that are on screen, unless the state says why not."""
        result = self._runs.result
        if self._job.jobs.is_busy or self.state.blocked or result is None or result.image is None:
            return
        table, size = picks_of(result), pixel_size_of(self._runs.state, result)
        try:
            source = source_from_layer(result.image)
        except SciMLError as error:
            self._show(replace(self.state, error=error.sentence))
            return
        assert size is not None, "the state says so before anything is sorted"
        order = SortOrder(
            source,
            table[list(COLUMNS)],
            size,
            contrast_of(result.findings),
            parse_settings(CryoEMSettings, self.command_values()),
        )
        self._job.begin("sort", partial(self._science.sort, order), len(table))

    def build(self) -> None:
        """Build the 3-D map from the averages that are kept."""
        result = self.state.result
        if self._job.jobs.is_busy or result is None:
            return
        if result.particles is None:
            # The images of the particles are not saved: they are cut out and sorted once more.
            self._then_build = True
            self.sort()
            if self._then_build and not self._job.jobs.is_busy:
                self._then_build = False
                self._show(replace(self.state, error=f"{SORT_FIRST} {self.state.blocked}".rstrip()))
            return
        self._canvas.begin_map()
        truth = truth_of(self.state.map, self._known("truth"))
        order = BuildOrder(result, sorted(self.state.kept), truth)
        self._job.begin("build", partial(self._science.build, order, self._job.on_map()), len(result.views))

    def train(self, parent: str | Path) -> None:
        """Train a model for the chosen map, into a new folder inside `parent`."""
        if self._job.jobs.is_busy or not self.state.can_train:
            return
        folder = new_folder(parent, f"{file_stem(map_title(self.state.map))}-views")
        self._job.begin("train", partial(self._science.train, self.state.map, folder), 1)

    def stop(self) -> None:
        """Stop the work at its next step. What was there before stays."""
        self._job.jobs.stop()

    def choose_view(self, view: int | None) -> None:
        """Look at one view: its particles are filled on the image."""
        self._show(replace(self.state, chosen=view))
        self._single_out()

    def keep(self, views: Collection[int], wanted: bool) -> None:
        """Let these views go into the 3-D map, or leave them out."""
        changed = frozenset(views)
        kept = self.state.kept | changed if wanted else self.state.kept - changed
        self._show(replace(self.state, kept=kept))

    def go_to_particle(self, row: int) -> None:
        """Show a sorted particle in the middle of the canvas."""
        self._canvas.go_to_particle(self.state.result, row)

    def show_volume(self) -> None:
        """Show the 3-D map and hide the images."""
        self._canvas.stage.show_volume()

    def show_images(self) -> None:
        """Bring the images back."""
        self._canvas.stage.show_images()

    def command_values(self) -> dict[str, Any]:
        """Return the settings that sort and build as the page does, for a script or a command line."""
        return command_values(self.state)

    def _known(self, name: str) -> Any:
        """Return what the micrographs state themselves, for example their CTFs; None if they do not."""
        result = self._runs.result
        image = None if result is None else result.image
        return None if image is None else image.metadata.get(KNOWN_KEY, {}).get(name)

    def _on_message(self, error: str, note: str) -> None:
        if error or note:
            self._then_build = False
        self._show(replace(self.state, error=error, note=note))

    def _on_grown(self, density: npt.NDArray[np.float32]) -> None:
        if self.state.result is not None:
            self._canvas.show_map(density, self.state.result.pixel_size_A)

    def _deliver(self, made: Made, same: bool) -> None:
        if isinstance(made, Path):
            choice = replace(self.state.map, model=str(made))
            self._show(replace(self.state, map=choice, note=f"The trained model is in {made}."))
        elif not same:
            self._show(replace(self.state, note=REPLACED))
        elif isinstance(made, ViewsResult):
            then_build, self._then_build = self._then_build, False
            kept = self.state.kept if then_build else all_views(made)
            self._take(replace(self.state, result=made, kept=kept, chosen=None, reconstruction=None))
            self._single_out()
            if then_build:
                self.build()
        else:
            self._canvas.show_map(made.volume, made.pixel_size_A)
            self._show(replace(self.state, reconstruction=made))

    def _take(self, state: ViewsState) -> None:
        """Show views, and remember how the picks were sorted into them."""
        assert state.result is not None
        self._sorted_keys = frozenset(keys(state.result.table))
        self._show(state)
        self._sorted_with = self.command_values()

    def _reopen(self, saved: Findings) -> None:
        """Show the views and the 3-D map of a saved run."""
        views, made = views_of(saved), map_of(saved)
        if views is None:
            return
        choice, method, ctf = choices_of(saved)
        # The file of the map may be gone; what was made with it is here all the same.
        with contextlib.suppress(SciMLError):
            stated = self._science.look(choice).stated_A
            choice = replace(choice, stated_A=stated)
        kept = all_views(views) if made is None else frozenset(made.kept)
        how = replace(self.state, map=choice, method=method, ctf=ctf)
        self._take(replace(how, result=views, reconstruction=made, kept=kept))
        if made is not None:
            self._canvas.begin_map()
            self._canvas.show_map(made.volume, made.pixel_size_A)
            self.show_images()

    def settings(self) -> Mapping[str, object]:
        """Return the settings that the picks were sorted with."""
        return self._sorted_with

    def complete(self, findings: Findings) -> Findings:
        """Add to the findings what a person and this page made of them, so that all is saved together."""
        result, views = self._runs.result, self.state.result
        if result is None:
            return findings
        if views is None:
            return with_picks(findings, picks_of(result))
        made, values = self.state.reconstruction, self._sorted_with
        return with_views(findings, picks_of(result), views, made, values)

    def _single_out(self) -> None:
        self._canvas.single_out(self.state.result, self.state.chosen)

    def _on_run(self, state: RunState) -> None:
        result = self._runs.result if state.technique == TECHNIQUE else None
        if result is None:
            return
        if self._of is None or self._of() is not result:
            # Views belong to the picks that they were made of.
            self._of = weakref.ref(result)
            result.add(self)
            self._sorted_with = {}
            fresh = replace(self.state, result=None, reconstruction=None, chosen=None, note="", error="")
            self._show(fresh)
            if result.saved is not None:
                self._reopen(result.saved)
        else:
            self._refresh()
            self._single_out()

    def _refresh(self) -> None:
        self._show(self.state)

    def _show(self, state: ViewsState) -> None:
        self.state = self._followed(state)
        self.changed.emit(self.state)

    def _followed(self, state: ViewsState) -> ViewsState:
        """Return `state` with what follows from the rest, the picks and the viewer."""
        result = self._runs.result if self._runs.state.technique == TECHNIQUE else None
        picks = None if result is None else frozenset(keys(picks_of(result)))
        made = state.reconstruction
        size = None if result is None else pixel_size_of(self._runs.state, result)
        return replace(
            state,
            picks=0 if picks is None else len(picks),
            whose=whose_projections(state.map, state.method, map_title(state.map)),
            blocked=why_not(state, result, picks, size),
            ctfs_stated=self._known("ctfs") is not None,
            can_train=can_train(state),
            going=self._job.jobs.going,
            kind=self._job.kind,
            stale=state.result is not None and picks is not None and picks != self._sorted_keys,
            caution="" if state.result is None else preferred(state.result),
            outdated=made is not None and set(made.kept) != set(useful(state)),
            has_volume=self._canvas.stage.volume is not None,
            shows_volume=self._canvas.stage.is_up,
        )
