"""The recipe from frames to findings and files, with a stand-in for the network."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

from fixtures.by_hand import ByHand
from fixtures.peak_files import read_cxi
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import Findings
from napari_sciml.core.progress import CancelToken, drive
from napari_sciml.core.settings import parse_settings
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.architectures import new_module
from napari_sciml.networks.card import ModelCard
from napari_sciml.networks.saving import save_model
from napari_sciml.techniques.diffraction.recipe import Diffraction
from napari_sciml.techniques.diffraction.settings import DiffractionSettings

CLASSES = ("not_bragg", "bragg")


class Brightest(ByHand):
    """Calls a tile Bragg by the brightest pixel that the network of Table IV would see."""

    def classify(self, images: np.ndarray) -> np.ndarray:
        assert images.shape[1:] == (64, 64)
        score = np.clip(images[:, :62, :62].max(axis=(1, 2)) / 8, 0, 1)
        return np.stack([1 - score, score], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "random-bragg"
    card = ModelCard(
        name="random-bragg",
        technique="diffraction",
        architecture="table-iv",
        classes=CLASSES,
        input=(64, 64),
        normalisation="local-noise",
        licence="BSD-3-Clause",
    )
    save_model(folder, new_module("table-iv"), card)
    return folder


def stack(spots: dict[int, list[tuple[int, int]]], frames: int = 4, size: int = 256) -> np.ndarray:
    """Flat frames with spots at pixels, strong and less strong ones, as a crystal's are."""
    images = np.random.default_rng(0).poisson(30, (frames, size, size)).astype(np.int32)
    for number, places in spots.items():
        for (y, x), share in zip(places, cycle((1.0, 0.6, 0.3, 0.2)), strict=False):
            spot = np.array([[40, 200, 40], [200, 900, 200], [40, 200, 40]])
            images[number, y - 1 : y + 2, x - 1 : x + 2] += (share * spot).astype(np.int32)
    return images


HIT = [(20, 30), (100, 40), (30, 160), (200, 200)]
SPOTS = {1: HIT, 2: HIT[:2]}


def run(images: Any, folder: Path, cancel: CancelToken | None = None, **settings: Any) -> Findings:
    source = images if isinstance(images, ImageSource) else ImageSource.from_array(images, name="stack")
    chosen = parse_settings(DiffractionSettings, {"model": str(folder), **settings})
    recipe = Diffraction(opener=Brightest)
    return drive(recipe.run(source, chosen, cancel))


def test_three_tiles_make_a_hit(model_folder: Path) -> None:
    found = run(stack(SPOTS), model_folder)
    assert list(found.table.columns) == ["frame", "hit", "bragg_tiles", "score", "suspect_tiles"]
    assert found.table["hit"].tolist() == [False, True, False, False]
    assert found.table["bragg_tiles"].tolist() == [0, 4, 2, 0]
    assert found.maps["tiles"].shape == (4, 4, 4)
    assert np.argwhere(found.maps["tiles"][1] >= 0.5).tolist() == [[0, 0], [0, 2], [1, 0], [3, 3]]
    assert found.maps["tiles"].scale == (1.0, 64, 64)
    assert found.maps["tiles"].translate == (0.0, 31.5, 31.5)


def test_spots_lie_where_they_are(model_folder: Path) -> None:
    spots = run(stack(SPOTS), model_folder).tables["spots"]
    places = spots.loc[spots["frame"] == 1, ["y", "x"]].to_numpy()
    assert len(places) == 4
    for place in HIT:
        assert np.abs(places - place).max(axis=1).min() < 0.3


def test_both_sliders_decide_again_without_the_network(model_folder: Path) -> None:
    found = run(stack(SPOTS), model_folder)
    two = found.at_threshold(0.5, min_tiles=2)
    assert two.table["hit"].tolist() == [False, True, True, False]
    assert two.provenance.settings["min_tiles"] == 2
    assert not found.at_threshold(1.0).table["hit"].any()
    pd.testing.assert_frame_equal(found.at_threshold(0.5).table, found.table)


def test_a_spot_in_the_strip_that_the_network_does_not_see_is_found(model_folder: Path) -> None:
    images = stack({0: [(20, 62)]}, frames=1)
    images[0, :, 62:64] = np.where(images[0, :, 62:64] > 60, images[0, :, 62:64], 30)
    images[0, :30, 61] = 30
    images[0, :30, 64] = 30
    assert run(images, model_folder).maps["tiles"][0][0, 0] >= 0.5


def test_one_image_is_one_frame(model_folder: Path) -> None:
    found = run(stack(SPOTS)[1], model_folder)
    assert found.table["hit"].tolist() == [True]
    assert found.overlays[0].columns == ("y", "x")
    assert found.maps["tiles"].shape == (1, 4, 4)


def test_frames_that_do_not_fit_the_grid_are_used_to_their_edge(model_folder: Path) -> None:
    found = run(stack({0: [(210, 215)]}, frames=1, size=230), model_folder)
    assert found.maps["tiles"].shape == (1, 4, 4)
    assert found.maps["tiles"][0][3, 3] >= 0.5


