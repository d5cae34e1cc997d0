"""Zarr and OME-Zarr of every version: which array is the image, its axes and pixel size, what is missing."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
import zarr.storage

from napari_sciml.core.errors import SciMLError
from napari_sciml.io import open_image
from napari_sciml.io.formats import zarr_chunks

VOLUME = np.random.default_rng(1).integers(1, 4000, (6, 40, 50), dtype=np.uint16)
SPACE = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
FIVE = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}, *SPACE]
SCALE = [2, 0.65, 0.65]


def everything(path: Path | str) -> np.ndarray:
    source = open_image(path)
    return np.asarray(source.read((slice(None),) * source.ndim))


def put(group: zarr.Group, data: np.ndarray = VOLUME, axes: Any = SPACE, scale: Any = SCALE) -> None:
    """Write an image of two levels into a group."""
    levels = []
    for level, pixels in enumerate((data, data[..., ::2, ::2])):
        group.create_array(str(level), data=pixels, chunks=pixels.shape)
        edges = [*scale[:-2], *(edge * 2**level for edge in scale[-2:])]
        levels.append({"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": edges}]})
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": levels}]


def new(path: Path, version: int = 2) -> zarr.Group:
    return zarr.open_group(path, mode="w", zarr_format=version)


def is_the_volume(path: Path | str) -> bool:
    source = open_image(path)
    assert source.axes == ("z", "y", "x")
    assert source.pixel_size == pytest.approx((2, 0.65, 0.65))
    return bool((everything(path) == VOLUME).all())


def test_a_level_by_its_own_path_has_the_axes_and_size_of_its_image(tmp_path: Path) -> None:
    put(new(tmp_path / "v.zarr"), VOLUME[None, None], FIVE, [1, 1, *SCALE])
    assert is_the_volume(tmp_path / "v.zarr")
    assert is_the_volume(tmp_path / "v.zarr" / "0")
    assert is_the_volume(f"{tmp_path / 'v.zarr'}::0")
    for path in (tmp_path / "v.zarr" / "1", f"{tmp_path / 'v.zarr'}::1"):
        assert open_image(path).pixel_size == pytest.approx((2, 1.3, 1.3))


def test_an_image_in_nested_groups_is_found_and_labels_are_none(tmp_path: Path) -> None:
    top = new(tmp_path / "n.zarr")
    put(top.create_group("recon/volume"))
    put(top.create_group("recon/volume/labels/cells"))
    top.create_array("notes", data=np.zeros((900, 900)))
    assert is_the_volume(tmp_path / "n.zarr")
    assert is_the_volume(f"{tmp_path / 'n.zarr'}::recon")
    assert is_the_volume(f"{tmp_path / 'n.zarr'}::recon/volume")


def test_of_several_series_the_one_that_is_meant_is_taken_or_asked_for(tmp_path: Path) -> None:
    top = new(tmp_path / "bf.zarr")
    top.attrs["bioformats2raw.layout"] = 3
    put(top.create_group("0"), VOLUME[:2, :8, :8])
    put(top.create_group("10"))
    top.create_group("OME").attrs["series"] = ["0", "10"]
    assert is_the_volume(tmp_path / "bf.zarr")
    assert open_image(tmp_path / "bf.zarr").cautions == ("Of the images of bf.zarr 10/0 is taken, not 0/0",)
    assert open_image(f"{tmp_path / 'bf.zarr'}::0").shape == (2, 8, 8)
    put(top.create_group("2"), VOLUME + 1)
    with pytest.raises(SciMLError, match=r"2 images .* name one, for example bf\.zarr::2/0"):
        open_image(tmp_path / "bf.zarr")
    assert is_the_volume(f"{tmp_path / 'bf.zarr'}::10")


def test_a_plate_asks_for_a_field(tmp_path: Path) -> None:
    plate = new(tmp_path / "plate.zarr")
    wells = ["A/1", "A/2", "B/1"]
    plate.attrs["plate"] = {"wells": [{"path": well} for well in wells]}
    for well in wells:
        group = plate.create_group(well)
        group.attrs["well"] = {"images": [{"path": "0"}]}
        put(group.create_group("0"))
    with pytest.raises(SciMLError, match=r"plate with 3 wells \(A/1, A/2, B/1\): name .*plate\.zarr::A/1/0"):
        open_image(tmp_path / "plate.zarr")
    assert is_the_volume(f"{tmp_path / 'plate.zarr'}::A/2/0")
    assert is_the_volume(f"{tmp_path / 'plate.zarr'}::B/1")


SCALING = {"type": "scale", "scale": SCALE}


@pytest.mark.parametrize(
    "transform",
    [
        SCALING,
        {"type": "sequence", "transformations": [SCALING, {"type": "translation", "translation": [1, 2, 3]}]},
        {"type": "sequence", "transformations": [{"type": "identity"}, SCALING]},
    ],
)
def test_version_0_6_states_axes_in_coordinate_systems(tmp_path: Path, transform: dict[str, Any]) -> None:
    group = new(tmp_path / "v.zarr", 3)
    group.create_array("0", data=VOLUME.transpose(2, 1, 0))
    other = {"name": "tilted", "axes": SPACE}
    physical = {"name": "physical", "axes": SPACE[::-1]}
    turned = _reversed(transform)
    multiscale = {
        "coordinateSystems": [other, physical],
        "datasets": [
            {"path": "0", "coordinateTransformations": [{**turned, "input": "0", "output": "physical"}]}
        ],
        "coordinateTransformations": [{"type": "rotation", "input": "physical", "output": "tilted"}],
    }
    group.attrs["ome"] = {"version": "0.6", "multiscales": [multiscale]}
    assert is_the_volume(tmp_path / "v.zarr")


def _reversed(transform: Any) -> Any:
    """Turn the order of the axes in a transformation."""
    if isinstance(transform, dict):
        return {key: _reversed(value) for key, value in transform.items()}
    if isinstance(transform, list):
        numbers = all(isinstance(value, int | float) for value in transform)
        return transform[::-1] if numbers else [_reversed(value) for value in transform]
    return transform


def test_a_transformation_that_is_no_scale_costs_the_pixel_size_and_says_so(tmp_path: Path) -> None:
    group = new(tmp_path / "v.zarr", 3)
    group.create_array("0", data=VOLUME)
    level = {"path": "0", "coordinateTransformations": [{"type": "affine", "affine": [[1, 0], [0, 1]]}]}
    system = {"name": "physical", "axes": SPACE}
    group.attrs["ome"] = {"multiscales": [{"coordinateSystems": [system], "datasets": [level]}]}
    source = open_image(tmp_path / "v.zarr")
    assert source.pixel_size is None
    assert source.cautions == ("v.zarr::0 has no pixel size: a transformation affine is not used",)


@pytest.mark.parametrize("axes", [None, ["t", "c", "z", "y", "x"]])
def test_versions_before_0_4(tmp_path: Path, axes: list[str] | None) -> None:
    group = new(tmp_path / "v.zarr")
    group.create_array("0", data=VOLUME[None, None])
    multiscale: dict[str, Any] = {"version": "0.1", "datasets": [{"path": "0"}]}
    group.attrs["multiscales"] = [multiscale if axes is None else {**multiscale, "axes": axes}]
    source = open_image(tmp_path / "v.zarr")
    assert (source.axes, source.shape, source.pixel_size) == (("z", "y", "x"), VOLUME.shape, None)


@pytest.mark.parametrize(
    ("unit", "factor"), [("picometer", 1e-6), ("nanometer", 1e-3), ("angstrom", 1e-4), ("millimeter", 1e3)]
)
def test_each_axis_has_its_own_unit(tmp_path: Path, unit: str, factor: float) -> None:
    axes = [{**SPACE[0], "unit": "micrometer"}, *({**axis, "unit": unit} for axis in SPACE[1:])]
    put(new(tmp_path / "v.zarr"), VOLUME, axes, [2, 0.65 / factor, 0.65 / factor])
    assert is_the_volume(tmp_path / "v.zarr")


@pytest.mark.parametrize("inside", ["", "v.zarr/"])
@pytest.mark.parametrize("name", ["v.zarr.zip", "v.ozx"])
def test_a_zipped_store(tmp_path: Path, inside: str, name: str) -> None:
    put(new(tmp_path / "plain.zarr"))
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        for file in sorted((tmp_path / "plain.zarr").rglob("*")):
            if file.is_file():
                archive.write(file, inside + file.relative_to(tmp_path / "plain.zarr").as_posix())
    assert is_the_volume(tmp_path / name)
    assert open_image(tmp_path / name).cautions == ()
    assert open_image(f"{tmp_path / name}::1").pixel_size == pytest.approx((2, 1.3, 1.3))


def test_an_archive_of_something_else_is_one_sentence(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("notes.txt", "beam time")
    with pytest.raises(SciMLError, match="an archive without a Zarr store"):
        open_image(tmp_path / "a.zip")


@pytest.mark.filterwarnings("ignore:Consolidated metadata")
def test_a_store_that_grew_after_its_metadata_was_gathered(tmp_path: Path) -> None:
    group = new(tmp_path / "run.zarr", 3)
    group.create_array("data", data=VOLUME[:2], chunks=(1, 40, 50))
    zarr.consolidate_metadata(tmp_path / "run.zarr")
    zarr.open_array(tmp_path / "run.zarr" / "data", mode="a").append(VOLUME[2:])
    np.testing.assert_array_equal(everything(tmp_path / "run.zarr"), VOLUME)


@pytest.mark.parametrize(
    "names", [("x", "y", "z"), ("Width", "Height", "Slices"), ("column", "row", "depth"), ("x", "y", None)]
)
@pytest.mark.parametrize("by", ["dimension_names", "_ARRAY_DIMENSIONS", "axistags", "transform"])
def test_axes_that_an_array_names(tmp_path: Path, names: tuple[str | None, ...], by: str) -> None:
    turned = VOLUME.transpose(2, 1, 0)
    if by == "dimension_names":
        zarr.create_array(tmp_path / "v.zarr", data=turned, dimension_names=names)
    else:
        array = zarr.create_array(tmp_path / "v.zarr", data=turned, zarr_format=2)
        tags = {"axes": [{"key": str(name)} for name in names]}
        array.attrs[by] = {"axistags": tags, "transform": {"axes": list(names)}}.get(by, list(names))
    source = open_image(tmp_path / "v.zarr")
    assert source.axes == ("z", "y", "x")
    np.testing.assert_array_equal(everything(tmp_path / "v.zarr"), VOLUME)


def test_names_that_mean_nothing_change_nothing(tmp_path: Path) -> None:
    zarr.create_array(tmp_path / "v.zarr", data=VOLUME, dimension_names=("dim_0", "dim_1", "dim_2"))
    np.testing.assert_array_equal(everything(tmp_path / "v.zarr"), VOLUME)


def test_frames_are_frames_and_channels_are_asked_for(tmp_path: Path) -> None:
    zarr.create_array(tmp_path / "f.zarr", data=VOLUME, dimension_names=("frames", "row", "column"))
    assert open_image(tmp_path / "f.zarr").axes == ("t", "y", "x")
    zarr.create_array(tmp_path / "c.zarr", data=VOLUME, dimension_names=("Channel", "y", "x"))
    with pytest.raises(SciMLError, match="6 channels"):
        open_image(tmp_path / "c.zarr")


def test_coordinates_of_xarray_say_the_pixel_size(tmp_path: Path) -> None:
    group = new(tmp_path / "v.zarr")
    group.create_array("density", data=VOLUME).attrs["_ARRAY_DIMENSIONS"] = ["z", "y", "x"]
    for name, length, step, unit in (("z", 6, 2.0, "um"), ("y", 40, 650.0, "nm"), ("x", 50, 0.65, "micron")):
        coordinate = group.create_array(name, data=step * np.arange(length, dtype=float)[::-1])
        coordinate.attrs.update({"_ARRAY_DIMENSIONS": [name], "units": unit})
    assert is_the_volume(tmp_path / "v.zarr")
    assert is_the_volume(tmp_path / "v.zarr" / "density")
    group["x"][3] = 77
    assert open_image(tmp_path / "v.zarr").pixel_size is None


def test_the_transform_of_electron_microscopes_says_the_pixel_size(tmp_path: Path) -> None:
    array = zarr.create_array(tmp_path / "v.zarr", data=VOLUME.transpose(2, 1, 0), zarr_format=2)
    stated = {"axes": ["x", "y", "z"], "units": ["nm", "nm", "um"], "scale": [650, 650, 2]}
    array.attrs["transform"] = stated
    assert is_the_volume(tmp_path / "v.zarr")


@pytest.mark.parametrize(("version", "sharded"), [(2, False), (3, False), (3, True)])
def test_chunks_that_are_not_in_the_store_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int, sharded: bool
) -> None:
    path = tmp_path / "v.zarr"
    chunks = {"chunks": (1, 20, 25), "shards": (1, 40, 50)} if sharded else {"chunks": (1, 40, 50)}
    zarr.create_array(path, data=VOLUME, zarr_format=version, fill_value=7, **chunks)
    assert open_image(path).cautions == ()
    third = path / ("c/2" if version == 3 else "2.0.0")
    shutil.rmtree(third) if third.is_dir() else third.unlink()
    (told,) = open_image(path).cautions
    noun = "shards" if sharded else "chunks"
    assert told.startswith(
        f"Only 5 of the 6 {noun} of v.zarr are in the store, the others read as 7: right for"
    )
    monkeypatch.setattr(zarr_chunks, "MOST_COUNTED", 3)
    assert open_image(path).cautions[0].startswith(f"Only 5 of the 6 outermost rows of {noun}")


def test_an_array_that_was_never_written_is_told(tmp_path: Path) -> None:
    zarr.create_array(tmp_path / "v.zarr", shape=(6, 40, 50), chunks=(2, 40, 50), dtype="uint16")
    assert open_image(tmp_path / "v.zarr").cautions[0].startswith("None of the 3 chunks of v.zarr are in the")
