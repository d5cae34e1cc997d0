"""Picking from a source to findings, on simulated micrographs and on bad input."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_sciml as sciml
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import CancelToken
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques import get_technique
from napari_sciml.techniques.cryoem.compare_truth import pairs
from napari_sciml.techniques.cryoem.pick_scale import pick_scale
from napari_sciml.techniques.cryoem.picking.network import HALO_PX, label_field
from napari_sciml.techniques.cryoem.recipe import CryoEM
from napari_sciml.techniques.cryoem.settings import CryoEMSettings
from napari_sciml.techniques.cryoem.simulate.run import SimulatedMicrographs
from napari_sciml.techniques.cryoem.simulate.spec import MicrographSpec

DIAMETER_PX = 40.0
SPEC = {"micrographs": 2, "size_px": 640, "particles": 50, "snr": 1.0, "contaminants": 0, "carbon": 0.0}


@pytest.fixture(scope="module")
def simulated() -> SimulatedMicrographs:
    return SimulatedMicrographs(MicrographSpec.model_validate(SPEC), 5)


@pytest.fixture(scope="module")
def stack(simulated: SimulatedMicrographs) -> np.ndarray:
    return simulated[0:2]


def truth(simulated: SimulatedMicrographs) -> Any:
    import pandas as pd

    return pd.concat([simulated.micrograph(n).truth.assign(frame=n) for n in range(2)], ignore_index=True)


@pytest.mark.parametrize(("picker", "least"), [("network", 0.85), ("log", 0.6)])
def test_most_particles_of_a_clean_set_are_found(
    simulated: SimulatedMicrographs, stack: np.ndarray, picker: str, least: float
) -> None:
    found = sciml.run("cryoem", stack, particle_diameter_px=DIAMETER_PX, picker=picker)
    true = truth(simulated)
    assert list(found.table.columns) == ["frame", "y", "x", "score"]
    matched = pairs(found.table, true, DIAMETER_PX)
    assert len(matched) / len(true) > least
    assert len(matched) / len(found.table) > 0.8
    offset = found.table[["y", "x"]].to_numpy()[matched[:, 0]] - true[["y", "x"]].to_numpy()[matched[:, 1]]
    np.testing.assert_allclose(np.median(offset, axis=0), 0, atol=1.5)


def test_one_micrograph_is_the_same_as_in_a_stack(stack: np.ndarray) -> None:
    whole = sciml.run("cryoem", stack, particle_diameter_px=DIAMETER_PX).table
    single = sciml.run("cryoem", stack[0], particle_diameter_px=DIAMETER_PX)
    assert single.overlays[0].columns == ("y", "x")
    first = whole[whole["frame"] == 0].reset_index(drop=True)
    np.testing.assert_allclose(single.table[["y", "x"]], first[["y", "x"]])


def test_inverted_contrast_gives_the_same_picks(stack: np.ndarray) -> None:
    dark = sciml.run("cryoem", stack[0], particle_diameter_px=DIAMETER_PX, contrast="dark").table
    light = sciml.run("cryoem", -stack[0], particle_diameter_px=DIAMETER_PX, contrast="light").table
    np.testing.assert_allclose(dark[["y", "x"]], light[["y", "x"]], atol=0.01)


def test_a_diameter_in_angstrom_needs_the_pixel_size(stack: np.ndarray) -> None:
    with pytest.raises(SciMLError, match="does not say its pixel size"):
        sciml.run("cryoem", stack[0], particle_diameter_A=200)
    given = sciml.run("cryoem", stack[0], particle_diameter_A=200, pixel_size_A=5).table
    pixels = sciml.run("cryoem", stack[0], particle_diameter_px=40).table
    np.testing.assert_allclose(given[["y", "x"]], pixels[["y", "x"]])


def test_lengths_follow_from_the_diameter() -> None:
    source = ImageSource.from_array(np.zeros((4096, 4096), np.uint8), pixel_size=(1.77e-4,) * 2, unit="um")
    scale = pick_scale(source, CryoEMSettings(particle_diameter_A=191.16))
    assert scale.diameter_px == pytest.approx(108)
    assert scale.downsampling == pytest.approx(6)
    assert scale.box_px % 2 == 0
    assert scale.box_px >= 1.5 * scale.diameter_px
    assert "22 Å" not in scale.sentences[0]
    assert "21 Å" in scale.sentences[0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "particle diameter is not known"),
        ({"particle_diameter_px": 3}, "cannot be picked"),
        ({"particle_diameter_px": 600}, "cannot be picked"),
        ({"particle_diameter_px": -4}, "particle_diameter_px"),
        ({"particle_diameter_px": 40, "particle_diameter_A": 200}, "given twice"),
        ({"particle_diameter_px": 40, "model": "microct-fiber-dense"}, "cannot pick particles"),
    ],
)
def test_what_cannot_be_done_is_said(stack: np.ndarray, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SciMLError, match=message):
        sciml.run("cryoem", stack[0], **settings)


def test_the_plan_says_it_too_and_reads_nothing() -> None:
    recipe = CryoEM()
    source = ImageSource.from_array(np.zeros((512, 512), np.uint8))
    assert "diameter is not known" in recipe.plan(source, CryoEMSettings()).problem
    plan = recipe.plan(source, CryoEMSettings(particle_diameter_px=40))
    assert not plan.problem
    assert plan.what == "micrographs"
    assert any("downsampled" in note for note in plan.notes)
    assert "4 dimensions" in recipe.refusal(ImageSource.from_array(np.zeros((2, 2, 64, 64), np.uint8)))
    assert "at least 32 x 32" in recipe.refusal(ImageSource.from_array(np.zeros((20, 64), np.uint8)))


def test_a_bad_micrograph_costs_only_itself(stack: np.ndarray) -> None:
    broken = stack.copy()
    broken[0] = np.nan
    found = sciml.run("cryoem", broken, particle_diameter_px=DIAMETER_PX, contrast="dark")
    assert "Micrograph 0 was left out" in found.provenance.problems[0]
    alone = sciml.run("cryoem", stack[1], particle_diameter_px=DIAMETER_PX, contrast="dark")
    np.testing.assert_allclose(found.table[["y", "x"]], alone.table[["y", "x"]])
    with pytest.raises(SciMLError, match="cannot be used"):
        sciml.run("cryoem", np.full((2, 128, 128), np.nan), particle_diameter_px=20)


def test_no_picks_are_a_valid_result() -> None:
    noise = np.random.default_rng(0).normal(100, 5, (300, 300))
    found = sciml.run("cryoem", noise, particle_diameter_px=40, threshold=1.0)
    assert len(found.table) == 0
    assert list(found.table.columns) == ["frame", "y", "x", "score"]


def test_the_threshold_is_live(stack: np.ndarray) -> None:
    found = sciml.run("cryoem", stack[0], particle_diameter_px=DIAMETER_PX)
    strict, all_ = found.at_threshold(0.9), found.at_threshold(0)
    assert len(strict.table) < len(all_.table) == len(found.candidates)
    assert (strict.table["score"] >= 0.9).all()


def test_picks_keep_their_distance(stack: np.ndarray) -> None:
    table = sciml.run("cryoem", stack[0], particle_diameter_px=DIAMETER_PX, threshold=0.05).table
    places = table[["y", "x"]].to_numpy()
    distances = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(len(places))
    # Moved to the top of their parabola, two picks may come one element nearer.
    assert distances.min() > 0.6 * DIAMETER_PX - 2 * DIAMETER_PX / 18


def test_a_stopped_run_keeps_what_it_has(stack: np.ndarray) -> None:
    cancel = CancelToken()
    found = sciml.run(
        "cryoem",
        stack,
        particle_diameter_px=DIAMETER_PX,
        cancel=cancel,
        on_progress=lambda progress: cancel.cancel() if progress.done == 1 else None,
    )
    assert found.partial
    assert set(found.table["frame"]) == {0}


def test_dead_rims_and_carbon_are_left_out() -> None:
    spec = MicrographSpec.model_validate({**SPEC, "carbon": 1.0, "micrographs": 1})
    made = SimulatedMicrographs(spec, 3).micrograph(0)
    image = made.image.copy()
    image[:50] = image[50]
    found = sciml.run("cryoem", image, particle_diameter_px=DIAMETER_PX, contrast="dark")
    assert (found.table["y"] > 45).all()
    rows, columns = (found.table[c].round().astype(int).clip(0, 639) for c in ("y", "x"))
    assert made.junk[rows, columns].mean() < 0.05
    mask = found.maps["mask"]
    assert mask[0, :].all()
    assert 0.05 < np.asarray(mask).mean() < 0.9
    assert mask.scale[0] * mask.shape[0] == pytest.approx(640, rel=0.02)


def test_tiles_give_what_the_whole_field_gives() -> None:
    recipe = CryoEM()
    predictor = recipe.opener(recipe.model(CryoEMSettings()), CryoEMSettings())
    image = np.random.default_rng(0).normal(size=(300, 345)).astype(np.float32)
    whole = label_field(predictor, image)
    tiled = label_field(predictor, image, tile_px=128)
    assert whole.shape == (150, 173, 3)
    assert HALO_PX % 8 == 0
    np.testing.assert_allclose(tiled, whole, atol=1e-4)


def test_the_picker_labels_single_windows(simulated: SimulatedMicrographs) -> None:
    made = simulated.micrograph(0)
    inside = made.truth[((made.truth[["y", "x"]] > 120) & (made.truth[["y", "x"]] < 520)).all(axis=1)]
    at = [tuple(row) for row in inside[["y", "x"]].round().astype(int).to_numpy()[:12]]
    windows = np.stack([made.image[y - 110 : y + 110, x - 110 : x + 110] for y, x in at])
    answers = sciml.classify("cryoem-picker", windows, particle_diameter_px=DIAMETER_PX)
    assert answers.shape == (len(at), 3)
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
    beside = np.stack([made.image[y - 90 : y + 130, x - 90 : x + 130] for y, x in at])
    away = sciml.classify("cryoem-picker", beside, particle_diameter_px=DIAMETER_PX)
    assert np.median(answers[:, 1]) > 3 * np.median(away[:, 1])


def test_planning_imports_no_torch() -> None:
    code = (
        "import sys, numpy as np\n"
        "from napari_sciml.techniques import get_technique\n"
        "from napari_sciml.core.source import ImageSource\n"
        "recipe = get_technique('cryoem')\n"
        "source = ImageSource.from_array(np.zeros((512, 512)))\n"
        "recipe.plan(source, recipe.settings_type(particle_diameter_px=40))\n"
        "assert 'torch' not in sys.modules and 'scipy.ndimage' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_views_ask_for_what_they_need(stack: np.ndarray) -> None:
    with pytest.raises(SciMLError, match="does not say its pixel size"):
        sciml.run("cryoem", stack[0], particle_diameter_px=DIAMETER_PX, views="correlation", map="built-in")
    few = replace(ImageSource.from_array(stack[0]), pixel_size=(5e-4, 5e-4), unit="um")
    with pytest.raises(SciMLError, match="too few to be sorted"):
        sciml.run(
            "cryoem",
            few,
            particle_diameter_px=DIAMETER_PX,
            views="correlation",
            map="built-in",
            threshold=1.0,
        )


def test_wrong_files_are_told_before_anything_is_picked(stack: np.ndarray, tmp_path: Path) -> None:
    source = ImageSource.from_array(stack[0], pixel_size=(5e-4, 5e-4), unit="um")
    steps: list[Any] = []
    (tmp_path / "text.mrc").write_text("no map")
    for wrong in ({"map": str(tmp_path / "text.mrc")}, {"truth": "absent.mrc"}, {"ctf": "absent.star"}):
        settings = {"views": "correlation", "map": "built-in", **wrong}
        with pytest.raises(SciMLError):
            sciml.run("cryoem", source, particle_diameter_px=40, on_progress=steps.append, **settings)
    assert not steps


def test_settings_without_effect_are_told(stack: np.ndarray) -> None:
    found = sciml.run("cryoem", stack[0], particle_diameter_px=DIAMETER_PX, ctf="some.star")
    assert "Not used without views: ctf." in found.provenance.problems


def test_an_absurd_pixel_costs_nothing(stack: np.ndarray) -> None:
    broken = stack[0].copy()
    broken[300, 300] = 1e30
    plain = sciml.run("cryoem", stack[0], particle_diameter_px=DIAMETER_PX).table
    found = sciml.run("cryoem", broken, particle_diameter_px=DIAMETER_PX).table
    assert abs(len(found) - len(plain)) <= 2


def test_picks_lie_in_the_image(stack: np.ndarray) -> None:
    table = sciml.run("cryoem", stack, particle_diameter_px=DIAMETER_PX, threshold=0).table
    assert table[["y", "x"]].min().min() >= 0
    assert table[["y", "x"]].max().max() <= stack.shape[1] - 1


def test_a_small_movie_is_refused(stack: np.ndarray, tmp_path: Path) -> None:
    from napari_sciml.io.formats.mrc import write_mrc

    rng = np.random.default_rng(0)
    frames = stack[0] + rng.normal(0, stack[0].std(), (6, *stack[0].shape))
    write_mrc(tmp_path / "movie.mrc", frames.astype(np.float32), 5.0, stack=True)
    with pytest.raises(SciMLError, match="like a movie"):
        sciml.run("cryoem", tmp_path / "movie.mrc", particle_diameter_px=DIAMETER_PX)


def test_a_folder_with_one_micrograph_keeps_its_name(stack: np.ndarray, tmp_path: Path) -> None:
    from napari_sciml.io.formats.mrc import write_mrc

    (tmp_path / "set").mkdir()
    write_mrc(tmp_path / "set" / "one.mrc", stack[0], 5.0)
    found = sciml.run("cryoem", tmp_path / "set", particle_diameter_px=DIAMETER_PX)
    found.save(tmp_path / "out")
    assert (tmp_path / "out" / "box" / "one.box").exists()
    assert "one.mrc" in (tmp_path / "out" / "picks.star").read_text()


def test_the_technique_is_known_by_name() -> None:
    assert isinstance(get_technique("cryoem"), CryoEM)
