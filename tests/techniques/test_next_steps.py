"""What is said where nothing was found, measured where that is possible."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_sciml.techniques.diffraction.recipe import nearly
from napari_sciml.techniques.microct.recipe import other_kind
from napari_sciml.techniques.microct.settings import MicroCTSettings
from napari_sciml.techniques.registry import window_of


def test_fibres_of_the_other_kind_are_counted() -> None:
    candidates = pd.DataFrame({"score": [0.9, 0.8, 0.2], "contrast": [0.7, 0.6, 0.5]})
    (said,) = other_kind(candidates, MicroCTSettings(fiber_contrast="dark"))
    assert said == "No dark fibre was found; with fiber_contrast any there would be 2: set it to any."
    assert other_kind(candidates, MicroCTSettings(fiber_contrast="bright")) == ()
    assert other_kind(candidates[2:], MicroCTSettings(fiber_contrast="dark")) == ()


def test_frames_with_one_tile_are_counted() -> None:
    assert nearly(pd.DataFrame({"hit": np.array([True, False, True])})) == (
        "no frame is a hit; with min_tiles 1 there would be 2",
    )
    assert nearly(pd.DataFrame({"hit": np.array([False])})) == ()


@pytest.mark.parametrize("technique", ["cryoem", "microct", "diffraction", "gisaxs"])
def test_every_science_has_a_next_step(technique: str) -> None:
    window = window_of(technique)
    assert window.nothing_text(0).startswith("Next: ")
    assert ("12 candidates" in window.nothing_text(12)) is window.lower
