from __future__ import annotations

import json

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import zarr

from fixtures.by_hand import ByHand
from napari_sciml.backends import FieldScores
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import CancelToken, drive
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.paper.table_vii_dense import window_spread
from napari_sciml.techniques.microct.recipe import MicroCT
from napari_sciml.techniques.microct.settings import MicroCTSettings


class BlobPredictor(ByHand):
    """Says "fibre" as strongly as the four pixels at the centre of a window are bright."""

    def field(self, tile, stride):
        rows, columns = (n - 15 for n in tile.shape)
        corners = [tile[7 + dy : 7 + dy + rows, 7 + dx : 7 + dx + columns] for dy in (0, 1) for dx in (0, 1)]
        bright = np.mean(corners, axis=0)[::stride, ::stride].clip(min=0)
        fiber = bright / (bright + 40)
        return FieldScores(np.stack((1 - fiber, fiber), axis=-1).astype(np.float32), stride, 7.5)


def draw_blobs(shape, centres, diameter):
    """A uint16 plane with a bright blob at each centre, on a faint texture."""
    rows, columns = np.indices(shape)
    plane = np.random.default_rng(0).normal(0, 0.3, shape)
    for y, x in centres:
        plane += 60 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * (diameter / 5) ** 2))
    return (plane * 100 + 1000).clip(0, 65535).astype(np.uint16)


def scattered(shape, diameter, seed=0):
    """Centres between the pixels, about two diameters apart, some near the border."""
    step = 2 * diameter
    start = 0.6 * diameter
    grid = [
        (y, x) for y in np.arange(start, shape[0] - 2, step) for x in np.arange(start, shape[1] - 2, step)
    ]
    return np.array(grid) + np.random.default_rng(seed).uniform(-0.2, 0.2, (len(grid), 2)) * diameter


def find(recipe, data, model, cancel=None, **settings):
    source = data if isinstance(data, ImageSource) else ImageSource.from_array(data)
    values = MicroCTSettings(model=str(model.folder), **settings)
    return drive(recipe.run(source, values, cancel))


@pytest.fixture
def blobs(random_dense_model):
    """Run the recipe with the predictor made by hand."""

    def run(data, cancel=None, **settings):
        return find(MicroCT(opener=BlobPredictor), data, random_dense_model, cancel, **settings)

    return run


@pytest.fixture(scope="module")
def volume():
    smooth = np.random.default_rng(5).normal(size=(6, 150, 131))
    for _ in range(2):
        smooth = (smooth + np.roll(smooth, 1, 1) + np.roll(smooth, 1, 2) + np.roll(smooth, -1, 1)) / 4
    return np.round(smooth / np.ptp(smooth) * 200 + 120).astype(np.uint8)


def distances(found, centres):
    """Distance of each true centre to the nearest find."""
    gaps = np.linalg.norm(found[["y", "x"]].to_numpy()[None] - centres[:, None], axis=2)
    return gaps.min(axis=1)


@pytest.mark.parametrize("diameter", [5.0, 9.0, 13.5, 20.0, 41.0])
def test_centres_are_exact_at_every_scale(blobs, diameter):
    shape = (round(14 * diameter), round(11.3 * diameter))
    centres = scattered(shape, diameter)
    found = blobs(draw_blobs(shape, centres, diameter), fiber_diameter_px=diameter)
    assert len(found.table) == len(centres)
    # In pixels of the image; at 41 px across, the map has one element every 6 px.
    assert distances(found.table, centres).max() < max(0.1, 0.01 * diameter)
    assert found.overlays[0].diameter_px == diameter


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_volume_is_searched_along_any_axis(blobs, axis):
    centres = scattered((90, 110), 13.5)
    plane = draw_blobs((90, 110), centres, 13.5)
    volume = np.stack([plane, plane[::-1], *[plane] * 3], axis=axis)
    found = blobs(volume, axis=axis)
    along, down, right = [("z", "y", "x"), ("y", "z", "x"), ("x", "z", "y")][axis]
    assert found.table.columns.tolist() == ["z", "y", "x", "score"]
    assert found.overlays[0].columns == ("z", "y", "x")
    for number in range(5):
        here = found.table[found.table[along] == number]
        assert len(here) == len(centres)
        expected = centres if number != 1 else np.column_stack((89 - centres[:, 0], centres[:, 1]))
        flat = pd.DataFrame({"y": here[down], "x": here[right]})
        assert distances(flat, expected).max() < 0.1


