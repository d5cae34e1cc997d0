"""Painted peaks, rings, arcs and lines of known place and width are found; noise, steps and gaps are not."""

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques.gisaxs.axes.q_image import QImage
from napari_sciml.techniques.gisaxs.features import COLUMNS, find_features, outline
from napari_sciml.techniques.gisaxs.lattices.spots import predict_spots
from napari_sciml.techniques.gisaxs.simulate import GisaxsSpec, simulate

ROWS, COLUMNS_PX = 120, 160
QY, QZ = np.linspace(-0.8, 0.8, COLUMNS_PX), np.linspace(1.2, 0.0, ROWS)
PX = 1.6 / (COLUMNS_PX - 1)
Y, Z = np.meshgrid(QY, QZ)
Floats = npt.NDArray[np.float64]


def slope(level: float = 60.0) -> Floats:
    return level * (1 + 0.4 * Y + 0.5 * Z)


def bell(x: Floats, fwhm: float) -> Floats:
    result: Floats = np.exp(-4 * math.log(2) * (x / fwhm) ** 2)
    return result


def counted(image: Floats, seed: int = 0) -> QImage:
    return QImage(np.random.default_rng(seed).poisson(image).astype(np.float32), QY, QZ)


def nearest(table: pd.DataFrame, kind: str, y: float, z: float) -> pd.Series:
    rows = table[table["kind"] == kind]
    assert len(rows), table
    distance = np.hypot(rows["q_y"] - y, rows["q_z"] - z)
    return rows.loc[distance.idxmin()]


def test_peaks_are_found_within_a_pixel_and_15_per_cent_of_their_width() -> None:
    painted = [(-0.45, 0.83, 0.035), (-0.1, 0.5, 0.05), (0.31, 0.72, 0.07), (0.52, 0.3, 0.04)]
    image = slope()
    for y, z, fwhm in painted:
        image += 150 * bell(np.hypot(Y - y, Z - z), fwhm)
    table = find_features(counted(image))
    assert tuple(table.columns) == COLUMNS
    assert (table["kind"] == "peak").sum() == len(painted) == len(table)
    for y, z, fwhm in painted:
        found = nearest(table, "peak", y, z)
        assert math.hypot(found["q_y"] - y, found["q_z"] - z) < PX
        assert found["width"] == pytest.approx(fwhm, rel=0.15)
        assert found["q"] == pytest.approx(math.hypot(y, z), abs=PX)


def test_a_ring_is_found_with_its_radius_and_width() -> None:
    image = slope() + 40 * bell(np.hypot(Y, Z) - 0.6, 0.06)
    table = find_features(counted(image))
    assert list(table["kind"]) == ["ring"]
    ring = table.iloc[0]
    assert ring["q"] == pytest.approx(0.6, abs=PX)
    assert ring["width"] == pytest.approx(0.06, rel=0.15)
    assert ring["extent"] > 150
    y, z = outline(ring)
    assert np.hypot(y, z) == pytest.approx(np.full(len(y), ring["q"]))


def test_part_of_a_ring_is_an_arc() -> None:
    angle = np.degrees(np.arctan2(Z, Y))
    image = slope() + 50 * bell(np.hypot(Y, Z) - 0.55, 0.05) * (np.abs(angle - 60) < 24)
    table = find_features(counted(image))
    assert list(table["kind"]) == ["arc"]
    arc = table.iloc[0]
    assert arc["q"] == pytest.approx(0.55, abs=PX)
    assert arc["angle_deg"] == pytest.approx(60, abs=6)
    assert arc["extent"] == pytest.approx(48, abs=12)
    assert arc["width"] == pytest.approx(0.05, rel=0.15)


def test_rods_and_bands_are_lines() -> None:
    image = slope() + 40 * bell(Y - 0.3, 0.05) * (Z > 0.3) + 50 * bell(Z - 0.25, 0.04)
    table = find_features(counted(image))
    assert set(table["kind"]) == {"line"}
    rod = table[table["angle_deg"] == 90].iloc[0]
    assert rod["q_y"] == pytest.approx(0.3, abs=PX)
    assert rod["width"] == pytest.approx(0.05, rel=0.15)
    assert rod["extent"] == pytest.approx(0.9, abs=0.15)
    band = table[table["angle_deg"] == 0].iloc[0]
    assert band["q_z"] == pytest.approx(0.25, abs=PX)
    assert band["width"] == pytest.approx(0.04, rel=0.15)
    y, z = outline(rod)
    assert np.ptp(y) < 1e-9
    assert np.ptp(z) == pytest.approx(rod["extent"])


def test_a_bright_spot_on_a_ring_is_a_peak_and_the_rest_stays_a_ring() -> None:
    place = (0.6 * math.cos(1.0), 0.6 * math.sin(1.0))
    image = slope() + 30 * bell(np.hypot(Y, Z) - 0.6, 0.05)
    image += 200 * bell(np.hypot(Y - place[0], Z - place[1]), 0.05)
    table = find_features(counted(image))
    assert sorted(table["kind"]) == ["peak", "ring"]
    peak = nearest(table, "peak", *place)
    assert math.hypot(peak["q_y"] - place[0], peak["q_z"] - place[1]) < PX


def test_noise_alone_has_no_features() -> None:
    """The stated rate is below one image in ten."""
    shown = 0
    for seed in range(10):
        level = 10.0 ** (seed % 5 - 1)
        shown += len(find_features(counted(slope(level), seed))) > 0
    assert shown <= 1


def test_a_gap_and_a_step_are_no_lines() -> None:
    # The horizon is a step of intensity; two seams and a bad corner measured nothing.
    image = np.where(Z > 0.2, 300.0, 5.0)
    noisy = counted(image)
    noisy.values[:, 70:74] = np.nan
    noisy.values[40:44] = np.nan
    noisy.values[:15, :20] = np.nan
    assert len(find_features(noisy)) == 0


def test_a_rod_beside_a_gap_is_still_found() -> None:
    image = counted(slope() + 60 * bell(Y - 0.3, 0.05))
    image.values[50:56] = np.nan
    table = find_features(image)
    assert list(table["kind"]) == ["line"]
    assert table.iloc[0]["extent"] > 1.0


def test_peaks_of_a_simulated_lattice_lie_on_predicted_spots() -> None:
    spec = GisaxsSpec(
        lattice="FCC111", spacing_nm=20.0, radius_nm=8.0, layers=8, width=12, disordered=0.05,
        peak_counts=2.0**18, mosaic_deg=0.3,
    )  # fmt: skip
    pattern = simulate(spec, seed=3)
    window = spec.window
    table = find_features(QImage(pattern.image, window.qy.numpy(), window.qz.numpy()))
    spots = predict_spots("FCC111", spec.spacing_nm, spec.beam, 0.7)
    # High enough that the Yoneda band has no part in them, and beside the rod.
    peaks = table[(table["kind"] == "peak") & (table["q_z"] > 0.33) & (table["q_y"].abs() > 0.1)]
    brightest = peaks.head(4)
    assert len(brightest) == 4
    for _, peak in brightest.iterrows():
        near = np.hypot(spots.q_y - peak["q_y"], spots.q_z - peak["q_z"]).min()
        assert near < 0.03


def test_an_image_without_light_is_refused_in_one_sentence() -> None:
    with pytest.raises(SciMLError, match="brighter than zero"):
        find_features(QImage(np.full((20, 20), np.nan, np.float32), QY[:20], QZ[:20]))
