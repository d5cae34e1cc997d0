"""NRRD, MetaImage, NIfTI and volumes without a header: axes, pixel size, what is mirrored or unsaid."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest

import napari_sciml as sciml
from napari_sciml.core.errors import SciMLError
from napari_sciml.io import open_image

VOLUME = np.random.default_rng(1).integers(0, 4000, (6, 40, 50), dtype=np.uint16)


def is_the_volume(path: Path, size: tuple[float, ...] | None, *cautions: str, **how: object) -> None:
    source = open_image(path, **how)  # type: ignore[arg-type]
    assert (source.axes, source.shape) == (("z", "y", "x"), VOLUME.shape)
    assert source.pixel_size is None if size is None else source.pixel_size == pytest.approx(size, rel=1e-5)
    assert len(source.cautions) == len(cautions)
    assert all(part in told for part, told in zip(cautions, source.cautions, strict=True))
    np.testing.assert_array_equal(source.read((slice(1, 4), 7, slice(None))), VOLUME[1:4, 7])
    np.testing.assert_array_equal(source.read((slice(None),) * 3), VOLUME)
    source.close()


@pytest.mark.parametrize("encoding", ["raw", "gzip"])
@pytest.mark.parametrize("name", ["v.nrrd", "v.nhdr"])
def test_nrrd(tmp_path: Path, encoding: str, name: str) -> None:
    header = {"spacings": [0.65, 0.65, 2], "units": ["um", "micron", "um"], "encoding": encoding}
    nrrd.write(str(tmp_path / name), VOLUME, header, index_order="C")
    is_the_volume(tmp_path / name, (2, 0.65, 0.65))


def test_nrrd_of_slicer_has_millimetres_by_custom_and_may_be_mirrored(tmp_path: Path) -> None:
    header = {
        "space": "left-posterior-superior",
        "space directions": np.diag([0.00065, 0.00065, 0.002]),
        "space origin": [0, 0, 0],
        "kinds": ["domain", "domain", "domain"],
        "endian": "big",
    }
    nrrd.write(str(tmp_path / "v.nrrd"), VOLUME.astype(">u2"), header, index_order="C")
    is_the_volume(tmp_path / "v.nrrd", (2, 0.65, 0.65), "taken in mm")
    header["space directions"] = np.diag([-0.00065, 0.00065, 0.002])
    nrrd.write(str(tmp_path / "m.nrrd"), VOLUME, header, index_order="C")
    is_the_volume(tmp_path / "m.nrrd", (2, 0.65, 0.65), "mirrored or turned", "taken in mm")


def meta_header(data: str, **more: object) -> str:
    """Write a header as ITK does."""
    fields = {
        "ObjectType": "Image",
        "NDims": 3,
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": "False",
        "TransformMatrix": "1 0 0 0 1 0 0 0 1",
        "Offset": "0 0 0",
        "ElementSpacing": "0.00065 0.00065 0.002",
        "DimSize": "50 40 6",
        "ElementType": "MET_USHORT",
        **more,
        "ElementDataFile": data,
    }
    return "".join(f"{key} = {value}\n" for key, value in fields.items())


def test_meta_image(tmp_path: Path) -> None:
    flat = VOLUME.tobytes()
    packed = zlib.compress(flat)
    big = {"BinaryDataByteOrderMSB": "True"}
    compressed = {"CompressedData": "True", "CompressedDataSize": len(packed)}
    (tmp_path / "local.mha").write_bytes(meta_header("LOCAL").encode() + flat)
    (tmp_path / "packed.mha").write_bytes(meta_header("LOCAL", **compressed).encode() + packed)
    (tmp_path / "v.raw").write_bytes(VOLUME.astype(">u2").tobytes())
    (tmp_path / "v.mhd").write_text(meta_header("v.raw", **big))
    (tmp_path / "h.raw").write_bytes(b"something before" + flat)
    (tmp_path / "h.mhd").write_text(meta_header("h.raw", HeaderSize=-1))
    for name in ("local.mha", "packed.mha", "v.mhd", "h.mhd"):
        is_the_volume(tmp_path / name, (2, 0.65, 0.65), "taken in mm")
    (tmp_path / "m.mhd").write_text(meta_header("v.raw", TransformMatrix="-1 0 0 0 1 0 0 0 1", **big))
    is_the_volume(tmp_path / "m.mhd", (2, 0.65, 0.65), "mirrored", "taken in mm")
    (tmp_path / "n.mhd").write_text(meta_header("v.raw", ElementSpacing="1 1 1", **big))
    is_the_volume(tmp_path / "n.mhd", None)
    (tmp_path / "gone.mhd").write_text(meta_header("gone.raw"))
    with pytest.raises(SciMLError, match=r"pixels should be in .*gone\.raw, which is not there"):
        open_image(tmp_path / "gone.mhd")
    (tmp_path / "short.mha").write_bytes(meta_header("LOCAL").encode() + flat[:-9])
    with pytest.raises(SciMLError, match="truncated"):
        open_image(tmp_path / "short.mha")


@pytest.mark.parametrize("name", ["v.nii", "v.nii.gz"])
def test_nifti(tmp_path: Path, name: str) -> None:
    image = nibabel.Nifti1Image(VOLUME.T, np.diag([0.65, 0.65, 2, 1]))
    image.header.set_xyzt_units("micron")
    nibabel.save(image, tmp_path / name)
    is_the_volume(tmp_path / name, (2, 0.65, 0.65))
    image = nibabel.Nifti1Image(VOLUME.T, np.diag([-0.00065, -0.00065, 0.002, 1]))
    image.header.set_xyzt_units("mm")
    nibabel.save(image, tmp_path / name)
    is_the_volume(tmp_path / name, (2, 0.65, 0.65), "mirrored or turned")


def test_nifti_scales_its_values_and_is_told_when_cut_short(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(VOLUME.T.astype(np.int16), np.eye(4))
    image.header.set_slope_inter(2, -5)
    nibabel.save(image, tmp_path / "v.nii")
    source = open_image(tmp_path / "v.nii")
    assert source.dtype == np.float32
    expected = np.asarray(nibabel.load(tmp_path / "v.nii").dataobj).T
    np.testing.assert_allclose(source.read((slice(None),) * 3), expected, rtol=1e-5)
    (tmp_path / "short.nii").write_bytes((tmp_path / "v.nii").read_bytes()[:-50])
    with pytest.raises(SciMLError, match="truncated"):
        open_image(tmp_path / "short.nii")
    whole = gzip.compress((tmp_path / "v.nii").read_bytes())
    (tmp_path / "short.nii.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SciMLError, match=r"short\.nii\.gz could not be read"):
        open_image(tmp_path / "short.nii.gz").read((slice(None),) * 3)


PYHST = """! PyHST_SLAVE VOLUME INFO FILE
NUM_X =  50
NUM_Y =  40
NUM_Z =  6
voxelSize =  0.650000
BYTEORDER = {order}
ValMin =  0.0
"""
DESCRIBED = {
    "v.vol.info": PYHST.format(order="LOWBYTEFIRST"),
    "v.dat": "ObjectFileName: v.raw\nTaggedFileName: ---\nResolution: 50 40 6\nFormat: USHORT\n",
    "v.hdr": "ENVI\nsamples = 50\nlines = 40\nbands = 6\ndata type = 12\ninterleave = bsq\nbyte order = 0\n",
    "v.raw.json": json.dumps({"shape": [6, 40, 50], "dtype": "uint16"}),
    "v.xml": "<tomodb2><subVolume><SIZEX>50</SIZEX><SIZEY>40</SIZEY><SIZEZ>6</SIZEZ></subVolume></tomodb2>",
    "v.vgi": "[volume1]\nsize = 50 40 6\n[file1]\ndatatype = unsigned integer\nbitsperelement = 16\n",
}


@pytest.mark.parametrize("beside", DESCRIBED)
def test_a_file_beside_a_volume_says_how_large_it_is(tmp_path: Path, beside: str) -> None:
    volume = tmp_path / ("v.vol" if beside.endswith(("vgi", "info")) else "v.raw")
    volume.write_bytes(VOLUME.tobytes())
    (tmp_path / beside).write_text(DESCRIBED[beside])
    size = (0.65, 0.65, 0.65) if beside.endswith("info") else None
    guessed = ["by their number it is uint16"] if beside.endswith(("info", "xml")) else []
    is_the_volume(volume, size, *guessed)


def test_the_higher_byte_first(tmp_path: Path) -> None:
    (tmp_path / "v.vol").write_bytes(VOLUME.astype(">f4").tobytes())
    (tmp_path / "v.vol.info").write_text(PYHST.format(order="HIGHBYTEFIRST"))
    is_the_volume(tmp_path / "v.vol", (0.65, 0.65, 0.65), "by their number it is float32")


@pytest.mark.parametrize(
    "name", ["scan_50x40x6_uint16.raw", "scan_50x40x6_16bit_recon.raw", "a-50x40x6.ushort.raw"]
)
def test_a_name_says_how_large_a_volume_is(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(VOLUME.tobytes())
    is_the_volume(tmp_path / name, None, "taken from its name: 6 slices, 40 rows, 50 columns")


def test_a_file_beside_a_volume_may_be_about_something_else(tmp_path: Path) -> None:
    name = tmp_path / "scan_50x40x6_uint16.raw"
    name.write_bytes(VOLUME.tobytes())
    name.with_suffix(".dat").write_bytes(b"\xff\x00nx = many\nny = two\nnz: three\n" * 9)
    name.with_suffix(".json").write_text('{"shape": "round", "size": [1]}')
    is_the_volume(name, None, "taken from its name")


def test_a_person_says_how_large_a_volume_is(tmp_path: Path) -> None:
    path = tmp_path / "scan.raw"
    path.write_bytes(VOLUME.tobytes())
    is_the_volume(path, None, shape=(6, 40, 50), dtype="uint16")
    is_the_volume(path, (0.65, 0.65, 0.65), shape="6,40,50", dtype="uint16", pixel_size_nm=650)
    opened = open_image(path, shape="6x40x50", dtype="uint16").opened
    assert json.loads(json.dumps(opened)) == {"shape": [6, 40, 50], "dtype": "uint16"}
    with pytest.raises(SciMLError, match=r"Nobody says how large .* for example --shape"):
        open_image(path)
    with pytest.raises(SciMLError, match=r"24000 bytes, .* what would fit: --shape 6,40,50 --dtype uint16"):
        open_image(path, shape=(6, 40, 50), dtype="float32")
    with pytest.raises(SciMLError, match=r"what would fit: --shape 6,40,50 --dtype uint16"):
        open_image(path, shape=(7, 40, 50), dtype="uint16")
    with pytest.raises(SciMLError, match="is no type of a pixel"):
        open_image(path, shape=(6, 40, 50), dtype="colour")
    with pytest.raises(SciMLError, match="is not the size of an image"):
        open_image(path, shape="6,forty")
    np.save(tmp_path / "v.npy", VOLUME)
    with pytest.raises(SciMLError, match="states its own size"):
        open_image(tmp_path / "v.npy", shape=(6, 40, 50))


def test_a_run_takes_the_size_and_its_record_opens_the_volume_again(tmp_path: Path) -> None:
    path = tmp_path / "scan.raw"
    path.write_bytes(VOLUME[:1, :, :40].astype(np.uint8).tobytes())
    found = sciml.run("microct", path, shape=(1, 40, 40), dtype="uint8", fiber_diameter_px=13.5)
    found.save(tmp_path / "out")
    again = sciml.open_run(tmp_path / "out")
    assert not again.source.absent
    assert again.source.shape == (1, 40, 40)
    with pytest.raises(SciMLError, match="how to open a file"):
        sciml.run("microct", np.zeros((64, 64), np.uint8), shape=(64, 64))
