"""HDF5 files as programs and beamlines write them: which array is the image, what its axes are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.io import open_image
from napari_sciml.io.events import event_names
from napari_sciml.io.formats.which_array import SeveralImages

FRAMES = np.arange(3 * 20 * 30, dtype=np.uint16).reshape(3, 20, 30)


def nexus(group: h5py.Group, kind: str, **attributes: object) -> h5py.Group:
    group.attrs["NX_class"] = kind
    group.attrs.update(attributes)
    return group


def signal_since_2014(file: h5py.File) -> None:
    data = nexus(file.create_group("entry/data"), "NXdata", signal="data")
    data["data"] = FRAMES


def signal_before_2014(file: h5py.File) -> None:
    data = nexus(file.create_group("entry/data"), "NXdata")
    data["data"] = FRAMES
    data["data"].attrs["signal"] = "1"


def signal_behind_a_soft_link(file: h5py.File) -> None:
    file["entry/instrument/camera/frames"] = FRAMES
    data = nexus(file.create_group("entry/data"), "NXdata", signal="data")
    data["data"] = h5py.SoftLink("/entry/instrument/camera/frames")


def default_of_default(file: h5py.File) -> None:
    file.attrs["default"] = "entry"
    nexus(file.create_group("entry"), "NXentry", default="data")

    data = nexus(file["entry"].create_group("data"), "NXdata", signal="data")
    data["data"] = FRAMES
    other = nexus(file.create_group("entry/other"), "NXdata", signal="data")
    other["data"] = np.zeros((9, 20, 30), np.uint16)


@pytest.mark.parametrize(
    "write", [signal_since_2014, signal_before_2014, signal_behind_a_soft_link, default_of_default]
)
def test_what_nexus_shows_goes_before_what_is_longer(
    write: Callable[[h5py.File], None], tmp_path: Path
) -> None:
    with h5py.File(tmp_path / "run.nxs", "w") as file:
        write(file)
        file["entry/instrument/detector/average_of_nothing"] = np.zeros((8, 20, 30), np.float32)
        file["entry/instrument/detector/dark"] = np.zeros((8, 20, 30), np.float32)
    source = open_image(tmp_path / "run.nxs")
    assert source.name == "run.nxs::/entry/data/data"
    np.testing.assert_array_equal(source.read((slice(None),) * 3), FRAMES)


def test_the_projections_of_a_data_exchange_file_are_its_image(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        file["exchange/data"] = FRAMES
        for name in ("data_white", "data_dark", "white", "flat_fields"):
            file[f"exchange/{name}"] = np.zeros((9, 20, 30), np.uint16)
        file["exchange/theta"] = np.arange(3.0)
    assert open_image(tmp_path / "scan.h5").name == "scan.h5::/exchange/data"


def test_two_scans_are_asked_for(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "scans.h5", "w") as file:
        for scan in ("1.1", "2.1"):
            file[f"{scan}/measurement/camera"] = FRAMES
    with pytest.raises(SeveralImages) as caught:
        open_image(tmp_path / "scans.h5")
    assert [choice.part for choice in caught.value.choices] == [
        "/1.1/measurement/camera",
        "/2.1/measurement/camera",
    ]
    assert open_image(f"{tmp_path}/scans.h5::/2.1").shape == FRAMES.shape


@pytest.mark.parametrize("events", [3, 300])
def test_one_dataset_for_each_event_is_a_series(events: int, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "run.h5", "w") as file:
        # Without leading zeros, so that the order of names is not that of numbers.
        for number in range(events):
            group = file.create_group(f"tag-{9 + 2 * number}")
            group["data"] = FRAMES[0] + np.uint16(number)
            group["photon_energy_ev"] = 7000.0
        file["metadata/pixelmask"] = np.zeros((20, 30), np.uint8)
    source = open_image(tmp_path / "run.h5")
    assert (source.name, source.axes) == ("run.h5::/tag-*/data", ("t", "y", "x"))
    assert source.shape == (events, 20, 30)
    assert [int(source.read((n, 0, 0))) for n in (0, 1, events - 1)] == [0, 1, events - 1]
    # CrystFEL puts the name of the event where the path has a percent sign.
    assert event_names(source)(1) == f"{tmp_path}/run.h5 tag-11//"
    again = open_image(source.path or "")
    assert again.shape == source.shape


def test_images_of_eman_have_their_pixel_size(tmp_path: Path) -> None:
    for count in (1, 12):
        with h5py.File(tmp_path / f"stack_{count}.hdf", "w") as file:
            for number in range(count):
                group = file.create_group(f"MDF/images/{number}")
                group["image"] = (FRAMES[0] + number).astype(np.float32)
                group.attrs.update({"EMAN.apix_x": 5.0, "EMAN.apix_y": 5.0, "EMAN.apix_z": 5.0})
    source = open_image(tmp_path / "stack_12.hdf")
    assert [int(source.read((n, 0, 0))) for n in (2, 10, 11)] == [2, 10, 11]
    assert source.pixel_size == pytest.approx((1, 5e-4, 5e-4))
    one = open_image(tmp_path / "stack_1.hdf")
    assert (one.shape, one.pixel_size) == ((20, 30), pytest.approx((5e-4, 5e-4)))


def test_modules_are_shown_below_each_other_and_told(tmp_path: Path) -> None:
    modules = np.arange(3 * 8 * 16 * 30, dtype=np.float32).reshape(3, 8, 16, 30)
    with h5py.File(tmp_path / "run.cxi", "w") as file:
        file["entry_1/instrument_1/detector_1/data"] = modules
        file["entry_1/data_1/data"] = h5py.SoftLink("/entry_1/instrument_1/detector_1/data")
    source = open_image(tmp_path / "run.cxi")
    assert (source.shape, source.axes) == ((3, 128, 30), ("t", "y", "x"))
    np.testing.assert_array_equal(source.read((1, slice(16, 32), slice(None))), modules[1, 1])
    (caution,) = source.cautions
    assert caution.startswith("8 modules of 16 x 30 px are shown below each other: the file does not say")


def test_one_module_is_a_frame(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "one.h5", "w") as file:
        file["entry/data/data"] = FRAMES[:, None]
    source = open_image(tmp_path / "one.h5")
    assert (source.shape, source.cautions) == (FRAMES.shape, ())


def test_a_series_of_volumes_is_none_of_modules(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "volumes.h5", "w") as file:
        file["reconstruction"] = np.zeros((3, 8, 16, 30), np.float32)
    assert open_image(tmp_path / "volumes.h5").axes == ("t", "z", "y", "x")


def labels(data: h5py.Dataset) -> None:
    for dimension, name in zip(data.dims, "xyz", strict=True):
        dimension.label = name


def scales(data: h5py.Dataset) -> None:
    for dimension, name in zip(data.dims, "xyz", strict=True):
        scale = data.parent.create_dataset(name, data=np.arange(data.shape["xyz".index(name)]) * 0.65)
        scale.attrs["units"] = "um"
        scale.make_scale(name)
        dimension.attach_scale(scale)


def nexus_axes(data: h5py.Dataset) -> None:
    nexus(data.parent, "NXdata", signal="vol", axes=["x", "y", "z"])
    for at, name in enumerate("xyz"):
        data.parent[name] = np.arange(data.shape[at]) * 650.0
        data.parent[name].attrs["units"] = "nm"


def old_nexus_axes(data: h5py.Dataset) -> None:
    data.attrs.update({"signal": 1, "axes": "x:y:z"})


def axistags(data: h5py.Dataset) -> None:
    data.attrs["axistags"] = json.dumps({"axes": [{"key": key} for key in "xyz"]})


def hyperspy(data: h5py.Dataset) -> None:
    for at, name in enumerate("xyz"):
        axis = data.parent.create_group(f"axis-{at}")
        axis.attrs.update({"name": name, "scale": 0.65, "units": "µm", "size": data.shape[at]})


@pytest.mark.parametrize(
    ("say", "sized"),
    [
        *((labels, False), (scales, True), (nexus_axes, True), (old_nexus_axes, False)),
        *((axistags, False), (hyperspy, True)),
    ],
)
def test_named_axes_are_put_in_order(
    say: Callable[[h5py.Dataset], None], sized: bool, tmp_path: Path
) -> None:
    with h5py.File(tmp_path / "v.h5", "w") as file:
        say(file.create_dataset("entry/vol", data=FRAMES.transpose(2, 1, 0)))
    source = open_image(f"{tmp_path}/v.h5::/entry/vol")
    assert source.axes == ("z", "y", "x")
    np.testing.assert_array_equal(source.read((slice(None),) * 3), FRAMES)
    assert source.pixel_size == (pytest.approx((0.65,) * 3) if sized else None)


def test_axes_of_q_are_no_axes_of_a_volume(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "q.h5", "w") as file:
        group = nexus(file.create_group("result"), "NXdata", signal="intensity", axes=["qoop", "qip"])
        group["intensity"] = FRAMES[0]
        group["qoop"], group["qip"] = np.linspace(0, 1, 20), np.linspace(-1, 1, 30)
    source = open_image(tmp_path / "q.h5")
    assert (source.axes, source.pixel_size, source.shape) == (("y", "x"), None, (20, 30))


def test_what_was_never_written_is_told(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "run.h5", "w") as file:
        data = file.create_dataset("data", (4, 20, 30), np.uint16, chunks=(1, 20, 30))
        data[:3] = FRAMES
    assert open_image(tmp_path / "run.h5").cautions == ("1 of 4 chunks were never written and read as 0",)


def test_a_part_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "run.h5", "w") as file:
        file["a/data"] = FRAMES
    with pytest.raises(SciMLError, match=r"has no dataset /b: use one of /a/data"):
        open_image(f"{tmp_path}/run.h5::/b")


@pytest.mark.parametrize(
    ("link", "stated"),
    [
        (h5py.SoftLink("/nowhere"), True),
        (h5py.ExternalLink("nowhere.h5", "/data"), True),
        # Unnamed, all that is left is a flat field.
        (h5py.ExternalLink("nowhere.h5", "/data"), False),
    ],
)
def test_what_is_shown_and_not_there_is_told(link: object, stated: bool, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.nxs", "w") as file:
        data = nexus(file.create_group("entry/data"), "NXdata", **({"signal": "data"} if stated else {}))
        data["data"] = link
        file["entry/instrument/detector/flatfield"] = FRAMES[0]
        if stated:
            file["entry/somewhere/else"] = FRAMES
    with pytest.raises(SciMLError, match=r"m\.nxs (says that|links to) .*not there"):
        open_image(tmp_path / "m.nxs")


def test_a_file_that_links_to_itself(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["data"] = FRAMES
        file["again"] = h5py.ExternalLink("m.h5", "/")
        file["group/up"] = file["/"]
    assert open_image(tmp_path / "m.h5").shape == FRAMES.shape
