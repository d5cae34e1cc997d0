"""The models that ship: their maps are their patches, and they find the fibres of the sample."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

import napari_sciml as sciml
from napari_sciml.training.matching import match_points

SAMPLES = Path(sciml.__file__).parent / "samples"
HAS_ONNX = all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime"))
RUNTIMES = [
    "torch",
    pytest.param("onnxruntime", marks=pytest.mark.skipif(not HAS_ONNX, reason="extra fast is not installed")),
]


@pytest.fixture(scope="module")
def sample():
    return tifffile.imread(SAMPLES / "cmc_phantom.tif")


@pytest.fixture(scope="module")
def truth():
    return pd.read_csv(SAMPLES / "cmc_phantom_truth.csv")


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize(("dtype", "factor", "offset"), [("u1", 1, 0), ("u2", 201, 77), ("f4", 1e-4, 3.0)])
def test_map_equals_patches_of_raw_pixels(sample, runtime, dtype, factor, offset):
    image = (sample[12, 60:150, 60:160] * np.float64(factor) + offset).astype(dtype)
    # As outside of a specimen: nothing but one grey value.
    image[10:35, 10:35] = image[0, 0]
    found = sciml.run("microct", image, runtime=runtime)
    scores = np.asarray(found.maps["fiber"])
    windows = np.lib.stride_tricks.sliding_window_view(image, (16, 16))[::2, ::2]
    alone = sciml.classify("microct-fiber-dense", windows.reshape(-1, 16, 16), runtime=runtime)[:, 1]
    first = round((7.5 - found.maps["fiber"].translate[0]) / 2)
    inside = scores[first:, first:][: windows.shape[0], : windows.shape[1]]
    assert alone.max() > 0.9
    np.testing.assert_allclose(inside.ravel(), alone, rtol=0, atol=1e-5)


def test_fibers_of_the_sample_are_found_and_nothing_else(sample, truth):
    slices = [3, 12, 20]
    found = sciml.run("microct", sample[slices]).table
    apart = np.array([1000.0, 1.0, 1.0])
    true = truth[truth["z"].isin(slices)].assign(z=lambda t: t["z"].map({n: i for i, n in enumerate(slices)}))
    matching = match_points(
        found[["z", "y", "x"]].to_numpy() * apart, true[["z", "y", "x"]].to_numpy() * apart, radius=4.0
    )
    assert matching.precision > 0.97
    assert matching.recall > 0.97
    assert np.median(matching.distances) < 0.3


def test_runtimes_find_the_same_fibers(sample):
    if not HAS_ONNX:
        pytest.skip("the optional extra fast is not installed")
    tables = [sciml.run("microct", sample[5], runtime=r).table for r in ("torch", "onnxruntime")]
    np.testing.assert_allclose(tables[0], tables[1], rtol=0, atol=1e-3)


def test_rescaled_sample_gives_the_same_fibers(sample):
    from skimage.transform import resize

    reference = sciml.run("microct", sample[5]).table
    larger = resize(sample[5].astype(float), (400, 380), order=3, mode="reflect")
    scale = np.array([400 / 256, 380 / 256])
    found = sciml.run("microct", larger, fiber_diameter_px=13.5 * float(np.sqrt(scale.prod()))).table
    back = (found[["y", "x"]].to_numpy() + 0.5) / scale - 0.5
    matching = match_points(back, reference[["y", "x"]].to_numpy(), radius=2.0)
    assert matching.f1 > 0.97
    assert np.median(matching.distances) < 0.3
