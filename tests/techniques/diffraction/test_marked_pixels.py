"""Gaps that only a value marks, and masks that differ from frame to frame, in whole runs."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from fixtures.bright_tiles import PLACES, find_bright, still
from napari_sciml.core.source import ImageSource
from napari_sciml.io import open_image

GAP = np.zeros((128, 128), bool)
GAP[62:66] = GAP[:, 70:72] = GAP[12, 12] = True


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        *((np.uint16, 65_535), (np.uint32, 65_535), (np.uint32, 2**32 - 1), (np.float32, 2**32 - 1)),
        *((np.int32, -9999), (np.int16, -(2**15)), (np.float32, -1e10), (np.float32, np.nan)),
    ],
)
@pytest.mark.parametrize("frames", [1, 3])
def test_gaps_are_left_out_and_told(dtype: type, value: float, frames: int) -> None:
    images = np.stack([still(n, hit=n == 0) for n in range(frames)]).astype(dtype)
    plain = find_bright(ImageSource.from_array(images, axes=("t", "y", "x")))
    images[:, GAP] = value
    found = find_bright(ImageSource.from_array(images, axes=("t", "y", "x")))
    assert found.table["hit"].tolist() == plain.table["hit"].tolist() == [True, False, False][:frames]
    assert len(found.candidates) == len(plain.candidates)
    (told,) = [note for note in found.provenance.notes if "taken as not measured" in note]
    assert told.startswith(f"{GAP.sum()} pixels hold ")
    warned = [line for line in found.provenance.problems if f"in {GAP.sum()} pixels is taken to mean" in line]
    assert len(warned) == int(np.isfinite(value))


def test_a_mark_in_one_frame_is_told_with_its_number() -> None:
    images = np.stack([still(n, hit=False) for n in range(4)]).astype(np.uint32)
    images[2][GAP] = 2**32 - 1
    found = find_bright(ImageSource.from_array(images, axes=("t", "y", "x")))
    assert not found.table["hit"].any()
    assert any(note.startswith(f"in frame 2, {GAP.sum()} pixels") for note in found.provenance.notes)


def test_a_detector_of_which_most_is_off_is_used() -> None:
    image = still(0, hit=True).astype(np.uint16)
    image[40:] = 65_535
    found = find_bright(ImageSource.from_array(image))
    assert found.table["hit"].notna().all()
    (told,) = found.provenance.problems
    assert told.startswith("65535 in ")


def test_a_mask_of_each_frame_is_used_in_its_frame(tmp_path: Path) -> None:
    images = np.stack([still(n, hit=n in (1, 2)) for n in range(4)])
    masks = np.zeros(images.shape, np.uint8)
    for y, x in PLACES:
        masks[1, y - 3 : y + 4, x - 3 : x + 4] = 1
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["entry/data/data"] = images
        file["entry/instrument/detector/pixel_mask"] = masks
    found = find_bright(open_image(tmp_path / "a.h5"), hot_pixels=False)
    assert found.table["hit"].tolist() == [False, False, True, False]
