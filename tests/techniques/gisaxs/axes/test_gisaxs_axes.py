"""Axes of a detector's frame against the formulas of a flat detector, and what is said about bad numbers."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.settings import parse_settings
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.gisaxs.axes.choose import axes_problem, choose_axes
from napari_sciml.techniques.gisaxs.axes.q_image import EvenAxes
from napari_sciml.techniques.gisaxs.settings import GisaxsSettings

pytest.importorskip("pyFAI")

SHAPE = (140, 110)
TYPED: dict[str, Any] = {
    "energy_kev": 10.0,
    "incidence_deg": 0.4,
    "distance_mm": 2000.0,
    "pixel_um": 800.0,
    "beam_row": 120.0,
    "beam_column": 40.0,
}


def source(shape: tuple[int, ...] = SHAPE, **known: Any) -> ImageSource:
    return ImageSource.from_array(np.zeros(shape, np.int32), name="film.cbf", known=known)


def settings(**told: Any) -> GisaxsSettings:
    return parse_settings(GisaxsSettings, told)


def flat_detector(row: Any, column: Any, **changed: float) -> tuple[np.ndarray, np.ndarray]:
    """Return q_y and q_z from the angles, for an upright detector (no library)."""
    told = TYPED | changed
    k0 = 2 * np.pi * told["energy_kev"] / 1.239842
    across = (np.asarray(column, float) - told["beam_column"]) * told["pixel_um"] * 1e-3
    up = (told["beam_row"] - np.asarray(row, float)) * told["pixel_um"] * 1e-3
    away = told["distance_mm"]
    incidence = math.radians(told["incidence_deg"])
    # The surface is tilted against the beam, so that the exit angle is measured from the tilted plane.
    length = np.sqrt(across**2 + up**2 + away**2)
    sine_exit = (up * math.cos(incidence) - away * math.sin(incidence)) / length
    along = (away * math.cos(incidence) + up * math.sin(incidence)) / length
    in_plane = np.arctan2(across / length, along)
    exit_angle = np.arcsin(sine_exit)
    return k0 * np.cos(exit_angle) * np.sin(in_plane), k0 * (sine_exit + math.sin(incidence))


def write_poni(path: Path, detector: str = "Detector", config: str = "", **changed: float) -> str:
    told = {
        "Distance": 2.0,
        "Poni1": 120.5 * 800e-6,
        "Poni2": 40.5 * 800e-6,
        "Rot1": 0.0,
        "Rot2": 0.0,
        "Rot3": 0.0,
        "Wavelength": 1.239842e-10,
    } | changed
    config = config or '{"pixel1": 8e-4, "pixel2": 8e-4, "max_shape": [140, 110], "orientation": 3}'
    lines = ["poni_version: 2.1", f"Detector: {detector}", f"Detector_config: {config}"]
    lines += [f"{name}: {value}" for name, value in told.items() if value]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def poni_axes(path: Path, **changed: float) -> Any:
    return choose_axes(settings(poni=write_poni(path, **changed), incidence_deg=0.4), source())


PLACES = (np.array([3.0, 60.0, 110.0, 139.0]), np.array([100.0, 7.0, 55.0, 0.0]))


def test_pixels_lie_where_the_formulas_say() -> None:
    axes = choose_axes(settings(**TYPED), source())
    qy, qz = axes.to_place(*PLACES)  # type: ignore[attr-defined]
    expected = flat_detector(*PLACES)
    np.testing.assert_allclose(qy, expected[0], atol=1e-6)
    np.testing.assert_allclose(qz, expected[1], atol=1e-6)
    row, column = axes.to_pixel(*expected)
    np.testing.assert_allclose(row, PLACES[0], atol=0.01)
    np.testing.assert_allclose(column, PLACES[1], atol=0.01)
    assert (axes.energy_kev, axes.incidence_deg) == (pytest.approx(10), 0.4)


@pytest.mark.parametrize(("row", "column"), [(10, 95), (70, 12)])
def test_a_bright_pixel_appears_at_its_q(row: int, column: int) -> None:
    """Up in the frame is large q_z, right is large q_y: nothing is mirrored."""
    axes = choose_axes(settings(**TYPED), source())
    frame = np.zeros(SHAPE, np.float32)
    frame[row, column] = 100
    image = axes.to_q(frame)
    at = np.unravel_index(np.nanargmax(image.values), image.values.shape)
    qy, qz = flat_detector(row, column)
    half_y, half_z = np.diff(image.qy)[0] / 2, -np.diff(image.qz)[0] / 2
    assert abs(image.qy[at[1]] - qy) <= half_y * 1.001
    assert abs(image.qz[at[0]] - qz) <= half_z * 1.001
    assert (qy > 0) == (column > 40)
    assert image.values.shape == (len(image.qz), len(image.qy))
    assert (np.diff(image.qy) > 0).all()
    assert (np.diff(image.qz) < 0).all()


def test_a_smooth_frame_keeps_its_values_and_has_no_holes() -> None:
    axes = choose_axes(settings(**TYPED), source())
    row, column = np.indices(SHAPE)
    qy, qz = flat_detector(row, column)
    image = axes.to_q((5 + qy + 2 * qz).astype(np.float32))
    expected = 5 + image.qy + 2 * image.qz[:, np.newaxis]
    # The outermost points reach past the last pixels' centres.
    assert np.isfinite(image.values[1:-1, 1:-1]).all()
    np.testing.assert_allclose(image.values[1:-1, 1:-1], expected[1:-1, 1:-1], atol=0.02)


def test_what_is_masked_or_not_on_the_detector_is_not_a_number() -> None:
    axes = choose_axes(settings(**TYPED), source())
    frame = np.ones(SHAPE, np.float32)
    frame[40:52] = np.nan
    image = axes.to_q(frame)
    lower, upper = (flat_detector(row, 40)[1] for row in (51, 40))
    dead = (image.qz > lower + 0.005) & (image.qz < upper - 0.005)
    assert dead.sum() >= 4
    assert np.isnan(image.values[dead]).all()
    assert np.isnan(image.values).mean() < 0.15
    assert np.nanmin(image.values) == pytest.approx(1)


def test_the_part_to_look_at() -> None:
    axes = choose_axes(settings(**TYPED, qy_range=(-0.4, 0.8), qz_range=(0.2, 1.2)), source())
    image = axes.to_q(np.ones(SHAPE, np.float32))
    step = np.diff(image.qy)[0]
    assert image.qy[0] - step / 2 == pytest.approx(-0.4)
    assert image.qy[-1] + step / 2 == pytest.approx(0.8)
    assert image.qz[[0, -1]] == pytest.approx([1.2, 0.2], abs=0.02)
    assert "q_y -0.4 to 0.8, q_z 0.2 to 1.2 1/nm" in axes.sentence
    half = choose_axes(settings(**TYPED, half_plane=True), source()).to_q(np.ones(SHAPE, np.float32))
    assert 0 < half.qy[0] < 0.03


def test_places_outside_of_the_frame_have_no_pixel() -> None:
    axes = choose_axes(settings(**TYPED), source())
    row, column = axes.to_pixel(
        np.array([0.0, 5.0, 0.0, np.nan, 500.0]), np.array([0.5, 0.5, -3.0, 0.5, 0.5])
    )
    assert np.isfinite([row[0], column[0]]).all()
    assert np.isnan(row[1:]).all()
    assert np.isnan(column[1:]).all()
    assert axes.to_pixel(np.zeros((2, 3)), np.full((2, 3), 0.5))[0].shape == (2, 3)


def test_a_poni_file_without_turns_is_the_typed_geometry(tmp_path: Path) -> None:
    axes = poni_axes(tmp_path / "a.poni")
    np.testing.assert_allclose(axes.to_place(*PLACES), flat_detector(*PLACES), atol=1e-6)


@pytest.mark.parametrize(
    "turns",
    [
        {"Rot1": 0.03, "Rot2": -0.02, "Rot3": 0.01},
        {"Rot1": -0.1, "Rot2": 0.0, "Rot3": -0.3},
        {"Rot1": 0.0, "Rot2": 0.05, "Rot3": 0.0},
    ],
)
def test_a_turned_detector(tmp_path: Path, turns: dict[str, float]) -> None:
    """The place of the direct beam is pyFAI's own, and the way to q and back closes."""
    axes = poni_axes(tmp_path / "a.poni", Poni1=0.1, Poni2=0.05, **turns)
    row, column = (part.ravel() for part in np.meshgrid(np.linspace(0, 139, 9), np.linspace(0, 109, 9)))
    back = axes.to_pixel(*axes.to_place(row, column))
    np.testing.assert_allclose(back, (row, column), atol=0.01)
    beam = axes._integrator.getFit2D()
    qy, qz = axes.to_place(np.array([beam["centerY"] - 0.5]), np.array([beam["centerX"] - 0.5]))
    np.testing.assert_allclose((qy, qz), 0, atol=1e-6)
    image = axes.to_q(np.ones(SHAPE, np.float32))
    down, right = np.nonzero(np.isfinite(image.values))
    there = axes.to_pixel(image.qy[right], image.qz[down])
    # Points on the frame's border may have their own centre just outside.
    assert np.isfinite(there).all(0).mean() > 0.95


