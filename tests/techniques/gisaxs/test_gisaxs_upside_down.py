"""Pictures in q whose row 0 is the lowest q_z: said by the file, typed, or seen in the picture."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

import napari_sciml as sciml
from napari_sciml.io import open_image
from napari_sciml.techniques.gisaxs.simulate.image import simulate
from napari_sciml.techniques.gisaxs.simulate.spec import GisaxsSpec

RANGES = {"qy_range": (-0.6, 0.6), "qz_range": (0.0, 0.6)}


@pytest.fixture(scope="module")
def film() -> np.ndarray:
    spec = GisaxsSpec(lattice="BCC100", rows=200, columns=240, peak_counts=2e5)
    return np.asarray(simulate(spec, 3).image, np.float32)


def write(path: Path, picture: np.ndarray, axes: dict[str, np.ndarray], unit: str) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs["default"] = "result"
        group = file.create_group("result")
        group.attrs.update({"NX_class": "NXdata", "signal": "intensity", "axes": list(axes)})
        group["intensity"] = picture
        for name, values in axes.items():
            group[name] = values
            group[name].attrs["units"] = unit
    return path


@pytest.mark.parametrize(("unit", "factor"), [("nm^-1", 1), ("1/nm", 1), ("1/A", 0.1), ("Å^-1", 0.1)])
@pytest.mark.parametrize("names", [("qoop", "qip"), ("qz", "qxy"), ("q_perp", "q_par")])
def test_axes_in_q_are_read(names: tuple[str, str], unit: str, factor: float, tmp_path: Path) -> None:
    axes = {names[0]: np.linspace(0, 0.6, 40) * factor, names[1]: np.linspace(-0.6, 0.6, 50) * factor}
    source = open_image(write(tmp_path / "q.h5", np.zeros((40, 50), np.float32), axes, unit))
    assert source.known["qy_range"] == pytest.approx((-0.6, 0.6))
    assert source.known["qz_range"] == pytest.approx((0.6, 0.0)), "row 0 is the lowest"
    assert (source.axes, source.pixel_size) == (("y", "x"), None)


def test_a_picture_that_is_stored_sideways_is_turned(tmp_path: Path) -> None:
    axes = {"qip": np.linspace(-0.6, 0.6, 50), "qoop": np.linspace(0.6, 0, 40)}
    picture = np.arange(2000, dtype=np.float32).reshape(50, 40)
    source = open_image(write(tmp_path / "q.h5", picture, axes, "nm^-1"))
    np.testing.assert_array_equal(source.read((slice(None),) * 2), picture.T)
    assert source.known == {"qy_range": (-0.6, 0.6), "qz_range": (0.0, 0.6)}


@pytest.mark.parametrize(
    ("values", "why"),
    [(np.geomspace(0.01, 0.6, 40), "has uneven steps"), (np.linspace(0, 0.6, 41), "has 41 values for 40")],
)
def test_axes_that_cannot_be_used_are_told(values: np.ndarray, why: str, tmp_path: Path) -> None:
    axes = {"qoop": values, "qip": np.linspace(-0.6, 0.6, 50)}
    source = open_image(write(tmp_path / "q.h5", np.zeros((40, 50), np.float32), axes, "nm^-1"))
    assert source.known == {}
    assert why in source.cautions[0]


def test_axes_of_angles_are_no_axes_of_q(tmp_path: Path) -> None:
    axes = {"chi": np.linspace(-90, 90, 40), "tth": np.linspace(0, 2, 50)}
    source = open_image(write(tmp_path / "c.h5", np.zeros((40, 50), np.float32), axes, "deg"))
    assert (dict(source.known), source.cautions) == ({}, ())


@pytest.mark.parametrize(
    "settings", [{}, RANGES, {**RANGES, "qz_range": (0.6, 0.0)}], ids=["file alone", "typed", "typed falling"]
)
def test_a_film_in_a_file_that_states_its_axes_keeps_its_name(
    settings: dict[str, tuple[float, float]], film: np.ndarray, tmp_path: Path
) -> None:
    axes = {"qoop": np.linspace(0, 0.6, 200), "qip": np.linspace(-0.6, 0.6, 240)}
    path = write(tmp_path / "q.h5", film[::-1], axes, "nm^-1")
    row = sciml.run("gisaxs", path, **settings).table.iloc[0]
    assert (row["label"], bool(row["unknown"])) == ("BCC100", False)


def test_a_film_on_its_head_is_told_and_not_named(film: np.ndarray) -> None:
    upright = sciml.run("gisaxs", film, **RANGES)
    assert (upright.table["label"][0], bool(upright.table["unknown"][0])) == ("BCC100", False)
    turned = sciml.run("gisaxs", film[::-1].copy(), **RANGES)
    assert bool(turned.table["unknown"][0])
    assert any("stands on its head" in told for told in turned.provenance.problems)
