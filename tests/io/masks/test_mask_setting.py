"""A mask that a person gives: one image, one for each frame, modules; or a refusal in one sentence."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
import zarr

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource
from napari_sciml.io import open_image
from napari_sciml.io.masks.setting import find_mask

SHAPE = (64, 80)
SOURCE = ImageSource.from_array(np.ones((3, *SHAPE), np.int32), axes=("t", "y", "x"))
BAD = np.zeros(SHAPE, np.uint8)
BAD[20:30, 5:70] = 1


@pytest.mark.parametrize("lead", [(), (3,)])
def test_one_mask_for_all_frames(lead: tuple[int, ...], tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "mask.tif", np.broadcast_to(BAD, (*lead, *SHAPE)), photometric="minisblack")
    choice = find_mask(str(tmp_path / "mask.tif"), SOURCE)
    assert choice.mask is not None
    np.testing.assert_array_equal(choice.mask.of(2), BAD != 0)
    assert choice.note == f"{tmp_path / 'mask.tif'} leaves out 650 pixels"


def test_a_mask_for_each_frame(tmp_path: Path) -> None:
    masks = np.stack([np.roll(BAD, number, axis=0) for number in range(3)])
    np.save(tmp_path / "masks.npy", masks)
    choice = find_mask(str(tmp_path / "masks.npy"), SOURCE)
    assert choice.mask is not None
    for number in range(3):
        np.testing.assert_array_equal(choice.mask.of(number), masks[number] != 0)
    np.save(tmp_path / "masks.npy", masks[:2])
    with pytest.raises(SciMLError, match="it is 2 different masks for 3 frames"):
        find_mask(str(tmp_path / "masks.npy"), SOURCE)


def test_properties_of_a_pixel_mask_do_not_reject(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["entry/instrument/detector/pixel_mask"] = BAD.astype(np.uint32) << 20
    choice = find_mask(f"{tmp_path / 'm.h5'}::/entry/instrument/detector/pixel_mask", SOURCE)
    assert choice.mask is not None
    assert not choice.mask.of(0).any()


def test_a_mask_of_nearly_everything_is_told() -> None:
    (told,) = find_mask(BAD == 0, SOURCE).cautions
    assert "turn it around" in told


@pytest.mark.parametrize("kind", ["npz", "zarr"])
def test_the_mask_beside_an_array(kind: str, tmp_path: Path) -> None:
    frames = np.random.default_rng(0).poisson(9, (3, *SHAPE)).astype(np.int32)
    path = tmp_path / f"a.{kind}"
    if kind == "npz":
        np.savez(path, frames=frames, mask=BAD, bad_pixels=BAD[:5])
    else:
        group = zarr.open_group(path, mode="w")
        for name, values in {"frames": frames, "mask": BAD, "bad_pixels": BAD[:5]}.items():
            group.create_array(name, data=values)
    source = open_image(f"{path}::frames")
    choice = find_mask(None, source)
    source.close()
    assert choice.mask is not None
    np.testing.assert_array_equal(choice.mask.of(1), BAD != 0)
    (told,) = choice.cautions
    assert told.endswith("bad_pixels was found and not used, because it has another size (5 x 80 px)")