def test_a_detector_turned_around_the_beam_shows_a_turned_picture(tmp_path: Path) -> None:
    """A turn about the beam leaves the distance from the beam, and moves the polar angle by that turn."""
    axes = poni_axes(tmp_path / "a.poni", Rot3=0.2)
    row, column = np.array([60.0, 30.0, 100.0]), np.array([40.0, 80.0, 20.0])
    qy, qz = axes.to_place(row, column)
    across, up = column - 40.0, 120.0 - row
    found = []
    for turn in (0.2, -0.2):
        turned_across = across * math.cos(turn) - up * math.sin(turn)
        turned_up = across * math.sin(turn) + up * math.cos(turn)
        expected = flat_detector(120.0 - turned_up, 40.0 + turned_across)
        found.append(np.allclose((qy, qz), expected, atol=1e-5))
    assert found.count(True) == 1


@pytest.mark.parametrize("orientation", [1, 2, 3, 4])
def test_however_the_detector_counts_its_pixels_up_is_up(tmp_path: Path, orientation: int) -> None:
    """PONI files of the four orientations of one and the same frame, the beam at row 120, column 40."""
    rows_down, columns_back = orientation in (1, 2), orientation in (1, 4)
    config = f'{{"pixel1": 8e-4, "pixel2": 8e-4, "max_shape": [140, 110], "orientation": {orientation}}}'
    poni = write_poni(
        tmp_path / "a.poni",
        config=config,
        Poni1=(139 - 120 if rows_down else 120) * 8e-4 + 4e-4,
        Poni2=(109 - 40 if columns_back else 40) * 8e-4 + 4e-4,
    )
    axes = choose_axes(settings(poni=poni, incidence_deg=0.4), source())
    np.testing.assert_allclose(axes.to_place(*PLACES), flat_detector(*PLACES), atol=1e-6)  # type: ignore[attr-defined]
    frame = np.zeros(SHAPE, np.float32)
    frame[10, 95] = 1
    image = axes.to_q(frame)
    at = np.unravel_index(np.nanargmax(image.values), image.values.shape)
    expected = flat_detector(10, 95)
    assert (image.qy[at[1]], image.qz[at[0]]) == pytest.approx(expected, abs=0.05)


