"""The geometry that NeXus, EDF and CBF files state."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource
from napari_sciml.io import open_image
from napari_sciml.techniques.gisaxs.axes.choose import axes_problem, choose_axes
from napari_sciml.techniques.gisaxs.settings import GisaxsSettings

fabio = pytest.importorskip("fabio")

FRAME = np.zeros((60, 80), np.int32)
KNOWN = {"distance_mm": 2000.0, "pixel_um": 172.0, "beam_row": 50.0, "beam_column": 40.0, "energy_kev": 12.0}
WAVELENGTH_A = 12.398420 / 12


def nexus(path: Path, **more: tuple[float, str]) -> Path:
    values = {
        "instrument/detector/distance": (2.0, "m"),
        "instrument/detector/x_pixel_size": (172e-6, "m"),
        "instrument/detector/beam_center_x": (40.0, "pixel"),
        "instrument/detector/beam_center_y": (50.0, "pixel"),
        "instrument/beam/incident_wavelength": (WAVELENGTH_A, "angstrom"),
        **more,
    }
    with h5py.File(path, "w") as file:
        file["entry/data/data"] = FRAME[None]
        for name, (value, unit) in values.items():
            file[f"entry/{name}"] = value
            file[f"entry/{name}"].attrs["units"] = unit
    return path


def test_nexus(tmp_path: Path) -> None:
    angle = {"sample/incidence_angle": (0.2, "deg"), "instrument/detector/distance": (2000.0, "mm")}
    assert dict(open_image(nexus(tmp_path / "a.nxs")).known) == pytest.approx(KNOWN)
    more = open_image(nexus(tmp_path / "b.nxs", **angle)).known
    assert dict(more) == pytest.approx({**KNOWN, "incidence_deg": 0.2})


def test_edf_of_the_esrf(tmp_path: Path) -> None:
    header = {
        "SampleDistance": "2.0 m",
        "PSize_1": "172e-6 m",
        "PSize_2": "172e-6 m",
        "Center_1": "40.5 pixel",
    }
    header |= {"Center_2": "50.5 pixel", "WaveLength": f"{WAVELENGTH_A}e-10 m"}
    fabio.edfimage.EdfImage(FRAME, header=header).write(str(tmp_path / "a.edf"))
    assert dict(open_image(tmp_path / "a.edf").known) == pytest.approx(KNOWN)


def test_cbf_of_dectris(tmp_path: Path) -> None:
    lines = f"""# Detector: PILATUS 2M
# Pixel_size 172e-6 m x 172e-6 m
# Wavelength {WAVELENGTH_A} A
# Detector_distance 2.0 m
# Beam_xy (40.00, 50.00) pixels"""
    image = fabio.cbfimage.CbfImage(FRAME, header={"_array_data.header_contents": lines})
    image.write(str(tmp_path / "a.cbf"))
    assert dict(open_image(tmp_path / "a.cbf").known) == pytest.approx(KNOWN)


@pytest.mark.parametrize("lost", ["distance", "x_pixel_size", "beam_center_x"])
def test_half_a_geometry_is_none(lost: str, tmp_path: Path) -> None:
    nothing = {f"instrument/detector/{lost}": (float("nan"), "")}
    assert dict(open_image(nexus(tmp_path / "a.nxs", **nothing)).known) == {}


def test_a_beam_at_the_corner_was_never_measured(tmp_path: Path) -> None:
    corner = {f"instrument/detector/beam_center_{axis}": (0.0, "pixel") for axis in "xy"}
    assert dict(open_image(nexus(tmp_path / "a.nxs", **corner)).known) == {}


def test_gisaxs_uses_it_and_asks_for_the_angle_only(tmp_path: Path) -> None:
    source = open_image(nexus(tmp_path / "a.nxs"))
    assert "incidence_deg is missing" in axes_problem(GisaxsSettings(), source)
    axes = choose_axes(GisaxsSettings(incidence_deg=0.05), source)
    assert "beam at row 50, column 40, as the file states" in axes.sentence
    # Ranges are then the part to look at, and do not turn a frame into a picture in q.
    ranges = GisaxsSettings(qy_range=(-0.2, 0.2), qz_range=(0, 0.2))
    assert "incidence_deg is missing" in axes_problem(ranges, source)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (ImageSource.from_array(np.zeros((1679, 1475), np.int32)), "has the size of a PILATUS 2M"),
        (ImageSource.from_array(FRAME, path="/data/film_0001.cbf"), "is a detector's own file"),
    ],
)
def test_a_raw_frame_is_no_picture_in_q(source: ImageSource, why: str) -> None:
    ranges = GisaxsSettings(qy_range=(-1, 1), qz_range=(0, 1))
    assert why in axes_problem(ranges, source)
    assert "give a PONI file with incidence_deg" in axes_problem(ranges, source)
    with pytest.raises(SciMLError, match="is a raw frame and no picture in q"):
        choose_axes(ranges, source)


def test_pictures_in_q_stay_pictures_in_q() -> None:
    ranges = GisaxsSettings(qy_range=(-1, 1), qz_range=(0, 1))
    for picture in (np.zeros((1679, 1475), np.float32), np.zeros((200, 240), np.int32)):
        assert axes_problem(ranges, ImageSource.from_array(picture)) == ""
