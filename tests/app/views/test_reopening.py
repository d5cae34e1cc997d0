"""Views, averages and the 3-D map of a saved run are on their page again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from fixtures.cryoem_findings import MadeUpScience, PickTechnique, options
from napari_sciml.app.base.worker import Task, outcome_of
from napari_sciml.app.run.controller import RunController
from napari_sciml.app.session import layers_of
from napari_sciml.app.views.controller import SORT_FIRST, ViewsController
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import drive
from napari_sciml.io import open_image
from napari_sciml.io.formats.mrc import write_mrc
from napari_sciml.layers.image_layer import image_layer
from napari_sciml.layers.saved_run import part_in, saved_run_layers
from napari_sciml.techniques.saved_runs import open_run


def at_once(task: Task) -> None:
    task.on_end(drive(outcome_of(task.work), task.on_step))


class Desk:
    """A viewer with its two controllers, and science that is made up."""

    def __init__(self) -> None:
        self.made_up = MadeUpScience()
        self.viewer = ViewerModel()
        self.runs = RunController(self.viewer, lambda: [PickTechnique()], at_once)
        self.views = ViewsController(self.viewer, self.runs, at_once, self.made_up.science)

    def open(self, folder: Path) -> None:
        layers = [self.viewer.add_layer(Layer.create(*data)) for data in saved_run_layers(folder)]
        run = part_in(layers[-1].metadata).run
        self.runs.take_up(run, layers_of(self.viewer, run))


@pytest.fixture
def first(tmp_path) -> Desk:
    """Micrographs in a file, picked, corrected and sorted."""
    from fixtures.cryoem_findings import micrographs

    source = micrographs()
    write_mrc(tmp_path / "grid.mrcs", np.asarray(source.data), 4.0)
    desk = Desk()
    desk.viewer.add_layer(
        Layer.create(*image_layer(open_image(tmp_path / "grid.mrcs", independent_frames=True)))
    )
    desk.runs.change_values(options())
    desk.runs.run()
    desk.runs.result.points[0].add([[1, 100.0, 101.0]])
    desk.runs.result.points[0].remove([0])
    desk.views.sort()
    return desk


def reopened(desk: Desk, folder: Path) -> Desk:
    desk.runs.save(folder)
    again = Desk()
    again.open(max((path for path in folder.iterdir() if path.is_dir()), key=lambda path: path.name))
    return again


def test_views_and_map_are_there_again(first, tmp_path):
    first.views.build()
    first.views.show_images()
    again = reopened(first, tmp_path)
    one, other = first.views.state, again.views.state
    pd.testing.assert_frame_equal(other.result.table, one.result.table[list(other.result.table)])
    pd.testing.assert_frame_equal(other.result.views, one.result.views)
    np.testing.assert_array_equal(other.result.averages, one.result.averages)
    np.testing.assert_array_equal(other.result.references, one.result.references)
    assert (other.result.map_name, other.result.method) == (one.result.map_name, one.result.method)
    np.testing.assert_array_equal(other.reconstruction.volume, one.reconstruction.volume)
    pd.testing.assert_frame_equal(other.reconstruction.fsc, one.reconstruction.fsc)
    assert other.reconstruction.kept == one.reconstruction.kept
    assert other.reconstruction.cautions == one.reconstruction.cautions
    for name in ("picks", "stale", "outdated", "has_volume", "shows_volume", "caution", "blocked"):
        assert getattr(other, name) == getattr(one, name), name
    again.views.show_volume()
    assert again.views.state.shows_volume


def test_the_choices_are_set_as_they_were(first, tmp_path):
    first.views.choose_method("correlation")
    first.views.choose_map("map", "mine.mrc")
    first.views.choose_ctf("CTFs.star")
    first.views.set_voxel(3.5)
    first.views.sort()
    again = reopened(first, tmp_path)
    assert again.views.command_values() == first.views.command_values()
    assert again.runs.state.values == first.runs.state.values
    assert again.runs.command_text() == first.runs.command_text()


def test_what_was_not_sorted_is_not_sorted_again(first, tmp_path):
    first.runs.run()
    again = reopened(first, tmp_path)
    assert again.views.state.result is None


def test_a_view_is_singled_out_on_the_image(first, tmp_path):
    again = reopened(first, tmp_path)
    again.views.choose_view(3)
    filled = (again.runs.result.points[0].face_color[:, 3] > 0).sum()
    assert filled == again.views.state.result.views["count"][3]


def test_building_again_sorts_again_first(first, tmp_path):
    again = reopened(first, tmp_path)
    again.views.keep([0, 1], False)
    again.views.build()
    assert len(again.made_up.orders) == len(again.made_up.builds) == 1
    assert again.made_up.builds[0].keep == sorted(set(range(84)) - {0, 1})
    assert again.views.state.reconstruction is not None
    again.views.build()
    assert len(again.made_up.orders) == 1


def test_a_sorting_that_fails_builds_nothing(first, tmp_path):
    again = reopened(first, tmp_path)
    again.made_up.fail = SciMLError("The micrographs are away")
    again.views.build()
    assert "away" in again.views.state.error
    assert again.made_up.builds == []
    again.made_up.fail = None
    again.views.sort()
    assert again.made_up.builds == []


def test_without_micrographs_it_is_said_why_nothing_is_built(first, tmp_path):
    first.views.build()
    first.runs.save(tmp_path)
    (tmp_path / "grid.mrcs").unlink()
    again = Desk()
    again.open(next(path for path in tmp_path.iterdir() if path.is_dir()))
    assert again.views.state.reconstruction is not None
    again.views.build()
    assert again.views.state.error.startswith(SORT_FIRST)
    assert "image was removed" in again.views.state.error


def test_saving_again_says_everything_once(first, tmp_path):
    first.views.build()
    again = reopened(first, tmp_path)
    again.runs.save(tmp_path / "more")
    one, other = (
        open_run(path) for path in (max(tmp_path.glob("*-cryoem*")), *(tmp_path / "more").iterdir())
    )
    # The curve gives another resolution than the made-up one.
    before, after = ([note.partition(";")[0] for note in run.provenance.notes] for run in (one, other))
    assert after == before
    assert other.provenance.problems == one.provenance.problems
    pd.testing.assert_frame_equal(other.table, one.table)
    assert other.corrections == one.corrections


def test_sorting_again_replaces_map_and_words_of_before(first, tmp_path):
    first.views.build()
    again = reopened(first, tmp_path)
    again.views.sort()
    again.runs.save(tmp_path / "more")
    other = open_run(*(tmp_path / "more").iterdir())
    assert "map" not in other.products
    assert not any("3-D map" in note for note in other.provenance.notes)
