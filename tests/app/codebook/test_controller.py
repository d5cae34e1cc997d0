from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel

import napari_sciml
import napari_sciml.samples
from napari_sciml.app.base.worker import outcome_of
from napari_sciml.app.canvas.preview import in_sight
from napari_sciml.app.codebook.controller import CodebookController
from napari_sciml.app.run.controller import RunController
from napari_sciml.backends.codebook import open_codebook
from napari_sciml.core.progress import drive
from napari_sciml.layers.source import source_from_layer
from napari_sciml.networks.codebook.constrained import Constrained
from napari_sciml.networks.codebook.file import read, to_bytes
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques import register, spec_of
from napari_sciml.techniques.gisaxs.settings import GisaxsSettings
from napari_sciml.techniques.microct.recipe import MicroCT
from napari_sciml.techniques.microct.settings import MicroCTSettings
from napari_sciml.techniques.window_spec import WindowSpec

SLAB = tifffile.imread(Path(napari_sciml.samples.__file__).parent / "cmc_phantom.tif")[11:14, 130:194, 40:104]
LEVELS = 16


class Desk:
    """Three slices of a few fibres in a viewer, and the editor."""

    def __init__(self, backend_options=None, **kwargs) -> None:
        self.viewer = ViewerModel()
        self.runs = RunController(self.viewer, lambda: [MicroCT(tile_px=64)], self.start)
        self.editor = CodebookController(self.viewer, self.runs, self.start)
        self.held = []
        self.hold = False
        self.image = self.viewer.add_image(SLAB, name="slab", **kwargs)
        rounded = {"levels": LEVELS, "method": "constrain"}
        self.runs.change_backend_options(
            {"backend": "codebook", **(rounded if backend_options is None else backend_options)}
        )

    def start(self, task) -> None:
        if self.hold:
            self.held.append(task)
        else:
            task.on_end(drive(outcome_of(task.work), task.on_step))

    def go_on(self) -> None:
        task = self.held.pop(0)
        task.on_end(drive(outcome_of(task.work), task.on_step))

    @property
    def state(self):
        return self.editor.state

    @property
    def names(self):
        return [layer.name for layer in self.viewer.layers]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def trained() -> Desk:
    """Levels as they are by default: the model ships weights that were trained for them."""
    desk = Desk(backend_options={})
    desk.editor.open()
    assert desk.state.loaded, desk.state.error
    return desk


@pytest.fixture
def opened(desk) -> Desk:
    desk.editor.open()
    assert desk.state.loaded, desk.state.error
    return desk


def test_it_is_offered_while_few_levels_compute(desk):
    assert desk.state.offered
    desk.runs.change_backend_options({"backend": "int8"})
    assert not desk.state.offered


def test_opening_shows_layers_histogram_and_values(opened):
    assert opened.state.layers[0][1] == "conv1.weight"
    assert opened.state.layers[0][0] == "conv1, 1,600 weights"
    assert len(opened.state.table) == LEVELS
    assert opened.state.counts.sum() == 1600
    assert not opened.state.edited
    assert "times smaller than float32" in opened.state.facts


def test_a_value_moves_at_once_and_counts_when_it_is_let_go(opened):
    before = opened.state.table
    opened.editor.move(1, before[1] + 0.001)
    assert opened.state.table[1] == pytest.approx(before[1] + 0.001)
    assert opened.state.edited
    assert "K-means" in opened.state.facts
    assert not opened.state.can_undo
    opened.editor.settle()
    assert opened.state.can_undo
    opened.editor.undo()
    assert opened.state.table == before
    assert not opened.state.edited
    assert not opened.state.can_undo


def test_k_means_brings_the_layer_back_and_can_be_undone(opened):
    best = opened.state.table
    opened.editor.move(0, best[0] * 2)
    opened.editor.settle()
    opened.editor.choose_layer("conv2.weight")
    assert not opened.state.edited
    opened.editor.choose_layer("conv1.weight")
    assert opened.state.edited
    opened.editor.reset()
    assert opened.state.table == best
    opened.editor.undo()
    assert opened.state.table[0] == pytest.approx(best[0] * 2)


