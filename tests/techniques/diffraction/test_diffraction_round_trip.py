"""From simulated frames in a file to exported lists and back, with frames that the network got wrong."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

import napari_sciml as sciml
from fixtures.peak_files import read_cxi
from napari_sciml.core.findings import Findings
from napari_sciml.io.saving.record import read_record
from napari_sciml.techniques.diffraction.simulate.run import SimulatedRun
from napari_sciml.techniques.diffraction.simulate.spec import RunSpec

FRAMES = 8


@pytest.fixture(scope="module")
def run() -> SimulatedRun:
    """Half of its frames are hits of very different strength."""
    spec = RunSpec(frames=FRAMES, size_px=512, hit_share=0.6, bad_share=0, strength=40.0, hot_pixels=10)
    return SimulatedRun(spec, seed=8)


@pytest.fixture(scope="module")
def data(run: SimulatedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "frames.h5"
    with h5py.File(path, "w") as file:
        file["entry/data"] = np.stack([run.frame(n).image for n in range(FRAMES)])
    return path


@pytest.fixture(scope="module")
def found(data: Path) -> Findings:
    return sciml.run("diffraction", data)


def wrong_somewhere(found: Findings, truth: np.ndarray) -> Findings:
    """Demand so many tiles of a hit that one true hit becomes a miss and another stays what it is."""
    tiles = found.table.loc[truth, "bragg_tiles"].to_numpy()
    strict = found.at_threshold(0.5, min_tiles=int(tiles.max()))
    assert strict.table["hit"].any()
    return strict


def test_peaks_come_back_for_frames_that_are_wrong_too(
    run: SimulatedRun, data: Path, found: Findings, tmp_path: Path
) -> None:
    truth = np.array([run.frame(n).truth == "hit" for n in range(FRAMES)])
    assert 2 <= truth.sum() < FRAMES
    strict = wrong_somewhere(found, truth)
    wrong = np.flatnonzero(truth & ~strict.table["hit"].to_numpy())
    assert len(wrong)
    strict.save(tmp_path)

    with h5py.File(tmp_path / "peaks.cxi") as file:
        result = file["/entry_1/result_1"]
        names = {f"peak{name}" for name in ("XPosRaw", "YPosRaw", "TotalIntensity", "MaximumValue")}
        assert names | {"peakNPixels", "peakSNR", "nPeaks", "hit"} == set(result)
        answer = result["hit"][()] == 1
        np.testing.assert_array_equal(answer, strict.table["hit"])
        assert not answer[wrong].any()
        assert result["nPeaks"].shape == (FRAMES,)
        assert result["peakXPosRaw"].shape == (FRAMES, result["nPeaks"][()].max())
        np.testing.assert_array_equal(file["/entry_1/data_1/data"][wrong[0]], run.frame(int(wrong[0])).image)
    spots = strict.tables["spots"]
    back = read_cxi(tmp_path / "peaks.cxi")
    order = spots.sort_values(["frame", "snr"], ascending=[True, False]).reset_index(drop=True)
    for column in ("frame", "x", "y", "intensity", "maximum", "pixels", "snr"):
        np.testing.assert_allclose(back[column], order[column], rtol=1e-6)
    assert set(wrong) & set(back["frame"]), "a frame that was wrongly called a miss has its peaks"

    lines = (tmp_path / "hits.lst").read_text().splitlines()
    assert lines == [f"{data} //{n}" for n in np.flatnonzero(answer)]
    table = pd.read_csv(tmp_path / "findings.csv")
    np.testing.assert_array_equal(table["hit"], answer)
    peaks = pd.read_csv(tmp_path / "peaks.csv")
    assert list(peaks.columns) == [
        *("event_id", "num_peaks", "fs", "ss", "intensity", "num_pixels", "max_pixel_intensity", "snr")
    ]
    np.testing.assert_array_equal(peaks.groupby("event_id").size(), spots.groupby("frame").size())
    record = read_record(tmp_path / "run.json")
    assert record.settings["min_tiles"] == strict.provenance.settings["min_tiles"] > 3
    assert record.weights_sha256 == sciml.model("diffraction-bragg").variant("float32").sha256


def test_x_is_the_column_and_pixel_centres_are_whole_numbers(
    run: SimulatedRun, found: Findings, tmp_path: Path
) -> None:
    """Peaks of true hits lie on the simulated reflections, without a shift of half a pixel."""
    found.save(tmp_path)
    peaks = read_cxi(tmp_path / "peaks.cxi")
    off = []
    for number in range(FRAMES):
        truth = run.frame(number).spots
        places = truth.loc[truth["snr"] > 10, ["y", "x"]].to_numpy()
        here = peaks.loc[(peaks["frame"] == number) & (peaks["snr"] > 10), ["y", "x"]].to_numpy()
        for peak in here if len(places) else []:
            off.append(peak - places[np.abs(places - peak).max(axis=1).argmin()])
    near = np.abs(off).max(axis=1) < 1.5
    assert near.sum() > 10
    assert near.mean() > 0.7
    np.testing.assert_allclose(np.median(np.array(off)[near], axis=0), 0, atol=0.15)


def test_onnx_runtime_gives_the_same_scores(data: Path, found: Findings) -> None:
    if not all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime")):
        pytest.skip("the optional extra fast is not installed")
    other = sciml.run("diffraction", data, runtime="onnxruntime")
    assert other.provenance.runtime == "onnxruntime"
    scores = np.asarray(found.maps["tiles"])
    assert (scores > 0.5).any()
    np.testing.assert_allclose(np.asarray(other.maps["tiles"]), scores, rtol=0, atol=1e-4)
