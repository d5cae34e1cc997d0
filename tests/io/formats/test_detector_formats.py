"""Every detector format, whole and cut short; packed CBF; how often the files of a series are read."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fixtures.detector_formats import (
    cut,
    picture,
    write_cbf,
    write_edf,
    write_imgcif,
    write_mccd,
    write_smv,
    write_tiff,
)
from napari_sciml.core.errors import SciMLError
from napari_sciml.io import open_image
from napari_sciml.io.file_series import open_series
from napari_sciml.io.formats import detector_series

pytest.importorskip("fabio")

Writer = Callable[[Path, np.ndarray], Path]
WRITERS: dict[str, Writer] = {
    "x.cbf": write_cbf,
    "x.edf": write_edf,
    "x.img": write_smv,
    "x.mccd": write_mccd,
    "x.tif": write_tiff,
}
WHOLE = (slice(None), slice(None))


@pytest.mark.parametrize("name", WRITERS)
def test_a_single_file_is_an_image(name: str, tmp_path: Path) -> None:
    source = open_image(WRITERS[name](tmp_path / name, picture(3)))
    assert source.axes == ("y", "x")
    np.testing.assert_array_equal(source.read(WHOLE), picture(3))
    assert source.dtype == (np.int32 if name in ("x.cbf", "x.edf", "x.tif") else np.uint16)


def test_a_zipped_file_is_read(tmp_path: Path) -> None:
    write_cbf(tmp_path / "x.cbf", picture(3))
    (tmp_path / "x.cbf.gz").write_bytes(gzip.compress((tmp_path / "x.cbf").read_bytes()))
    np.testing.assert_array_equal(open_image(tmp_path / "x.cbf.gz").read(WHOLE), picture(3))


@pytest.mark.parametrize("share", [0.97, 0.5, 0.03])
@pytest.mark.parametrize("name", [name for name in WRITERS if name != "x.tif"])
def test_a_cut_file_is_one_sentence_and_never_waits(
    name: str, share: float, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SciMLError, match=r"x\.\w+ (could not be read|ends before)") as caught:
        open_image(cut(WRITERS[name](tmp_path / name, picture()), share))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_without_fabio_the_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cbf(tmp_path / "x.cbf", picture())
    monkeypatch.setattr("napari_sciml.io.formats.detector_file.find_spec", lambda name: None)
    with pytest.raises(SciMLError, match=r"x\.cbf needs fabio: type: pip install .*napari-sciml\[xray\]"):
        open_image(tmp_path / "x.cbf")


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = write_cbf(tmp_path / "x.cbf", picture())
    content = bytearray(path.read_bytes())
    content[-1000] ^= 1
    path.write_bytes(content)
    with pytest.raises(SciMLError, match="Checksum"):
        open_image(path)


@pytest.mark.parametrize("panels", [1, 2])
@pytest.mark.parametrize("packed", [True, False])
def test_what_cbflib_writes_is_read(panels: int, packed: bool, tmp_path: Path) -> None:
    pytest.importorskip("pycbf")
    images = [picture(n) - 40 for n in range(panels)]
    source = open_image(write_imgcif(tmp_path / "x.cbf", images, packed=packed))
    np.testing.assert_array_equal(source.read(WHOLE), np.concatenate(images))


@pytest.mark.parametrize(("panels", "what"), [(1, r"is packed \(x-CBF_PACKED\)"), (2, "is packed")])
def test_packed_cbf_without_cbflib_says_what_to_install(
    panels: int, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pycbf")
    path = write_imgcif(tmp_path / "x.cbf", [picture()] * panels, packed=True)
    monkeypatch.setattr("napari_sciml.io.formats.imgcif.find_spec", lambda name: None)
    with pytest.raises(SciMLError, match=rf"x\.cbf {what}.*pip install .*napari-sciml\[cbf\]"):
        open_image(path)


def test_a_cut_packed_file_is_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("pycbf")
    with pytest.raises(SciMLError, match="could not be read as a detector file"):
        open_image(cut(write_imgcif(tmp_path / "x.cbf", [picture()], packed=True), 0.6))


def test_opening_a_series_looks_into_a_few_files_and_a_frame_into_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        write_smv(tmp_path / f"s{number}.img", picture(number))
    read: list[str] = []
    measure, read_frame = detector_series.measure, detector_series.read_frame
    monkeypatch.setattr(detector_series, "measure", lambda path: [read.append(path.name), measure(path)][1])
    monkeypatch.setattr(
        detector_series,
        "read_frame",
        lambda path, *rest: [read.append(path.name), read_frame(path, *rest)][1],
    )
    source = open_image(tmp_path)
    assert (source.shape, len(read)) == ((40, 70, 90), detector_series.MEASURED_FILES)
    read.clear()
    for number in (31, 4):
        np.testing.assert_array_equal(source.read((number, *WHOLE)), picture(number))
    assert read == ["s31.img", "s4.img"]
    assert source.place is not None
    assert source.place(31) == (str(tmp_path / "s31.img"), None)


def test_the_size_of_most_files_is_that_of_the_series(tmp_path: Path) -> None:
    """The first file is the odd one, and the last is damaged."""
    for number in range(5):
        write_cbf(tmp_path / f"{number}.cbf", picture(number, (80, 90) if number == 0 else (70, 90)))
    cut(tmp_path / "4.cbf", 0.5)
    source = open_image(tmp_path)
    assert source.shape == (5, 70, 90)
    with pytest.raises(SciMLError, match=r"0\.cbf has 80 x 90 px, but the series has 70 x 90"):
        source.read((0, *WHOLE))
    with pytest.raises(SciMLError, match=r"4\.cbf could not be read"):
        source.read((4, *WHOLE))
    assert [int(source.read((n, 0, 0))) for n in (1, 2, 3)] == [1, 2, 3]


def test_files_of_several_frames_each_are_one_series(tmp_path: Path) -> None:
    write_edf(tmp_path / "1.edf", picture(0), picture(1), picture(2))
    write_edf(tmp_path / "2.edf", picture(3))
    write_edf(tmp_path / "3.edf", picture(4), picture(5), picture(6))
    cut(tmp_path / "3.edf", 0.99)
    source = open_image(tmp_path)
    assert source.shape == (7, 70, 90)
    assert [int(source.read((n, 0, 0))) for n in range(6)] == list(range(6))
    with pytest.raises(SciMLError, match="incomplete"):
        source.read((6, 0, 0))
    assert source.place is not None
    assert source.place(5) == (str(tmp_path / "3.edf"), 1)
    assert source.place(3) == (str(tmp_path / "2.edf"), None)


def test_a_list_of_files_is_one_series_in_natural_order(tmp_path: Path) -> None:
    files = [write_cbf(tmp_path / f"{number}.cbf", picture(number)) for number in (10, 2, 1)]
    source = open_series(files)
    assert [int(source.read((n, 0, 0))) for n in range(3)] == [1, 2, 10]
    assert (source.name, source.path) == ("1 to 10", str(tmp_path))
    some = open_series(files[:2])
    assert (some.shape, some.path) == ((2, 70, 90), None)
    assert some.place is not None
    assert some.place(1) == (str(tmp_path / "10.cbf"), None)
    with pytest.raises(SciMLError, match=r"1\.cbf and 3\.tif cannot be one series"):
        open_series([files[2], write_tiff(tmp_path / "3.tif", picture())])


def test_tiff_frames_that_stand_apart_cost_only_themselves(tmp_path: Path) -> None:
    for number in range(5):
        write_tiff(tmp_path / f"{number}.tif", picture(number, (80, 90) if number == 0 else (70, 90)))
    cut(tmp_path / "3.tif", 0.5)
    source = open_image(tmp_path, independent_frames=True)
    assert (source.shape, source.axes) == ((5, 70, 90), ("t", "y", "x"))
    assert [int(source.read((n, 0, 0))) for n in (1, 2, 4)] == [1, 2, 4]
    with pytest.raises(SciMLError, match=r"0\.tif is 80 x 90 int32, but the series is 70 x 90"):
        source.read((0, 0, 0))
    with pytest.raises(SciMLError, match=r"3\.tif is truncated"):
        source.read((3, 0, 0))
    with pytest.raises(SciMLError, match=r"3\.tif is truncated"):
        open_image(tmp_path)
