from __future__ import annotations

import numpy as np
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.microct import slices as slices_module
from napari_sciml.techniques.microct.decide import axis_columns
from napari_sciml.techniques.microct.run_geometry import resolve
from napari_sciml.techniques.microct.settings import MicroCTSettings
from napari_sciml.techniques.microct.slices import cut_slices, read_slices, slab_length


def source_of(shape, **kwargs):
    data = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    return ImageSource.from_array(data, **kwargs)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_planes_of_a_volume_are_cut_across_the_axis(axis):
    source = source_of((5, 6, 7))
    read = list(read_slices(source, cut_slices(source, axis)))
    assert [(frame, number) for frame, number, _ in read] == [(0, n) for n in range(source.shape[axis])]
    for _, number, plane in read:
        np.testing.assert_array_equal(plane, np.take(source.data, number, axis))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_planes_of_a_series_of_volumes(axis):
    source = source_of((2, 5, 6, 7))
    cut = cut_slices(source, axis)
    assert cut.count == 2 * source.shape[axis + 1]
    for frame, number, plane in read_slices(source, cut):
        np.testing.assert_array_equal(plane, np.take(source.data[frame], number, axis))
    assert axis_columns(cut) == ("t", "z", "y", "x")


def test_flat_image_is_one_plane():
    source = source_of((6, 7))
    cut = cut_slices(source, 0)
    [(_, _, plane)] = read_slices(source, cut)
    np.testing.assert_array_equal(plane, source.data)
    assert axis_columns(cut) == ("y", "x")
    with pytest.raises(SciMLError, match="no axis 1 to cut across"):
        cut_slices(source, 1)


def test_series_of_flat_images_is_not_a_volume():
    source = source_of((3, 6, 7), axes=("t", "y", "x"))
    cut = cut_slices(source, 0)
    assert (cut.frames, cut.slices) == (3, 1)
    assert axis_columns(cut) == ("t", "y", "x")
    for frame, _, plane in read_slices(source, cut):
        np.testing.assert_array_equal(plane, source.data[frame])


def test_slabs_are_bounded_and_made_of_whole_chunks(monkeypatch):
    import dask.array as da

    monkeypatch.setattr(slices_module, "SLAB_BYTES", 10 * 32 * 32)
    shape = (100, 32, 32)
    plain = ImageSource.from_array(np.zeros(shape, np.uint8))
    assert slab_length(plain, cut_slices(plain, 0)) == 10
    chunked = ImageSource.from_array(da.zeros(shape, dtype=np.uint8, chunks=(4, 32, 32)))
    assert slab_length(chunked, cut_slices(chunked, 0)) == 8
    deep = ImageSource.from_array(da.zeros(shape, dtype=np.uint8, chunks=(64, 32, 32)))
    assert slab_length(deep, cut_slices(deep, 0)) == 10


def test_one_damaged_slice_does_not_hide_its_neighbours():
    class Damaged:
        shape, dtype = (5, 8, 8), np.dtype(np.uint8)

        def __getitem__(self, index):
            if 2 in range(*index[0].indices(5)):
                raise OSError("bad sector")
            return np.ones((len(range(*index[0].indices(5))), 8, 8), np.uint8)

    source = ImageSource.from_array(Damaged())
    read = {number: plane for _, number, plane in read_slices(source, cut_slices(source, 0))}
    assert isinstance(read.pop(2), SciMLError)
    assert sorted(read) == [0, 1, 3, 4]
    assert all(plane.all() for plane in read.values())


def settings(**values):
    return MicroCTSettings(**values)


def test_diameter_in_pixels_sets_the_scale():
    geometry = resolve(source_of((4, 270, 540)), settings(fiber_diameter_px=27))
    assert geometry.shape == (135, 270)
    assert geometry.scale == (0.5, 0.5)
    assert geometry.min_distance == pytest.approx(0.6 * 13.5)
    assert (
        resolve(source_of((270, 540)), settings(fiber_diameter_px=27, min_distance_px=20)).min_distance == 10
    )


def test_diameter_in_micrometres_needs_a_pixel_size():
    source = source_of((4, 100, 100), pixel_size=(0.65,) * 3, unit="um")
    geometry = resolve(source, settings(fiber_diameter_um=10.0))
    assert geometry.mean_diameter_px == pytest.approx(10 / 0.65)
    said = resolve(source, settings(fiber_diameter_um=10.0, pixel_size_nm=1300))
    assert said.mean_diameter_px == pytest.approx(10 / 1.3)
    with pytest.raises(SciMLError, match="does not say how large a pixel is"):
        resolve(source_of((4, 100, 100)), settings(fiber_diameter_um=10.0))
    with pytest.raises(SciMLError, match="given twice"):
        resolve(source, settings(fiber_diameter_um=10.0, fiber_diameter_px=13.0))


def test_unequal_pixels_are_made_square():
    source = source_of((40, 100, 100), pixel_size=(2.0, 1.0, 1.0), unit="um")
    across_z = resolve(source, settings(fiber_diameter_um=13.5))
    assert across_z.shape == (100, 100)
    across_y = resolve(source, settings(fiber_diameter_um=13.5, axis=1))
    assert across_y.shape == (80, 100)


@pytest.mark.parametrize(("diameter", "same"), [(13.5, True), (13.7, True), (13.3, True), (13.9, False)])
def test_hardly_different_scale_is_left_alone(diameter, same):
    geometry = resolve(source_of((400, 400)), settings(fiber_diameter_px=diameter))
    assert (geometry.shape == (400, 400)) is same
    assert len(geometry.notes) == (1 if same else 2)


def test_image_smaller_than_a_fibre_is_refused():
    with pytest.raises(SciMLError, match="hardly larger than one fibre"):
        resolve(source_of((15, 100)), settings())
    with pytest.raises(SciMLError, match="hardly larger than one fibre"):
        resolve(source_of((100, 100)), settings(fiber_diameter_px=200))


def test_small_fibres_are_warned_of():
    notes = resolve(source_of((100, 100)), settings(fiber_diameter_px=4)).notes
    assert any("dark ring" in note for note in notes)
