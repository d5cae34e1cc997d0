from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fixtures.fakes import SpotTechnique
from napari_sciml.app.base.jobs import Going, Phase
from napari_sciml.app.base.text import progress_line, result_line
from napari_sciml.app.run.text import how_it_works, image_line, next_step, saved_line
from napari_sciml.core.plan import RunPlan
from napari_sciml.core.progress import Progress, drive
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.points_sync import HandEdits
from napari_sciml.techniques.microct.settings import MicroCTSettings

NONE = HandEdits()


def found(shape=(4, 20, 30), axes=None, bright=3, **settings):
    image = np.zeros(shape, np.uint8)
    image.reshape(-1)[: 7 * bright : 7] = 200
    source = ImageSource.from_array(image, axes=axes, name="slab")
    findings = drive(SpotTechnique().run(source, MicroCTSettings(**settings)))
    return findings


def with_record(findings, **changes):
    return replace(findings, provenance=findings.provenance.model_copy(update=changes))


@pytest.mark.parametrize(
    ("shape", "axes", "settings", "where"),
    [
        ((20, 30), None, {}, ""),
        ((4, 20, 30), None, {}, " in 4 slices"),
        ((4, 20, 30), None, {"axis": 2}, " in 30 slices"),
        ((1, 20, 30), None, {}, " in 1 slice"),
        ((2, 4, 20, 30), None, {}, " in 4 slices of 2 frames"),
        ((4, 20, 30), ("t", "y", "x"), {}, " in 4 frames"),
    ],
)
def test_the_result_says_where_was_looked(shape, axes, settings, where):
    findings = found((4, 20, 30), **settings)
    source = ImageSource.from_array(np.zeros(shape, np.uint8), axes=axes)
    things = "fibre cross-sections" if where else "fibres"
    record = findings.provenance.source.model_copy(update={"shape": source.shape, "axes": source.axes})
    assert result_line(with_record(findings, source=record), NONE) == f"3 {things}{where}, 1 s."


def test_one_fibre_is_singular():
    assert result_line(found(bright=1), NONE).startswith("1 fibre in")


def test_what_a_person_changed_is_counted_in():
    assert result_line(found(), HandEdits(added=2)).startswith(
        "5 fibre cross-sections in 4 slices, 1 s (2 added by hand)"
    )
    assert "(1 removed by hand)" in result_line(found(), HandEdits(removed=1))
    assert "4 fibre cross-sections" in result_line(found(), HandEdits(added=2, removed=1))
    assert "(2 added and 1 removed by hand)" in result_line(found(), HandEdits(added=2, removed=1))


def test_parts_that_failed_are_not_passed_over():
    findings = with_record(found(), problems=("slice 3 could not be read", "slice 4 too"))
    assert result_line(findings, NONE).endswith("2 warnings, the first: slice 3 could not be read.")
    one = with_record(found(), problems=("slice 3 could not be read.",))
    assert result_line(one, NONE).endswith("Warning: slice 3 could not be read.")


def test_the_next_step_depends_on_what_came_out():
    assert "move the threshold" in next_step(found(), NONE, True)
    assert "lower the threshold; 3 candidates" in next_step(found(threshold=1.0), NONE, True)
    assert "check the size of the fibres" in next_step(found(bright=0), NONE, True)
    assert "whole image" in next_step(with_record(found(), units_done=2), NONE, True)
    assert "layer was removed" in next_step(found(), NONE, False)


def test_progress_in_words():
    assert progress_line(Going(Phase.RUNNING)) == "Starting: loading the network"
    assert progress_line(Going(Phase.RUNNING, Progress(3, 64), 9.2)) == "3 of 64 tiles, 9 s left"
    assert progress_line(Going(Phase.RUNNING, Progress(3, 64))) == "3 of 64 tiles"
    assert progress_line(Going(Phase.STOPPING, Progress(3, 64), 9.2)).startswith("Stopping after this tile")


def test_the_image_in_words():
    source = ImageSource.from_array(np.zeros((4, 20, 30), np.uint16), pixel_size=(2.0, 0.65, 0.65), unit="um")
    assert image_line(source) == "4 × 20 × 30 (z, y, x), uint16, pixel 2 × 0.65 × 0.65 µm"


def test_how_it_works_is_made_of_whole_sentences():
    plan = RunPlan(normalisation="left as they are", notes=("slices are rescaled by 2.", "look with care"))
    assert how_it_works(plan) == "Pixel values: left as they are. Slices are rescaled by 2. Look with care."
    assert how_it_works(RunPlan()) == ""


def test_saved_files_are_named(tmp_path):
    assert saved_line([tmp_path / "a.csv", tmp_path / "run.json"]) == f"Saved a.csv, run.json in {tmp_path}."