def test_the_overlay_of_the_slice_in_view_follows_while_somebody_looks(opened):
    opened.viewer.dims.set_point(0, 1)
    assert opened.names == ["slab"]
    opened.editor.watch(True)
    assert opened.names == ["slab", "edited codebook: fibres"]
    layer = opened.viewer.layers[-1]
    assert opened.state.seen.startswith("In view: ")
    assert len(layer.data)
    assert {row[0] for row in (layer.data_to_world(point) for point in layer.data)} == {1.0}
    scores = layer.features["score"].to_numpy()
    opened.editor.move(7, opened.state.table[8])
    opened.editor.settle()
    assert opened.names == ["slab", "edited codebook: fibres"]
    assert not np.array_equal(opened.viewer.layers[-1].features["score"].to_numpy(), scores)
    opened.viewer.dims.set_point(0, 2)
    layer = opened.viewer.layers[-1]
    assert {row[0] for row in (layer.data_to_world(point) for point in layer.data)} == {2.0}
    opened.editor.watch(False)
    assert opened.names == ["slab"]


def test_it_stands_in_for_the_result_and_gives_it_back(opened):
    opened.runs.run()
    result = opened.viewer.layers[-1]
    opened.editor.watch(True)
    assert not result.visible
    assert not opened.viewer.layers[-1].editable
    assert opened.runs.state.images == (opened.image,)
    opened.editor.follow(False)
    assert result.visible
    assert opened.names == ["slab", "slab: fibres"]
    opened.editor.move(0, opened.state.table[0] * 2)
    opened.editor.settle()
    assert opened.names == ["slab", "slab: fibres"]


def test_the_words_on_the_canvas_are_about_the_preview_while_it_is_there(opened, request):
    counting = WindowSpec(caption=lambda findings, frame: f"{len(findings.table)} in {frame}")
    request.addfinalizer(register(replace(spec_of("microct"), window=counting), replace=True).remove)
    opened.runs.run()
    opened.viewer.dims.set_point(0, 2)
    opened.editor.watch(True)
    shown = opened.viewer.layers["edited codebook: fibres"]
    assert opened.runs.canvas.words("60 in 2", 2) == f"{len(shown.data)} in 0"
    assert opened.runs.canvas.words("60 in 1", 1) == ""
    opened.editor.watch(False)
    assert opened.runs.canvas.words("60 in 2", 2) == "60 in 2"


def test_the_preview_is_what_a_run_with_the_saved_file_finds(opened, tmp_path):
    opened.editor.watch(True)
    opened.viewer.dims.set_point(0, 1)
    opened.editor.move(2, opened.state.table[2] * 1.01)
    opened.editor.settle()
    preview = opened.viewer.layers[-1]
    seen = np.array([preview.data_to_world(point) for point in preview.data])
    opened.editor.save(tmp_path / "mine.safetensors")
    assert "mine.safetensors" in opened.state.note
    assert opened.runs.state.backend_options["codebook"] == str(tmp_path / "mine.safetensors")
    assert opened.state.loaded
    assert (
        np.float32(opened.state.table[2]) in read(tmp_path / "mine.safetensors").coded["conv1.weight"].table
    )
    opened.runs.run()
    found = opened.viewer.layers["slab: fibres"].data
    assert len(seen)
    np.testing.assert_allclose(found[found[:, 0] == 1], seen)


def test_the_threshold_decides_the_preview_too(opened):
    opened.editor.watch(True)
    many = len(opened.viewer.layers[-1].data)
    opened.runs.set_threshold(1.0)
    assert len(opened.viewer.layers[-1].data) < many


def test_the_latest_change_wins(opened):
    opened.editor.watch(True)
    opened.hold = True
    for factor in (2.0, 1.5, 0.9):
        opened.editor.move(0, opened.state.table[0] * factor)
        opened.editor.settle()
    assert len(opened.held) == 1
    opened.go_on()
    assert len(opened.held) == 1
    opened.go_on()
    assert not opened.held
    assert not opened.state.busy


def test_a_run_takes_the_preview_away(opened):
    opened.editor.watch(True)
    opened.runs.run()
    assert opened.names == ["slab", "slab: fibres"]
    assert opened.viewer.layers[-1].visible


def test_other_levels_are_loaded_anew_and_another_backend_loses_nothing(opened):
    opened.editor.move(0, opened.state.table[0] * 2)
    opened.editor.settle()
    opened.runs.change_backend_options({"backend": "int8"})
    opened.runs.change_backend_options({"backend": "codebook"})
    assert opened.state.loaded
    assert opened.state.edited
    opened.runs.change_backend_options({"levels": 2})
    assert not opened.state.loaded
    opened.editor.open()
    assert len(opened.state.table) == 2