def test_flat_image_and_series_of_volumes(blobs):
    centres = scattered((80, 90), 13.5)
    plane = draw_blobs((80, 90), centres, 13.5)
    flat = blobs(plane)
    assert flat.table.columns.tolist() == ["z", "y", "x", "score"]
    assert flat.overlays[0].columns == ("y", "x")
    assert (flat.table["z"] == 0).all()
    series = blobs(np.stack([np.stack([plane] * 2)] * 3))
    assert series.table.columns.tolist() == ["t", "z", "y", "x", "score"]
    assert series.overlays[0].columns == ("t", "z", "y", "x")
    assert len(series.table) == 6 * len(flat.table)
    one = series.table[(series.table["t"] == 2) & (series.table["z"] == 1)]
    np.testing.assert_allclose(one[["y", "x", "score"]], flat.table[["y", "x", "score"]], atol=1e-9)


def sorted_rows(table: pd.DataFrame) -> np.ndarray:
    return table.to_numpy()[np.lexsort(table.round(3).to_numpy().T[::-1])]


@pytest.mark.parametrize("tile_px", [40, 64, 97, 1000])
def test_no_seams_whatever_the_tile(volume, random_dense_model, tile_px):
    whole = find(MicroCT(tile_px=4096), volume, random_dense_model, threshold=0.2)
    tiled = find(MicroCT(tile_px=tile_px), volume, random_dense_model, threshold=0.2)
    assert len(whole.table) > 50
    assert tiled.provenance.units_total >= whole.provenance.units_total
    np.testing.assert_allclose(
        sorted_rows(tiled.candidates), sorted_rows(whole.candidates), rtol=0, atol=1e-5
    )


def test_same_points_wherever_the_pixels_lie(volume, random_dense_model, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_sciml.techniques.microct.slices.SLAB_BYTES", 2 * volume[0].nbytes)
    np.save(tmp_path / "volume.npy", volume)
    stored = zarr.create_array(
        store=tmp_path / "volume.zarr", shape=volume.shape, chunks=(4, 64, 64), dtype=volume.dtype
    )
    stored[:] = volume
    reference = find(MicroCT(), volume, random_dense_model).candidates
    for lazy in (np.load(tmp_path / "volume.npy", mmap_mode="r"), da.from_array(volume, (3, 50, 50)), stored):
        pd.testing.assert_frame_equal(find(MicroCT(), lazy, random_dense_model).candidates, reference)


def test_one_slice_alone_is_the_slice_in_the_volume(volume, random_dense_model):
    together = find(MicroCT(), volume, random_dense_model).candidates
    alone = find(MicroCT(), volume[4], random_dense_model).candidates
    pd.testing.assert_frame_equal(
        together[together["z"] == 4].reset_index(drop=True).assign(z=0.0), alone, rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, np.float64])