def test_a_detector_on_its_side(tmp_path: Path) -> None:
    """A quarter turn of the detector: the picture as shown is still taken as upright."""
    for turn in (math.pi / 2, -math.pi / 2):
        axes = poni_axes(tmp_path / "a.poni", Rot3=turn)
        np.testing.assert_allclose(axes.to_place(*PLACES), flat_detector(*PLACES), atol=1e-6)


def test_a_poni_file_asks_for_what_it_does_not_hold(tmp_path: Path) -> None:
    poni = write_poni(tmp_path / "a.poni", Wavelength=0.0)
    with pytest.raises(SciMLError, match="does not hold the incidence angle: give incidence_deg"):
        choose_axes(settings(poni=poni), source())
    with pytest.raises(SciMLError, match=r"a\.poni states no wavelength: give energy_kev"):
        choose_axes(settings(poni=poni, incidence_deg=0.4), source())
    axes = choose_axes(settings(poni=poni, incidence_deg=0.4, energy_kev=10.0), source())
    assert axes.energy_kev == pytest.approx(10)


def test_poni_files_that_do_not_fit(tmp_path: Path) -> None:
    poni = write_poni(tmp_path / "a.poni")
    with pytest.raises(SciMLError, match="detector of 140 x 110 px, but the frame has 50 x 60"):
        choose_axes(settings(poni=poni, incidence_deg=0.4), source((50, 60)))
    with pytest.raises(SciMLError, match="states 10 keV, but energy_kev says 12"):
        choose_axes(settings(poni=poni, incidence_deg=0.4, energy_kev=12.0), source())
    with pytest.raises(SciMLError, match="distance_mm and pixel_um are given beside a PONI file"):
        choose_axes(settings(poni=poni, incidence_deg=0.4, distance_mm=2e3, pixel_um=800), source())
    far = write_poni(tmp_path / "far.poni", Distance=2000.0)
    with pytest.raises(SciMLError, match=r"In the PONI file, distance_mm=2e\+06 is no distance"):
        choose_axes(settings(poni=far, incidence_deg=0.4), source())
    (tmp_path / "no.poni").write_text("hello\n")
    for name, told in (("no.poni", "holds no geometry"), ("none.poni", "There is no geometry file")):
        with pytest.raises(SciMLError, match=told):
            choose_axes(settings(poni=str(tmp_path / name), incidence_deg=0.4), source())
    (tmp_path / "bad.poni").write_text("Distance: two metres\nDetector: Detector\n")
    with pytest.raises(SciMLError, match=r"bad\.poni"):
        choose_axes(settings(poni=str(tmp_path / "bad.poni"), incidence_deg=0.4), source())


