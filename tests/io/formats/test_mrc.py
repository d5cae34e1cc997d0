"""MRC files and pictures: what they hold, what is wrong with them; one bad file costs only itself."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from PIL import Image

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource
from napari_sciml.io import describe, open_image
from napari_sciml.io.events import event_names
from napari_sciml.io.file_series import open_series
from napari_sciml.io.formats.mrc import mrc_warnings, write_mrc
from napari_sciml.io.movie_detection import looks_like_movie, shows_one_field

RANDOM = np.random.default_rng(5)
IMAGE = RANDOM.normal(size=(30, 40)).astype(np.float32)
STACK = RANDOM.normal(size=(5, 30, 40)).astype(np.float32)
CUBE = RANDOM.normal(size=(12, 12, 12)).astype(np.float32)
STAMP_AT = 212


def read(source: ImageSource) -> np.ndarray:
    return source.read((slice(None),) * source.ndim)


def patch(path: Path, at: int, content: bytes) -> Path:
    data = bytearray(path.read_bytes())
    data[at : at + len(content)] = content
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("dtype", ["int8", "int16", "uint16", "float16", "float32"])
def test_an_image_is_mapped_and_keeps_values_type_and_pixel_size(tmp_path, dtype):
    pixels = (IMAGE * 20).astype(dtype)
    source = open_image(write_mrc(tmp_path / "a.mrc", pixels, 1.77))
    assert isinstance(source.data.held, np.memmap)
    assert source.axes == ("y", "x")
    assert source.dtype == dtype
    assert (source.pixel_size, source.unit) == ((0.000177, 0.000177), "um")
    np.testing.assert_array_equal(read(source), pixels)


def test_what_mrc_has_no_type_for_is_written_as_float32(tmp_path):
    assert open_image(write_mrc(tmp_path / "a.mrc", IMAGE.astype(float))).dtype == np.float32
    with pytest.raises(SciMLError, match="cannot be written as MRC"):
        write_mrc(tmp_path / "b.mrc", np.zeros(4))


def test_other_programs_read_what_is_written(tmp_path):
    assert mrcfile.validate(write_mrc(tmp_path / "map.mrc", CUBE, 5.0))
    assert mrcfile.validate(write_mrc(tmp_path / "stack.mrcs", STACK, 5.0))
    with mrcfile.open(tmp_path / "stack.mrcs") as file:
        assert file.is_image_stack()
        assert float(file.voxel_size.x) == 5.0
    with mrcfile.open(tmp_path / "map.mrc") as file:
        assert file.is_volume()
        np.testing.assert_array_equal(file.data, CUBE)


def test_a_stack_counts_images_and_a_map_is_a_volume(tmp_path):
    stack = open_image(write_mrc(tmp_path / "s.mrcs", STACK, 2.0))
    assert (stack.axes, stack.pixel_size) == (("t", "y", "x"), (1.0, 0.0002, 0.0002))
    volume = open_image(write_mrc(tmp_path / "v.mrc", CUBE, 2.0))
    assert (volume.axes, volume.pixel_size) == (("z", "y", "x"), (0.0002,) * 3)
    np.testing.assert_array_equal(read(stack), STACK)
    assert "12 x 12 x 12 (z, y, x), float32, pixel 0.0002 um" in describe(tmp_path / "v.mrc")


def test_a_cube_whose_header_says_images_is_a_volume(tmp_path):
    path = write_mrc(tmp_path / "v.mrc", CUBE, 2.0, stack=True)
    assert open_image(path).axes == ("z", "y", "x")
    path.rename(tmp_path / "v.mrcs")
    assert open_image(tmp_path / "v.mrcs").axes == ("t", "y", "x")


def test_axes_in_another_order_are_put_right(tmp_path):
    path = write_mrc(tmp_path / "emd.map", STACK, 2.0, stack=False)
    # Columns along z, sections along x; sizes are stated along x, y and z.
    patch(path, 64, struct.pack("<3i", 3, 2, 1))
    patch(path, 28, struct.pack("<3i", 5, 30, 40))
    patch(path, 40, struct.pack("<3f", 10, 60, 80))
    source = open_image(path)
    assert source.shape == (40, 30, 5)
    np.testing.assert_array_equal(read(source), STACK.transpose(2, 1, 0))
    assert source.pixel_size == (0.0002,) * 3


def test_a_header_without_voxel_size_gives_none(tmp_path):
    source = open_image(write_mrc(tmp_path / "a.mrc", IMAGE))
    assert source.pixel_size is None
    assert open_image(tmp_path / "a.mrc", pixel_size_nm=0.177).pixel_size == (0.000177,) * 2


def test_pixels_that_are_not_square_are_told(tmp_path):
    path = write_mrc(tmp_path / "a.mrc", IMAGE, 2.0)
    assert mrc_warnings(path) == ()
    patch(path, 40, struct.pack("<f", 40 * 3.0))
    assert open_image(path).pixel_size == pytest.approx((0.0002, 0.0003))
    assert "not square: 2 Å along y, 3 Å along x" in mrc_warnings(path)[0]


@pytest.mark.parametrize(("suffix", "packed"), [(".mrc.gz", gzip.compress), (".mrc.bz2", None)])
def test_packed_files_are_unpacked_when_they_are_read(tmp_path, suffix, packed):
    import bz2

    plain = write_mrc(tmp_path / "a.mrc", STACK, 2.0, stack=True).read_bytes()
    path = tmp_path / f"b{suffix}"
    path.write_bytes((packed or bz2.compress)(plain))
    source = open_image(path)
    assert (source.axes, source.pixel_size) == (("t", "y", "x"), (1.0, 0.0002, 0.0002))
    np.testing.assert_array_equal(source.read((3, slice(None), slice(4, 9))), STACK[3, :, 4:9])

    path.write_bytes((packed or bz2.compress)(plain[:-100]))
    with pytest.raises(SciMLError, match="is truncated: it unpacks to"):
        read(open_image(path))
    path.write_bytes((packed or bz2.compress)(plain)[:-200])
    with pytest.raises(SciMLError, match=r"could not be unpacked"):
        read(open_image(path))


def test_a_wrong_machine_stamp_is_read_with_a_caution(tmp_path):
    path = write_mrc(tmp_path / "a.mrc", IMAGE, 2.0)
    patch(path, STAMP_AT, b"\x11\x11\x00\x00")
    np.testing.assert_array_equal(read(open_image(path)), IMAGE)
    assert "wrong machine stamp (0x11 0x11 0x00 0x00); it was read as little-endian" in mrc_warnings(path)[0]
    patch(path, STAMP_AT, bytes(4))
    np.testing.assert_array_equal(read(open_image(path)), IMAGE)
    assert len(mrc_warnings(path)) == 1


def test_big_endian_files_keep_their_values(tmp_path):
    with mrcfile.new(tmp_path / "big.mrc") as file:
        file.set_data(IMAGE.astype(">f4"))
        file.voxel_size = 2.0
    source = open_image(tmp_path / "big.mrc")
    assert source.dtype == np.dtype("=f4")
    np.testing.assert_array_equal(read(source), IMAGE)
    assert mrc_warnings(tmp_path / "big.mrc") == ()


def test_an_old_file_without_mark_and_a_longer_one_are_told(tmp_path):
    path = write_mrc(tmp_path / "a.mrc", IMAGE)
    patch(path, 208, bytes(8))
    with path.open("ab") as file:
        file.write(b"xyz")
    np.testing.assert_array_equal(read(open_image(path)), IMAGE)
    told = " ".join(mrc_warnings(path))
    assert "lacks the mark MAP" in told
    assert "3 bytes longer" in told


def text(path: Path) -> None:
    path.write_text("beam time " * 300)


def short(path: Path) -> None:
    path.write_bytes(b"MAP " * 100)


def truncated(path: Path) -> None:
    content = write_mrc(path, STACK, stack=True).read_bytes()
    path.write_bytes(content[:-1])


def packed_bits(path: Path) -> None:
    patch(write_mrc(path, IMAGE), 12, struct.pack("<i", 101))


def complex_numbers(path: Path) -> None:
    with mrcfile.new(path) as file:
        file.set_data(IMAGE.astype(np.complex64))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (text, r"a\.mrc is not an MRC file, in spite of its name"),
        (short, r"a\.mrc is no whole MRC file: its header is cut short"),
        (truncated, r"a\.mrc is truncated: 25023 bytes are there, 25024 are needed"),
        (packed_bits, r"a\.mrc stores its pixels in MRC mode 101, which cannot be read here"),
        (complex_numbers, r"a\.mrc holds complex numbers"),
        (Path.touch, r"a\.mrc is empty"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, make, sentence):
    make(tmp_path / "a.mrc")
    with pytest.raises(SciMLError, match=sentence) as caught:
        open_image(tmp_path / "a.mrc")
    assert str(caught.value).count("\n") == 0


def test_parts_of_mrc_files_do_not_exist(tmp_path):
    write_mrc(tmp_path / "a.mrc", IMAGE)
    with pytest.raises(SciMLError, match="has no parts"):
        open_image(f"{tmp_path / 'a.mrc'}::/data")


@pytest.fixture
def folder(tmp_path):
    for number in (1, 2, 10):
        write_mrc(tmp_path / f"mic_{number}.mrc", STACK[number % 5], 1.5)
    return tmp_path


@pytest.mark.parametrize("how", ["folder", "pattern", "list"])
def test_micrographs_are_one_series_that_knows_its_files(folder, how):
    files = [folder / f"mic_{number}.mrc" for number in (1, 2, 10)]
    path = {"folder": folder, "pattern": folder / "*.mrc", "list": files[::-1]}[how]
    source = open_series(path) if how == "list" else open_image(path, independent_frames=True)
    assert (source.axes, source.shape) == (("t", "y", "x"), (3, 30, 40))
    assert source.pixel_size == (1.0, 0.00015, 0.00015)
    np.testing.assert_array_equal(read(source), STACK[[1, 2, 0]])
    assert [event_names(source)(n) for n in range(3)] == [str(file) for file in files]
    if how != "pattern":
        assert source.path == str(folder)


def test_one_file_of_a_series_is_itself(folder):
    source = open_series([folder / "mic_2.mrc"])
    assert (source.axes, source.path) == (("y", "x"), str(folder / "mic_2.mrc"))


def test_a_damaged_micrograph_keeps_its_place_and_is_told_when_read(folder):
    path = folder / "mic_2.mrc"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SciMLError, match=r"mic_2\.mrc is truncated"):
        open_image(folder)
    source = open_image(folder, independent_frames=True)
    np.testing.assert_array_equal(source.read((2, slice(None), slice(None))), STACK[0])
    with pytest.raises(SciMLError, match=r"mic_2\.mrc is truncated"):
        source.read((1, slice(None), slice(None)))


def test_a_micrograph_of_another_size_keeps_its_place(folder):
    write_mrc(folder / "mic_2.mrc", IMAGE[:20], 1.5)
    with pytest.raises(SciMLError, match=r"mic_2\.mrc is 20 x 40 float32, but 2 of the 3 files"):
        open_image(folder)
    source = open_image(folder, independent_frames=True)
    with pytest.raises(SciMLError, match=r"mic_2\.mrc is 20 x 40 float32, but the series is 30 x 40"):
        source.read((1, slice(None), slice(None)))


def test_micrographs_of_two_magnifications_are_no_series(folder):
    write_mrc(folder / "mic_2.mrc", IMAGE, 3.0)
    with pytest.raises(SciMLError, match=r"mic_2\.mrc has pixels of 0\.0003 µm, but mic_1\.mrc of 0\.00015"):
        open_image(folder, independent_frames=True)


def test_a_folder_of_several_kinds_is_refused_and_previews_do_not_count(folder):
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(folder / "preview.png")
    assert open_image(folder).shape == (3, 30, 40)
    write_mrc(folder / "particles.mrcs", STACK)
    with pytest.raises(SciMLError, match="holds 3 MRC files and 1 MRC stack files: say which with a pattern"):
        open_image(folder)
    assert open_image(folder / "*.mrc").shape == (3, 30, 40)


def test_a_folder_of_stacks_has_four_axes(tmp_path):
    for name in "ab":
        write_mrc(tmp_path / f"{name}.mrcs", STACK, 2.0)
    assert open_image(tmp_path).axes == ("t", "z", "y", "x")


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_grey_pictures_open_alone_and_as_a_series(tmp_path, suffix):
    pixels = np.repeat(np.arange(40, dtype=np.uint8)[np.newaxis] * 6, 30, axis=0)
    for number in (1, 2):
        Image.fromarray(pixels // number).save(tmp_path / f"m{number}{suffix}", quality=100)
    source = open_image(tmp_path / f"m1{suffix}")
    assert (source.axes, source.dtype, source.pixel_size) == (("y", "x"), np.uint8, None)
    np.testing.assert_allclose(read(source), pixels, atol=2)
    for series in (
        open_image(tmp_path, independent_frames=True),
        open_image(tmp_path / f"m*{suffix}", independent_frames=True),
    ):
        assert series.axes == ("t", "y", "x")
        np.testing.assert_allclose(series.read((1, slice(None), slice(None))), pixels // 2, atol=2)
    # Not apart, pictures are the slices of a volume, as TIFF files are.
    assert open_image(tmp_path).axes == ("z", "y", "x")
    assert open_series(sorted(tmp_path.iterdir())).shape == (2, 30, 40)


def test_deep_grey_pictures_keep_their_depth(tmp_path):
    pixels = (np.arange(1200, dtype=np.uint16) * 50).reshape(30, 40)
    Image.fromarray(pixels).save(tmp_path / "deep.png")
    source = open_image(tmp_path / "deep.png")
    assert source.dtype == np.uint16
    np.testing.assert_array_equal(read(source), pixels)


def test_colour_and_damaged_pictures_are_refused(tmp_path):
    Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(tmp_path / "rgb.png")
    with pytest.raises(SciMLError, match=r"rgb\.png is a colour picture \(mode RGB\): convert it"):
        open_image(tmp_path / "rgb.png")
    noise = RANDOM.integers(0, 255, (200, 200), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "cut.jpg")
    path = tmp_path / "cut.jpg"
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(SciMLError, match=r"cut\.jpg could not be read as a picture \(.*truncated"):
        read(open_image(path))
    (tmp_path / "text.png").write_text("beam time")
    with pytest.raises(SciMLError, match=r"text\.png is not a JPEG or PNG file"):
        open_image(tmp_path / "text.png")


def test_a_movie_is_told_from_micrographs_and_from_particles(tmp_path):
    random = np.random.default_rng(1)
    scene = random.normal(size=(1024, 1100))
    scene = np.repeat(np.repeat(scene[::16, ::20], 16, axis=0), 20, axis=1)[:1024, :1100]
    exposures = [random.poisson(np.clip(2 + 0.3 * scene, 0, None)).astype(np.int8) for _ in range(3)]
    movie = open_image(write_mrc(tmp_path / "movie.mrc", np.stack(exposures), 1.0))
    assert looks_like_movie(movie) == (
        "movie.mrc holds 3 frames of 1024 x 1100 px in one file, like a movie that was not summed into a "
        "micrograph"
    )
    assert shows_one_field(movie)
    others = [np.roll(exposure, 300 * number) for number, exposure in enumerate(exposures)]
    assert not shows_one_field(open_image(write_mrc(tmp_path / "mics.mrcs", np.stack(others), 1.0)))
    assert looks_like_movie(open_image(write_mrc(tmp_path / "boxes.mrcs", STACK))) == ""
    single = [write_mrc(tmp_path / f"{n}.mrc", exposure) for n, exposure in enumerate(exposures)]
    assert looks_like_movie(open_series(single)) == ""
    assert looks_like_movie(open_image(single[0])) == ""


def test_the_map_of_the_development_data_states_no_voxel_size(real_data):
    source = open_image(real_data("cryoem/map70s/clean70SRibosome_vol_65p.mrc"))
    assert (source.axes, source.shape, source.pixel_size) == (("z", "y", "x"), (65, 65, 65), None)


def test_the_real_micrographs_are_a_series(real_data):
    folder = real_data("cryoem/micrographs/Falcon_2012_06_12-14_33_35_0.jpg").parent
    source = open_image(folder, independent_frames=True)
    assert (source.axes, source.shape, source.dtype) == (("t", "y", "x"), (4, 4096, 4096), np.uint8)
    assert event_names(source)(3).endswith("Falcon_2012_06_12-16_48_06_0.jpg")
