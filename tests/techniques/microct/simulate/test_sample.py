"""The shipped sample is what its record says: made by this simulator from this seed."""

from __future__ import annotations

import json
from importlib import resources

import numpy as np
import pandas as pd
import pytest

from napari_sciml.io import open_image
from napari_sciml.techniques.microct.simulate.packing import place_fibers
from napari_sciml.techniques.microct.simulate.phantom import tabulate
from napari_sciml.techniques.microct.simulate.spec import PhantomSpec

FOLDER = resources.files("napari_sciml") / "samples"


def test_the_truth_of_the_sample_follows_from_its_record():
    record = json.loads((FOLDER / "cmc_phantom.json").read_text())
    shipped = pd.read_csv(FOLDER / "cmc_phantom_truth.csv")
    spec = PhantomSpec(**record["spec"])

    fibers = place_fibers(spec, np.random.default_rng(record["seed"]))
    truth = tabulate(spec, fibers, (np.arange(spec.slices) - (spec.slices - 1) / 2) * spec.slice_step_px)

    assert np.abs(truth.to_numpy() - shipped.to_numpy()).max() < 1e-3


def test_the_sample_opens_with_its_pixel_size():
    with resources.as_file(FOLDER / "cmc_phantom.tif") as path:
        source = open_image(path)
    try:
        assert source.shape == (24, 256, 256)
        assert source.pixel_size == pytest.approx((0.7, 0.7, 0.7))
        assert source.unit in ("um", "µm", "micrometer", "micron")
    finally:
        source.close()
