"""Masks as NeXus, CXI and other programs write them are found, wherever they are; others are told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from napari_sciml.io import open_image
from napari_sciml.io.masks.frame_mask import MaskChoice
from napari_sciml.io.masks.in_file import mask_in_file

SHAPE = (64, 80)
FRAMES = np.random.default_rng(0).poisson(20, (3, *SHAPE)).astype(np.uint16)
BAD = np.zeros(SHAPE, bool)
BAD[20:30, 5:70] = True
OTHER = np.roll(BAD, 25, axis=0)
DATA = "entry/data/data"
DETECTOR = "entry/instrument/detector"


def write(path: Path, arrays: Mapping[str, Any], classes: Mapping[str, str] | None = None) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values
        for name, kind in (classes or {}).items():
            file.require_group(name).attrs["NX_class"] = kind
    return path


def choice_of(path: Path, part: str = "") -> MaskChoice:
    source = open_image(f"{path}::{part}" if part else path)
    try:
        return mask_in_file(source)
    finally:
        source.close()


def assert_used(choice: MaskChoice, flags: np.ndarray = BAD, number: int = 0) -> None:
    assert choice.mask is not None, choice.cautions
    np.testing.assert_array_equal(choice.mask.of(number), flags)


@pytest.mark.parametrize(
    ("data", "mask", "classes"),
    [
        (DATA, "entry/instrument/detector/pixel_mask", {}),
        (DATA, "entry/instrument/detector/detectorSpecific/pixel_mask", {}),
        (DATA, "entry/instrument/detector/threshold_1_channel/pixel_mask", {DETECTOR: "NXdetector"}),
        (DATA, "entry/instrument/eiger_16m/pixel_mask", {"entry/instrument/eiger_16m": "NXdetector"}),
        (DATA, "entry/instrument/eiger_16m/pixel_mask_1", {"entry/instrument/eiger_16m": "NXdetector"}),
        (DATA, "entry/data/pixel_mask", {"entry/data": "NXdata"}),
        (DATA, "entry/data/mask", {"entry/data": "NXdata"}),
        (DATA, "entry/process/mask", {}),
        (DATA, "mask", {}),
        ("scan/measurement/frames", "scan/measurement/bad_pixels", {}),
        ("scan/measurement/frames", "calibration/detector_mask", {}),
        ("entry_1/data_1/data", "entry_1/data_1/mask", {}),
        ("entry_1/data_1/data", "entry_1/instrument_1/detector_1/mask", {}),
        ("entry_1/instrument_1/detector_1/data", "entry_1/instrument_1/detector_1/mask_shared", {}),
        ("entry_1/instrument_1/detector_1/data", "entry_1/instrument_1/detector_1/mask", {}),
    ],
)
@pytest.mark.parametrize("lead", [(), (1,), (3,), (5,)])
def test_a_mask_is_found_where_programs_write_it(
    data: str, mask: str, classes: dict[str, str], lead: tuple[int, ...], tmp_path: Path
) -> None:
    flags = np.broadcast_to(BAD, (*lead, *SHAPE)).astype(np.uint32)
    choice = choice_of(write(tmp_path / "a.h5", {data: FRAMES, mask: flags}, classes), data)
    assert_used(choice)
    assert choice.mask is not None
    assert choice.mask.each is None
    assert choice.note == f"the file's own mask leaves out {BAD.sum()} pixels"
    assert choice.cautions == ()


def test_a_mask_that_varies_is_that_of_each_frame(tmp_path: Path) -> None:
    stack = np.stack([BAD, OTHER, BAD | OTHER])
    choice = choice_of(write(tmp_path / "a.h5", {DATA: FRAMES, f"{DETECTOR}/pixel_mask": stack}))
    for number, flags in enumerate(stack):
        assert_used(choice, flags, number)
    assert "mask of each frame" in choice.note


def test_other_masks_than_frames_are_told(tmp_path: Path) -> None:
    stack = np.stack([BAD, OTHER])
    choice = choice_of(write(tmp_path / "a.h5", {DATA: FRAMES, f"{DETECTOR}/pixel_mask": stack}))
    assert choice.mask is None
    (told,) = choice.cautions
    assert told.startswith(f"the mask /{DETECTOR}/pixel_mask was found and not used")
    assert told.endswith("because it is 2 different masks for 3 frames")


@pytest.mark.parametrize("varying", [False, True])
def test_modules_lie_below_each_other(varying: bool, tmp_path: Path) -> None:
    modules = np.stack([BAD, OTHER])
    masks = np.stack([modules, modules, modules[::-1]]) if varying else modules
    data = "entry_1/instrument_1/detector_1/data"
    frames = np.stack([FRAMES, FRAMES], axis=1)
    mask = "entry_1/instrument_1/detector_1/mask"
    choice = choice_of(write(tmp_path / "m.cxi", {data: frames, mask: masks.astype(np.uint16)}))
    assert_used(choice, modules.reshape(-1, SHAPE[1]), 0)
    last = modules[::-1] if varying else modules
    assert_used(choice, last.reshape(-1, SHAPE[1]), 2)


@pytest.mark.parametrize("dtype", [np.uint32, np.int32, np.uint64])
def test_upper_bits_of_nexus_are_properties(dtype: type, tmp_path: Path) -> None:
    bits = BAD.astype(dtype) * 256
    bits[OTHER] |= dtype(1 << 20)
    bits[0, 0] = 1 << 5
    choice = choice_of(write(tmp_path / "a.h5", {DATA: FRAMES, f"{DETECTOR}/pixel_mask": bits}))
    expected = BAD.copy()
    expected[0, 0] = True
    assert_used(choice, expected)


@pytest.mark.parametrize(
    ("bit", "bad"),
    [
        *((1, True), (2, False), (4, True), (8, True), (16, True), (64, True), (128, True), (256, False)),
        *((512, True), (1024, True), (2048, False), (4096, True), (8192, False), (16384, False)),
        *((8192 | 8, True), (1 << 20, True)),
    ],
)
def test_bits_of_cxi_do_not_all_mean_bad(bit: int, bad: bool, tmp_path: Path) -> None:
    arrays = {"entry_1/data_1/data": FRAMES, "entry_1/data_1/mask": BAD.astype(np.uint32) * bit}
    assert_used(choice_of(write(tmp_path / "a.cxi", arrays)), BAD & bad)


def test_several_masks_of_a_detector_count_together(tmp_path: Path) -> None:
    arrays = {DATA: FRAMES, f"{DETECTOR}/pixel_mask": BAD, f"{DETECTOR}/pixel_mask_2": OTHER}
    choice = choice_of(write(tmp_path / "a.h5", arrays))
    assert_used(choice, BAD | OTHER)
    assert choice.cautions == ()


def test_what_belongs_to_a_mask_is_none(tmp_path: Path) -> None:
    arrays = {DATA: FRAMES, f"{DETECTOR}/pixel_mask": BAD, f"{DETECTOR}/pixel_mask_applied": True}
    choice = choice_of(write(tmp_path / "a.h5", arrays))
    assert_used(choice)
    assert choice.cautions == ()


@pytest.mark.parametrize("link", ["hard", "soft", "attribute"])
def test_of_two_detectors_the_one_that_took_the_image(link: str, tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.h5",
        {
            "entry/instrument/saxs/data": FRAMES,
            "entry/instrument/saxs/pixel_mask": BAD,
            "entry/instrument/waxs/pixel_mask": OTHER,
        },
        {"entry/instrument/saxs": "NXdetector", "entry/instrument/waxs": "NXdetector"},
    )
    with h5py.File(path, "a") as file:
        if link == "hard":
            file[DATA] = file["entry/instrument/saxs/data"]
        elif link == "soft":
            file[DATA] = h5py.SoftLink("/entry/instrument/saxs/data")
        else:
            file[DATA] = FRAMES
            file[DATA].attrs["target"] = "/entry/instrument/saxs/data"
    choice = choice_of(path, DATA)
    assert_used(choice)
    (told,) = choice.cautions
    assert told.startswith("the mask /entry/instrument/waxs/pixel_mask was found and not used")
    assert told.endswith("because it belongs to another detector, channel or entry")


def test_of_two_detectors_nobody_knows_which(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.h5",
        {
            DATA: FRAMES,
            "entry/instrument/saxs/pixel_mask": BAD,
            "entry/instrument/waxs/pixel_mask": OTHER,
        },
        {"entry/instrument/saxs": "NXdetector", "entry/instrument/waxs": "NXdetector"},
    )
    choice = choice_of(path)
    assert choice.mask is None
    (told,) = choice.cautions
    assert told.startswith(
        "the masks /entry/instrument/saxs/pixel_mask, /entry/instrument/waxs/pixel_mask were"
    )
    assert "several detectors have one" in told


def test_a_channel_is_known_by_its_name_and_others_are_joined(tmp_path: Path) -> None:
    group = "entry/instrument/detector"
    channels = {f"{group}/threshold_{n}_channel": "NXdetector_channel" for n in (1, 2)}
    masks = {f"{group}/threshold_{n}_channel/pixel_mask": flags for n, flags in ((1, BAD), (2, OTHER))}
    kinds = {group: "NXdetector", **channels}
    named = choice_of(write(tmp_path / "a.h5", {"entry/data/threshold_2": FRAMES, **masks}, kinds))
    assert_used(named, OTHER)
    unnamed = choice_of(write(tmp_path / "b.h5", {DATA: FRAMES, **masks}, kinds))
    assert_used(unnamed, BAD | OTHER)
    assert unnamed.cautions == ("the masks of 2 channels of the detector are joined",)


@pytest.mark.parametrize(
    ("name", "mask", "why"),
    [
        ("pixel_mask", BAD[:32], "it has another size (32 x 80 px)"),
        ("pixel_mask", BAD.T, "it has another size (80 x 64 px)"),
        ("good_mask", BAD, "its name does not say what it marks"),
    ],
)
def test_a_mask_that_is_not_used_is_told(name: str, mask: np.ndarray, why: str, tmp_path: Path) -> None:
    choice = choice_of(write(tmp_path / "a.h5", {DATA: FRAMES, f"{DETECTOR}/{name}": mask}))
    assert choice.mask is None
    assert choice.cautions == (f"the mask /{DETECTOR}/{name} was found and not used, because {why}",)


@pytest.mark.parametrize("linked", ["mask", "group", "data", "virtual data", "virtual mask"])
def test_masks_behind_links(linked: str, tmp_path: Path) -> None:
    other = write(tmp_path / "other.h5", {DATA: FRAMES, f"{DETECTOR}/pixel_mask": BAD.astype(np.uint32)})
    path = tmp_path / "master.h5"
    with h5py.File(path, "w") as file:
        if linked == "data":
            file[DATA] = h5py.ExternalLink("other.h5", DATA)
        elif linked == "virtual data":
            layout = h5py.VirtualLayout(FRAMES.shape, FRAMES.dtype)
            layout[:] = h5py.VirtualSource("other.h5", DATA, FRAMES.shape, FRAMES.dtype)
            file.create_virtual_dataset(DATA, layout)
        else:
            file[DATA] = FRAMES
        if linked == "mask":
            file[f"{DETECTOR}/pixel_mask"] = h5py.ExternalLink("other.h5", f"{DETECTOR}/pixel_mask")
        elif linked == "group":
            file["entry/instrument"] = h5py.ExternalLink("other.h5", "entry/instrument")
        elif linked == "virtual mask":
            layout = h5py.VirtualLayout(SHAPE, np.uint32)
            layout[:] = h5py.VirtualSource("other.h5", f"{DETECTOR}/pixel_mask", SHAPE, np.uint32)
            file.create_virtual_dataset(f"{DETECTOR}/pixel_mask", layout)
    assert_used(choice_of(path, DATA))
    if linked in ("mask", "virtual mask"):
        other.unlink()
        choice = choice_of(path, DATA)
        assert choice.mask is None
        assert "other.h5" in choice.cautions[0]


def test_linked_data_files_with_a_mask_each(tmp_path: Path) -> None:
    for number, flags in ((1, BAD), (2, OTHER)):
        write(tmp_path / f"s_data_{number:06d}.h5", {DATA: FRAMES, "entry/data/mask": flags})
    with h5py.File(tmp_path / "s_master.h5", "w") as file:
        for number in (1, 2):
            file[f"entry/data/data_{number:06d}"] = h5py.ExternalLink(f"s_data_{number:06d}.h5", DATA)
    choice = choice_of(tmp_path / "s_master.h5")
    assert_used(choice, BAD, 2)
    assert_used(choice, OTHER, 3)


def test_a_mask_for_every_frame_of_linked_files(tmp_path: Path) -> None:
    stack = np.stack([BAD, OTHER, BAD, BAD, OTHER, OTHER])
    with h5py.File(tmp_path / "s_master.h5", "w") as file:
        for number in (1, 2):
            write(tmp_path / f"s_data_{number:06d}.h5", {DATA: FRAMES})
            file[f"entry/data/data_{number:06d}"] = h5py.ExternalLink(f"s_data_{number:06d}.h5", DATA)
        file[f"{DETECTOR}/pixel_mask"] = stack
    choice = choice_of(tmp_path / "s_master.h5")
    for number, flags in enumerate(stack):
        assert_used(choice, flags, number)


@pytest.mark.parametrize("name", ["mask", "detector_1/pixel_mask"])
def test_a_mask_of_each_event(name: str, tmp_path: Path) -> None:
    arrays: dict[str, Any] = {}
    flags = [np.roll(BAD, number, axis=1) for number in range(12)]
    for number in range(12):
        arrays[f"tag-{number}/data"] = FRAMES[number % 3]
        arrays[f"tag-{number}/{name}"] = flags[number].astype(np.uint32)
    choice = choice_of(write(tmp_path / "sacla.h5", arrays))
    for number in (0, 2, 11):
        assert_used(choice, flags[number], number)


def test_masks_of_other_scans_are_not_told(tmp_path: Path) -> None:
    arrays = {
        f"scan_{number}/{name}": values
        for number, flags in ((1, BAD), (2, OTHER))
        for name, values in (("data/data", FRAMES), ("instrument/detector/pixel_mask", flags))
    }
    path = write(tmp_path / "a.h5", arrays)
    for number, flags in ((1, BAD), (2, OTHER)):
        choice = choice_of(path, f"/scan_{number}/data/data")
        assert_used(choice, flags)
        assert choice.cautions == ()
