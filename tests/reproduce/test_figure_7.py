"""Training on quantised images, on a tiny set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_sciml.core.progress import drive
from napari_sciml.techniques.cryoem.density.density_map import built_in_map, fit_box
from napari_sciml.techniques.cryoem.train.orientation.paper_protocol import PaperSettings
from reproduce.figure_7 import figure_7, picture

pytestmark = pytest.mark.slow


def test_every_training_has_a_curve_and_a_test(tmp_path: Path) -> None:
    usual = PaperSettings()
    quick = replace(usual, fit=replace(usual.fit, epochs=3))
    plan = {"seeds": 1, "levels": (1, 8), "settings": quick, "images": 400, "test_images": 84}
    curves, tests = drive(figure_7(fit_box(built_in_map()), tmp_path, **plan))
    assert len(curves) == 3 * 3
    assert tests["data_levels"].isna().tolist() == [True, False, False]
    accuracy = tests["accuracy"].to_numpy()
    # Blank images cannot be told apart; eight levels can, by networks that hardly learned.
    assert accuracy[1] < 0.06
    assert accuracy[2] > accuracy[1]
    again, _ = drive(figure_7(fit_box(built_in_map()), tmp_path, **plan))
    np.testing.assert_array_equal(again["loss"], curves["loss"])
    picture(curves, tmp_path / "f.png")
    assert (tmp_path / "f.png").stat().st_size > 5_000