def test_bad_frames_are_listed_and_the_others_used(model_folder: Path) -> None:
    images = stack({1: HIT, 3: HIT})
    images[0] = 0
    images[2] = 65_535
    images[2, 0, 0] = 3
    found = run(images, model_folder)
    assert found.table["hit"].tolist() == [False, True, False, True]
    assert found.table["score"].isna().tolist() == [True, False, True, False]
    first, second = found.provenance.problems
    assert first == "Frame 0 was left out: It holds nothing but 0."
    assert "Frame 2 was left out: More than half of it is saturated" in second


def test_only_bad_frames_are_one_sentence(model_folder: Path) -> None:
    with pytest.raises(SciMLError, match=r"stack cannot be used: It holds nothing but 0"):
        run(np.zeros((3, 128, 128), np.int32), model_folder)


@pytest.mark.parametrize(
    ("shape", "sentence"), [((2, 3, 90, 90), "4 dimensions"), ((5, 40, 90), "40 x 90 px")]
)
def test_shapes_that_are_no_frames_are_refused(
    model_folder: Path, shape: tuple[int, ...], sentence: str
) -> None:
    with pytest.raises(SciMLError, match=sentence):
        run(np.ones(shape, np.int32), model_folder)


def test_masked_spots_do_not_count(model_folder: Path) -> None:
    mask = np.zeros((256, 256), bool)
    mask[10:40] = True
    found = run(stack(SPOTS), model_folder, mask=mask)
    assert found.table["bragg_tiles"].tolist() == [0, 2, 1, 0]
    assert "7680 of them ignored" in found.provenance.model_dump_json()


def test_a_mask_of_another_size_is_one_sentence(model_folder: Path) -> None:
    with pytest.raises(SciMLError, match=r"The mask has 9 x 9 px, but the frames have 256 x 256"):
        run(stack(SPOTS), model_folder, mask=np.ones((9, 9)))


def test_pixels_that_are_hot_in_every_frame_are_ignored(model_folder: Path) -> None:
    images = stack({2: HIT}, frames=8)
    for y, x in [(70, 70), (70, 200), (200, 70), (130, 130)]:
        images[:, y, x] += 5_000
    with_mask = run(images, model_folder)
    assert with_mask.table["hit"].tolist() == [False, False, True, False, False, False, False, False]
    count, said = with_mask.provenance.notes[0].split(" ", 1)
    assert 4 <= int(count) <= 12
    assert said.startswith("pixels are bright in most frames and are ignored")
    assert run(images, model_folder, hot_pixels=False, drop_suspects=False).table["hit"].all()


def test_a_stopped_run_keeps_what_it_has(model_folder: Path) -> None:
    token = CancelToken()
    work = Diffraction(opener=Brightest).run(
        ImageSource.from_array(stack(SPOTS)), DiffractionSettings(model=str(model_folder)), token
    )
    while True:
        try:
            if next(work).done == 2:
                token.cancel()
        except StopIteration as stop:
            found = stop.value
            break
    assert found.partial
    assert found.table["frame"].tolist() == [0, 1]


def test_every_file_is_written_and_the_peaks_come_back(model_folder: Path, tmp_path: Path) -> None:
    """Frame 2 holds spots but is a miss, and frame 3 a bright pixel taken for one: both must survive."""
    images = stack(SPOTS)
    images[3, 120, 120] += 250
    data = tmp_path / "data.h5"
    with h5py.File(data, "w") as file:
        file["entry/data"] = images
    from napari_sciml.io import open_image

    found = run(open_image(data), model_folder)
    files = {path.name: path for path in found.save(tmp_path / "out")}
    assert set(files) == {
        *("findings.csv", "points.csv", "peaks.csv", "peaks.cxi", "hits.lst", "run.json", "overlay.png")
    }
    spots = found.tables["spots"]
    back = read_cxi(files["peaks.cxi"])
    assert set(back["frame"]) == {1, 2, 3}
    order = spots.sort_values(["frame", "snr"], ascending=[True, False]).reset_index(drop=True)
    for column in ("frame", "x", "y", "intensity", "pixels", "snr", "maximum"):
        np.testing.assert_allclose(back[column], order[column], rtol=1e-6)
    with h5py.File(files["peaks.cxi"]) as file:
        assert file["/entry_1/result_1/hit"][()].tolist() == [0, 1, 0, 0]
        np.testing.assert_array_equal(file["/entry_1/data_1/data"][1], images[1])
    assert files["hits.lst"].read_text() == f"{data} //1\n"
    pd.testing.assert_frame_equal(pd.read_csv(files["findings.csv"]), found.table, check_exact=False)
    assert list(pd.read_csv(files["peaks.csv"])["event_id"]) == list(spots["frame"])


def test_the_plan_reads_no_pixel_and_names_frames(model_folder: Path) -> None:
    class Unread:
        shape, dtype = (200, 1920, 1920), np.dtype(np.int32)

        def __getitem__(self, index: Any) -> np.ndarray:
            raise AssertionError("a pixel was read")

    plan = Diffraction().plan(ImageSource.from_array(Unread()), DiffractionSettings(model=str(model_folder)))
    assert plan.problem == ""
    assert plan.line.startswith("200 frames, about ")


def test_a_mask_that_may_be_the_wrong_way_round_is_told(model_folder: Path) -> None:
    mask = np.ones((256, 256), bool)
    mask[:, 150:] = False
    found = run(stack(SPOTS), model_folder, mask=mask)
    assert found.provenance.problems[0].startswith("The mask leaves out 59% of the pixels")
    assert run(stack(SPOTS), model_folder, mask=~mask).provenance.problems == ()