def test_grey_scale_does_not_matter(volume, random_dense_model, dtype):
    reference = find(MicroCT(), volume[0], random_dense_model).candidates
    changed = volume[0].astype(dtype) if dtype == np.uint8 else volume[0].astype(dtype) * 5 + 30_000
    again = find(MicroCT(), changed, random_dense_model).candidates
    pd.testing.assert_frame_equal(again, reference, rtol=0, atol=1e-4)


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_map_equals_patches_labelled_one_by_one(volume, random_dense_model, stride, dtype):
    import napari_sciml as sciml

    image = volume[0].astype(dtype) * (1 if dtype == np.uint8 else 200)
    # A flat part, as outside of every sample, is where rounding errors would show.
    image[40:80, 40:80] = image[0, 0]
    found = find(MicroCT(stride=stride, tile_px=70), image, random_dense_model)
    lazy = found.maps["fiber"]
    assert lazy.scale == (stride, stride)
    first = -int(lazy.translate[0] - 7.5) // stride
    scores = np.asarray(lazy)[first:, first:]
    windows = np.lib.stride_tricks.sliding_window_view(image, (16, 16))[::stride, ::stride]
    alone = sciml.classify(random_dense_model.folder, windows.reshape(-1, 16, 16))[:, 1]
    inside = scores[: windows.shape[0], : windows.shape[1]]
    assert np.ptp(alone) > 0.5
    np.testing.assert_allclose(inside.ravel(), alone, rtol=0, atol=1e-5)


def test_map_lies_on_the_image(blobs):
    centres = scattered((120, 150), 20.0)
    found = blobs(np.stack([draw_blobs((120, 150), centres, 20.0)] * 2), fiber_diameter_px=20)
    lazy = found.maps["fiber"]
    assert lazy.shape[0] == 2
    plane = lazy[1]
    for y, x in centres:
        index = [
            round((at - shift) / scale)
            for at, shift, scale in zip((y, x), lazy.translate[1:], lazy.scale[1:], strict=True)
        ]
        around = plane[index[0] - 3 : index[0] + 4, index[1] - 3 : index[1] + 4]
        peak = np.array(np.unravel_index(around.argmax(), around.shape)) - 3
        assert np.abs(peak).max() <= 1


def test_map_of_a_volume_cut_across_another_axis(volume, random_dense_model):
    found = find(MicroCT(), volume[:, :40], random_dense_model, axis=1, fiber_diameter_px=5)
    lazy = found.maps["fiber"]
    assert lazy.shape[1] == 40
    assert lazy.scale[1] == 1.0
    alone = find(MicroCT(), volume[:, 7], random_dense_model, fiber_diameter_px=5).maps["fiber"]
    np.testing.assert_allclose(lazy[:, 7], np.asarray(alone), atol=1e-6)
    assert lazy.scale[0] == alone.scale[0]


def test_map_reads_only_the_slice_that_is_looked_at(volume, random_dense_model):
    class Watched:
        shape, dtype = volume.shape, volume.dtype

        def __init__(self):
            self.read = []

        def __getitem__(self, index):
            self.read.append(index[0])
            return volume[index]

    data = Watched()
    found = find(MicroCT(), ImageSource.from_array(data), random_dense_model)
    data.read.clear()
    found.maps["fiber"][3]
    assert data.read == [slice(3, 4)]


def test_threshold_needs_no_new_run(blobs):
    image = draw_blobs((90, 110), scattered((90, 110), 13.5), 13.5).astype(np.int32)
    image[:50] = 1000 + (image[:50] - 1000) // 3
    every = blobs(image, threshold=0)
    strict = blobs(image, threshold=0.7)
    pd.testing.assert_frame_equal(every.at_threshold(0.7).table, strict.table)
    assert every.table["score"].min() < 0.05 <= strict.candidates["score"].min()
    assert strict.table["score"].min() >= 0.7
    assert 0 < len(strict.table) < len(every.table)


def test_two_fibres_are_never_closer_than_asked(volume, random_dense_model):
    from scipy.spatial import cKDTree

    for distance, settings in ((8.1, {}), (20.0, {"min_distance_px": 20})):
        table = find(MicroCT(), volume[0], random_dense_model, threshold=0, **settings).table
        gaps, _ = cKDTree(table[["y", "x"]]).query(table[["y", "x"]], k=2)
        assert gaps[:, 1].min() >= distance


