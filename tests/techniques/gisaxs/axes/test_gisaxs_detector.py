"""Real PILATUS frames: they open, are masked right, and become pictures in q with a typed geometry."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_sciml.core.settings import parse_settings
from napari_sciml.io import open_image
from napari_sciml.io.formats.saturation import count_limit
from napari_sciml.techniques.gisaxs.axes.choose import axes_problem, choose_axes
from napari_sciml.techniques.gisaxs.clean import clean_frame
from napari_sciml.techniques.gisaxs.settings import GisaxsSettings

pytest.importorskip("fabio")


@pytest.fixture
def frames(real_data: Callable[[str], Path]) -> Path:
    """The folder of three PILATUS frames."""
    return real_data("gisaxs/desy_p03")


TYPED = {
    "energy_kev": 12.0,
    "incidence_deg": 0.4,
    "distance_mm": 4000.0,
    "pixel_um": 172.0,
    "beam_row": 1200.0,
    "beam_column": 700.0,
}
"""Plausible for the beamline; the files state none of it."""


def test_the_series_opens_and_says_what_it_lacks(frames: Path) -> None:
    source = open_image(frames)
    assert (source.shape, source.axes, source.dtype) == ((3, 1679, 1475), ("t", "y", "x"), np.int32)
    assert "geometry of" in axes_problem(GisaxsSettings(), source)
    assert source.place is not None
    assert count_limit(source.place(0)[0]) == 1_382_835


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("knows_limit", [False, True])
def test_gaps_bad_and_hot_pixels_are_masked(number: int, knows_limit: bool, frames: Path) -> None:
    source = open_image(frames)
    frame = source.read((number, slice(None), slice(None)))
    values, account = clean_frame(frame, None, "linear", 1_382_835 if knows_limit else None)
    assert (account.gaps, account.bad) == (197_365, 484)
    # Pixels past 4 million: 4, in the last frame 3. Below the limit two more are hot in every frame.
    assert account.saturated + account.hot == (6, 6, 5)[number]
    if knows_limit:
        assert (account.saturated, account.hot) == ((4, 4, 3)[number], 2)
    assert frame[1065, 225] == 1_053_695
    assert np.isnan(values[1065, 225])
    assert np.isnan(values[frame > 4e6]).all()
    # The scattering next to the beamstop stays, up to half a million counts in a pixel.
    kept = np.isfinite(values)
    assert values[kept].max() > 4e5
    assert (~kept).sum() == account.total == 197_365 + 484 + (6, 6, 5)[number]
    assert np.array_equal(values[kept], frame[kept].astype(np.float32))


def test_a_series_becomes_pictures_in_q(frames: Path) -> None:
    pytest.importorskip("pyFAI")
    source = open_image(frames)
    axes = choose_axes(parse_settings(GisaxsSettings, TYPED), source)
    seconds = []
    for number in (0, 1, 2):
        values, _ = clean_frame(source.read((number, slice(None), slice(None))), None, "linear")
        begun = time.thread_time()
        image = axes.to_q(values)
        seconds.append(time.thread_time() - begun)
    assert seconds[0] < 10
    assert max(seconds[1:]) < seconds[0]
    assert image.values.shape[0] <= 400
    assert image.values.shape[1] <= 400
    # As many pixels lie under every point of the picture, so that gaps take the same share of it.
    above = values[:1200]
    assert np.isnan(image.values).mean() == pytest.approx(np.isnan(above).mean(), abs=0.04)
    assert np.nanmedian(image.values) == pytest.approx(np.nanmedian(above), abs=1.0)
    # The brightest place is where it was.
    at = np.unravel_index(np.nanargmax(image.values), image.values.shape)
    row, column = axes.to_pixel(image.qy[at[1]], image.qz[at[0]])
    near = values[int(row) - 6 : int(row) + 7, int(column) - 6 : int(column) + 7]
    assert np.nanmax(near) > 0.2 * np.nanmax(above)