def test_a_poni_file_of_a_known_detector_without_a_shape_takes_the_frames(tmp_path: Path) -> None:
    poni = write_poni(tmp_path / "a.poni", config='{"pixel1": 8e-4, "pixel2": 8e-4, "orientation": 3}')
    axes = choose_axes(settings(poni=poni, incidence_deg=0.4), source())
    np.testing.assert_allclose(axes.to_place(*PLACES), flat_detector(*PLACES), atol=1e-6)  # type: ignore[attr-defined]


def test_a_poni_file_that_names_its_detector(tmp_path: Path) -> None:
    """The usual case; the detector's size and pixels are pyFAI's to know."""
    poni = write_poni(
        tmp_path / "a.poni",
        detector="Pilatus2M",
        config='{"orientation": 2}',
        Poni1=(1678 - 1200 + 0.5) * 172e-6,
        Poni2=700.5 * 172e-6,
    )
    frames = source((1679, 1475))
    axes = choose_axes(settings(poni=poni, incidence_deg=0.4), frames)
    expected = flat_detector(*PLACES, pixel_um=172.0, beam_row=1200.0, beam_column=700.0)
    np.testing.assert_allclose(axes.to_place(*PLACES), expected, atol=1e-6)  # type: ignore[attr-defined]
    with pytest.raises(SciMLError, match="detector of 1679 x 1475 px, but the frame has 1475 x 1679"):
        choose_axes(settings(poni=poni, incidence_deg=0.4), source((1475, 1679)))


def test_a_picture_in_q_needs_its_ranges_only() -> None:
    axes = choose_axes(settings(qy_range=(-1, 1), qz_range=(0, 1.5)), source())
    assert axes == EvenAxes((-1.0, 1.0), (0.0, 1.5), SHAPE)
    known = source(qy_range=(-0.8, 0.8), qz_range=(0.0, 0.8), energy_kev=10.0, incidence_deg=0.18)
    assert choose_axes(settings(), known) == EvenAxes((-0.8, 0.8), (0.0, 0.8), SHAPE, 10.0, 0.18)
    assert choose_axes(settings(qy_range="-1,1"), known) == EvenAxes((-1, 1), (0, 0.8), SHAPE, 10.0, 0.18)
    assert choose_axes(settings(**TYPED), known).qy_range[1] > 0.8  # type: ignore[attr-defined]


def test_half_a_plane_begins_at_zero() -> None:
    for left in (-1, 0):
        axes = choose_axes(settings(qy_range=(left, 1), qz_range=(0, 1), half_plane=True), source())
        assert axes == EvenAxes((0.0, 1.0), (0.0, 1.0), SHAPE)
    with pytest.raises(SciMLError, match=r"qy_range begins at 0\.2"):
        choose_axes(settings(qy_range=(0.2, 1), qz_range=(0, 1), half_plane=True), source())


def test_small_square_pictures_are_taken_as_ratios() -> None:
    plain = source((5, 100, 100))
    assert choose_axes(settings(), plain) == EvenAxes((-1.0, 1.0), (0.0, 1.0), (100, 100), relative=True)
    half = choose_axes(settings(half_plane=True), plain)
    assert half == EvenAxes((0.0, 1.0), (0.0, 1.0), (100, 100), relative=True)