def test_stopped_run_keeps_finished_tiles(blobs):
    centres = scattered((300, 300), 13.5)
    volume = np.stack([draw_blobs((300, 300), centres, 13.5)] * 4)
    whole = blobs(volume)
    cancel = CancelToken()
    source = ImageSource.from_array(volume)
    recipe = MicroCT(opener=BlobPredictor, tile_px=128)
    model = whole.provenance
    work = recipe.run(source, MicroCTSettings(model=model.settings["model"]), cancel)
    tiles = recipe.plan(source, MicroCTSettings(model=model.settings["model"])).tiles
    for _ in range(tiles // 2 + 3):
        step = next(work)
    cancel.cancel()
    with pytest.raises(StopIteration) as stop:
        next(work)
    partial = stop.value.value
    assert step.total == tiles
    assert partial.partial
    assert partial.provenance.units_done == tiles // 2 + 2
    # Two whole slices, two tiles of the third, nothing of the fourth; all of it is in a whole run, too.
    counts = partial.table.groupby("z").size()
    assert counts[0] == counts[1] == len(centres)
    assert 0 < counts[2] < len(centres)
    assert 3 not in counts.index
    merged = partial.table.round(4).merge(whole.table.round(4))
    assert len(merged) == len(partial.table)
    assert not whole.partial


def test_stopped_before_the_first_tile_is_empty_not_an_error(blobs):
    cancel = CancelToken()
    cancel.cancel()
    found = blobs(draw_blobs((80, 80), [(40, 40)], 13.5), cancel)
    assert found.partial
    assert found.table.columns.tolist() == ["z", "y", "x", "score"]
    assert len(found.table) == 0


def test_bad_slices_are_listed_and_the_rest_goes_on(blobs):
    plane = draw_blobs((80, 80), [(40, 40)], 13.5).astype(np.float32)
    hole = plane.copy()
    hole[:6, :30] = np.nan
    volume = np.stack([plane, np.full_like(plane, np.nan), hole, np.full_like(plane, 7), plane])
    found = blobs(volume)
    assert not found.partial
    assert sorted(found.table["z"]) == [0, 2, 4]
    problems = found.provenance.problems
    assert [problem.split(" was left out: ")[0] for problem in problems] == [
        "Slice 1",
        "Slice 3",
        problems[2],
    ]
    assert "not one pixel is a finite number" in problems[0]
    assert "every pixel is 7.0" in problems[1]
    assert problems[2].startswith(
        "1 slice has pixels that are NaN or infinity (first: 180 of 6400 in slice 2)"
    )
    assert np.isnan(found.maps["fiber"][1]).all()


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (np.zeros((4, 50, 50)), "image cannot be used: every pixel is 0"),
        (np.full((50, 50), np.nan), "image cannot be used: not one pixel is a finite number"),
        (np.ones((50, 1)), "a line of pixels"),
        (np.ones((10, 10)), "hardly larger than one fibre"),
    ],
)
def test_image_without_any_usable_slice_is_one_sentence(blobs, image, said):
    with pytest.raises(SciMLError, match=said):
        blobs(image)


def test_plan_reads_no_pixels_and_matches_the_run(random_dense_model):
    class Untouchable:
        shape, dtype = (7, 400, 500), np.dtype(np.uint16)

        def __getitem__(self, index):
            raise AssertionError("the plan read pixels")

    recipe = MicroCT()
    settings = MicroCTSettings(model=str(random_dense_model.folder))
    plan = recipe.plan(ImageSource.from_array(Untouchable()), settings)
    steps = []
    pixels = np.random.default_rng(0).integers(0, 9, (7, 400, 500), np.uint16)
    work = MicroCT(opener=BlobPredictor).run(ImageSource.from_array(pixels), settings)
    drive(work, steps.append)
    assert plan.tiles == steps[-1].done == steps[-1].total
    assert [step.done for step in steps] == list(range(plan.tiles + 1))
    assert plan.seconds > 0
    assert 0 < plan.memory_gb < 1
    assert "median" in plan.normalisation
    assert not plan.problem


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"fiber_diameter_um": 10.0}, "does not say how large a pixel is"),
        ({"model": "nonsense"}, "no model called"),
    ],
)
def test_plan_says_why_a_run_cannot_start(random_dense_model, settings, said):
    values = MicroCTSettings(**{"model": str(random_dense_model.folder), **settings})
    plan = MicroCT().plan(ImageSource.from_array(np.ones((4, 50, 50))), values)
    assert said in plan.problem
    assert plan.line == plan.problem