def test_channels_are_edited_one_by_one(desk):
    desk.runs.change_backend_options({"scope": "channel"})
    desk.editor.open()
    assert desk.state.rows == 64
    desk.editor.choose_row(5)
    desk.editor.move(0, desk.state.table[0] * 2)
    desk.editor.settle()
    assert desk.state.edited
    desk.editor.choose_row(4)
    assert not desk.state.edited


def test_a_saved_file_opens_again_with_its_values(opened, tmp_path):
    opened.editor.move(0, opened.state.table[0] * 2)
    opened.editor.settle()
    table = opened.state.table
    opened.editor.save(tmp_path / "mine.safetensors")
    opened.runs.change_backend_options({"levels": 8})
    opened.runs.change_backend_options({"levels": LEVELS, "codebook": str(tmp_path / "mine.safetensors")})
    opened.editor.open()
    assert opened.state.table == table
    assert opened.state.edited


def stored():
    """Give what runs the trained weights that the model ships, and its codebook."""
    model = get_model("microct-fiber-dense")
    predictor = open_codebook(model, CodebookSpec(data_levels=None))
    return model, predictor, predictor.constrained


def test_it_starts_from_the_trained_weights_that_a_run_uses(trained, tmp_path):
    model, predictor, codebook = stored()
    assert trained.state.trained
    assert trained.state.table == tuple(codebook.coded["conv1.weight"].table.tolist())
    assert trained.state.drawn.endswith("lines: the values of the stored codebook, trained.")
    assert not trained.state.edited
    trained.editor.save(tmp_path / "same.safetensors")
    assert same(read(tmp_path / "same.safetensors"), codebook)
    field = np.random.default_rng(0).normal(size=(40, 40)).astype(np.float32)
    again = open_codebook(model, CodebookSpec(), str(tmp_path / "same.safetensors"))
    np.testing.assert_array_equal(again.field(field, 1).scores, predictor.field(field, 1).scores)


def test_an_untouched_editor_shows_what_a_run_finds(trained):
    trained.viewer.dims.set_point(0, 1)
    trained.editor.watch(True)
    preview = trained.viewer.layers[-1]
    seen = np.array([preview.data_to_world(point) for point in preview.data])
    scores = preview.features["score"].to_numpy()
    trained.runs.run()
    layer = trained.viewer.layers["slab: fibres"]
    here = layer.data[:, 0] == 1
    assert len(seen)
    np.testing.assert_array_equal(layer.data[here], seen)
    np.testing.assert_array_equal(layer.features["score"].to_numpy()[here], scores)


def test_a_value_moved_by_nothing_changes_nothing(trained, tmp_path):
    for index, value in enumerate(trained.state.table):
        trained.editor.move(index, value)
        trained.editor.settle()
    assert not trained.state.can_undo
    assert not trained.state.edited
    trained.editor.save(tmp_path / "same.safetensors")
    assert same(read(tmp_path / "same.safetensors"), stored()[2])


def test_all_weights_of_a_trained_value_move_with_it(trained, tmp_path):
    _, _, codebook = stored()
    before = codebook.coded["conv1.weight"]
    value = float(before.table[3] + before.table[4]) / 2
    trained.editor.move(3, value)
    trained.editor.settle()
    assert "at the start" in trained.state.facts
    trained.editor.save(tmp_path / "mine.safetensors")
    made = read(tmp_path / "mine.safetensors")
    after = made.coded["conv1.weight"].expand()
    mine = before.indices == 3
    assert (after[mine] == np.float32(value)).all()
    np.testing.assert_array_equal(after[~mine], before.expand()[~mine])
    others = {name: coded for name, coded in made.coded.items() if name != "conv1.weight"}
    for name, coded in others.items():
        np.testing.assert_array_equal(coded.expand(), codebook.coded[name].expand())
    for name, values in codebook.floats.items():
        np.testing.assert_array_equal(made.floats[name], values)


def test_starting_again_and_undo_bring_trained_values_back(trained):
    first = trained.state.table
    trained.editor.move(0, first[0] * 2)
    trained.editor.settle()
    trained.editor.reset()
    assert trained.state.table == first
    assert not trained.state.edited
    trained.editor.undo()
    assert trained.state.table[0] == pytest.approx(first[0] * 2)
    trained.editor.undo()
    assert trained.state.table == first