TWO_WAYS = {"qy_range": (-1, 1), "qz_range": (0, 1)}


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (
            {},
            r"geometry of film\.cbf is unknown \(140 x 110 px\): give qy_range and .*PONI.*beam_column\.$",
        ),
        ({"qy_range": (-1, 1)}, "qz_range is missing"),
        ({"distance_mm": 2000}, "energy_kev, incidence_deg, pixel_um, beam_row and beam_column are missing"),
        (TYPED | {"beam_row": None}, "The geometry is not complete: beam_row is missing"),
        (TWO_WAYS | {"pixel_um": 172}, "distance_mm, beam_row and beam_column are missing"),
        (TYPED | {"distance_mm": 2.0}, "distance_mm=2 is no distance.*2 m are 2000 mm"),
        (TYPED | {"distance_mm": 0.2}, r"distance_mm=0\.2 .*0\.2 m are 200 mm"),
        (TYPED | {"distance_mm": 2e6}, r"2e\+06 um are 2000 mm"),
        (TYPED | {"energy_kev": 10000}, "10000 eV are 10 keV"),
        (TYPED | {"energy_kev": 1.24}, r"wavelength of 1\.24 angstrom is 9\.999 keV"),
        (TYPED | {"energy_kev": 0.124}, r"wavelength of 0\.124 nm is 9\.999 keV"),
        (TYPED | {"incidence_deg": 0.0035}, r"0\.0035 rad are 0\.201 degrees"),
        (TYPED | {"incidence_deg": 3.5}, r"3\.5 mrad are 0\.201 degrees"),
        (TYPED | {"incidence_deg": 30}, "incidence_deg=30 is no angle of grazing incidence"),
        (TYPED | {"pixel_um": 0.172}, r"0\.172 mm are 172 um"),
        (TYPED | {"pixel_um": 1.72e-4}, r"0\.000172 m are 172 um"),
        (
            TYPED | {"beam_column": 9000},
            "beam_column=9000 lies far outside of the frame, which has 110 columns",
        ),
        (TWO_WAYS | {"qy_range": (-0.1, 0.1)}, r"qy_range=-0\.1,0\.1 .* 1/angstrom times 10 would be -1,1"),
        (TWO_WAYS | {"qz_range": (0, 1e9)}, "not in 1/m"),
        (TWO_WAYS | {"qz_range": (-1, 0)}, "holds nothing above q_z = 0"),
        (
            TWO_WAYS | {"energy_kev": 10, "incidence_deg": 1.5},
            r"horizon \(q_z 1\.33 1/nm\) lies above the picture",
        ),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(told: dict[str, Any], sentence: str) -> None:
    problem = axes_problem(settings(**told), source())
    with pytest.raises(SciMLError, match=sentence) as caught:
        choose_axes(settings(**told), source())
    assert problem == caught.value.sentence
    assert problem.endswith(".")
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (
            {"qy_range": (-3, 3)},
            r"q_y range -3 to 3 1/nm is not all in the frame, which covers -0\.821 to 1\.41 1/nm",
        ),
        ({"qz_range": (8, 9)}, r"q_z range 8 to 9 1/nm is not all in the frame, which covers"),
        ({"qz_range": (0.01, 0.2)}, r"small part of the frame.* 1/angstrom times 10 would be 0\.1,2"),
        ({"beam_row": 10}, "most of the frame lies below the sample's horizon.*upside down"),
    ],
)
def test_what_the_frame_does_not_cover(told: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SciMLError, match=sentence):
        choose_axes(settings(**TYPED | told), source())


def test_what_is_right_is_no_problem(tmp_path: Path) -> None:
    assert axes_problem(settings(**TYPED), source()) == ""
    assert axes_problem(settings(**TWO_WAYS), source()) == ""
    assert axes_problem(settings(poni=write_poni(tmp_path / "a.poni"), incidence_deg=0.2), source()) == ""


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_sciml.techniques.gisaxs.axes import pyfai_geometry

    monkeypatch.setattr(pyfai_geometry, "find_spec", lambda name: None)
    assert 'pip install "napari-sciml[xray]"' in axes_problem(settings(**TYPED), source())
    assert axes_problem(settings(**TWO_WAYS), source()) == ""


def test_asking_for_problems_loads_nothing_heavy() -> None:
    told = ", ".join(f"{name}={value}" for name, value in TYPED.items())
    code = (
        "import sys, numpy\n"
        "from napari_sciml.core.source import ImageSource\n"
        "from napari_sciml.techniques.gisaxs.axes.choose import axes_problem\n"
        "from napari_sciml.techniques.gisaxs.settings import GisaxsSettings\n"
        f"settings = GisaxsSettings({told})\n"
        "print(axes_problem(settings, ImageSource.from_array(numpy.zeros((140, 110)))))\n"
        "print([name for name in ('pyFAI', 'torch', 'scipy', 'fabio') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["", "[]"]