def test_model_for_single_patches_cannot_run(random_patch_model):
    with pytest.raises(SciMLError, match="cannot mark fibres in a whole image"):
        find(MicroCT(), np.ones((50, 50)), random_patch_model)


def test_files_of_a_run(blobs, tmp_path):
    centres = scattered((80, 90), 13.5)
    volume = np.stack([draw_blobs((80, 90), centres, 13.5)] * 3)
    found = blobs(volume)
    paths = found.save(tmp_path / "out")
    assert [path.name for path in paths] == ["findings.csv", "points.csv", "overlay.png", "run.json"]
    table = pd.read_csv(paths[0])
    pd.testing.assert_frame_equal(table, found.table)
    points = pd.read_csv(paths[1])
    assert points.columns.tolist() == ["index", "axis-0", "axis-1", "axis-2", "score"]
    np.testing.assert_array_equal(points[["axis-0", "axis-1", "axis-2"]], found.table[["z", "y", "x"]])
    record = json.loads(paths[3].read_text())
    assert record["model"] == "random-dense"
    assert record["units_done"] == record["units_total"] == 3
    assert record["normalisation"] == "field-robust"
    assert len(record["weights_sha256"]) == 64
    assert paths[2].stat().st_size > 10_000


def test_empty_result_can_be_saved(blobs, tmp_path):
    paths = blobs(np.random.default_rng(0).normal(size=(60, 60)), threshold=0.999).save(tmp_path)
    assert pd.read_csv(paths[0]).columns.tolist() == ["z", "y", "x", "score"]


def test_predictor_is_closed_even_if_nobody_listens_any_more(random_dense_model):
    opened = []

    def opener(*args):
        opened.append(BlobPredictor(*args))
        return opened[-1]

    image = np.random.default_rng(0).normal(size=(3, 60, 60))
    settings = MicroCTSettings(model=str(random_dense_model.folder))
    work = MicroCT(opener=opener).run(ImageSource.from_array(image), settings)
    next(work)
    next(work)
    work.close()
    assert opened[0].closed


def test_spread_of_a_window_is_its_standard_deviation():
    import torch

    field = np.random.default_rng(0).normal(1e4, 3, (1, 1, 30, 33)).astype(np.float32)
    spread = window_spread(torch.from_numpy(field), 1)[0, 0].numpy()
    windows = np.lib.stride_tricks.sliding_window_view(field[0, 0].astype(np.float64), (16, 16))
    np.testing.assert_allclose(spread, windows.std((2, 3)), rtol=1e-5)


def test_the_record_says_when_the_run_began(random_dense_model):
    from datetime import UTC, datetime

    image = np.random.default_rng(0).integers(0, 255, (40, 40)).astype(np.uint8)
    before = datetime.now(UTC).replace(microsecond=0)

    class Late(CancelToken):
        """A token that nobody raises."""

    work = MicroCT().run(
        ImageSource.from_array(image), MicroCTSettings(model=str(random_dense_model.folder)), Late()
    )
    next(work)
    after_the_first_tile = datetime.now(UTC)
    findings = drive(work)

    began = datetime.fromisoformat(findings.provenance.started)
    assert before <= began <= after_the_first_tile