def test_the_preview_of_moved_trained_values_is_what_a_script_finds_with_the_file(trained, tmp_path):
    trained.editor.watch(True)
    trained.viewer.dims.set_point(0, 1)
    before = trained.viewer.layers[-1].features["score"].to_numpy()
    trained.editor.move(0, trained.state.table[0] * 1.2)
    trained.editor.settle()
    preview = trained.viewer.layers[-1]
    seen = np.array([preview.data_to_world(point) for point in preview.data])
    scores = preview.features["score"].to_numpy()
    assert not np.array_equal(scores, before)
    file = tmp_path / "mine.safetensors"
    trained.editor.save(file)
    threshold = trained.runs.state.threshold
    found = napari_sciml.run(
        "microct", SLAB, backend="codebook", codebook=str(file), threshold=threshold
    ).table
    found = found[found["z"] == 1]
    assert len(found)
    np.testing.assert_allclose(found[["z", "y", "x"]].to_numpy(), seen)
    np.testing.assert_allclose(found["score"].to_numpy(), scores, atol=1e-6)


def test_a_saved_file_of_trained_weights_opens_as_such(trained, tmp_path):
    trained.editor.move(0, trained.state.table[0] * 2)
    trained.editor.settle()
    table = trained.state.table
    trained.editor.save(tmp_path / "mine.safetensors")
    trained.runs.change_backend_options({"levels": 4})
    trained.runs.change_backend_options({"levels": 8, "codebook": str(tmp_path / "mine.safetensors")})
    trained.editor.open()
    assert trained.state.table == table
    assert trained.state.trained
    assert not trained.state.edited
    assert "lines: the values in mine.safetensors, trained." in trained.state.drawn


def test_without_such_trained_weights_it_starts_from_k_means_as_a_run_does(trained):
    trained.runs.change_backend_options({"levels": 3})
    assert trained.state.drawn == ""
    trained.editor.open()
    assert not trained.state.trained
    assert len(trained.state.table) == 3
    assert "K-means values, because no codebook trained like this is stored" in trained.state.drawn


def same(first: Constrained, second: Constrained) -> bool:
    """Return whether two codebooks hold the same numbers and say the same of themselves."""
    return to_bytes(first) == to_bytes(second)


@pytest.mark.parametrize("content", [None, b"no codebook"])
def test_a_file_that_is_no_codebook_is_told_in_a_sentence(desk, tmp_path, content):
    path: Path = tmp_path / "none.safetensors"
    if content is not None:
        path.write_bytes(content)
    desk.runs.change_backend_options({"codebook": str(path)})
    desk.editor.open()
    assert "codebook" in desk.state.error
    assert not desk.state.loaded
    desk.runs.change_backend_options({"levels": 3})
    assert desk.state.error == ""


def test_what_is_in_view_is_one_slice_across_the_axis_of_the_run_or_one_frame():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((4, 20, 30)), scale=(2.0, 0.5, 0.5))
    viewer.dims.set_point(0, 6.0)
    source = source_from_layer(image)
    seen = in_sight(viewer, image, source, MicroCTSettings())
    assert seen.index == (slice(3, 4), slice(0, 20), slice(0, 30))
    assert seen.offset == (3.0, 0.0, 0.0)
    assert in_sight(viewer, image, source, MicroCTSettings(axis=2)).index[2] == slice(14, 15)
    series = viewer.add_image(np.zeros((4, 20, 30)), axis_labels=("t", "y", "x"))
    seen = in_sight(viewer, series, source_from_layer(series), GisaxsSettings())
    assert seen.index[0] == slice(3, 4)
    flat = ViewerModel().add_image(np.zeros((20, 30)))
    assert in_sight(ViewerModel(), flat, source_from_layer(flat), MicroCTSettings()).index == (
        slice(0, 20),
        slice(0, 30),
    )


def test_who_wants_the_canvas_takes_the_preview_away_and_keeps_it(opened):
    opened.editor.watch(True)
    lease = opened.runs.canvas.borrow(lambda: None)
    assert opened.names == ["slab"]
    assert opened.state.seen == ""
    lease.give_back()
    opened.hold = True
    opened.editor.move(0, opened.state.table[0] * 2)
    opened.editor.settle()
    lease = opened.runs.canvas.borrow(lambda: None)
    opened.go_on()
    assert opened.names == ["slab"]
    assert lease.is_held
