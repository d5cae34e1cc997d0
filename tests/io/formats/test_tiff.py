"""TIFF as microscopes and programs write it: units, dots per inch, OME in several files, compressions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sciml.core.errors import SciMLError
from napari_sciml.io import open_image
from napari_sciml.io.formats import tiff
from napari_sciml.io.formats.units import micrometres

VOLUME = np.random.default_rng(1).integers(0, 4000, (6, 40, 50), dtype=np.uint16)


def everything(source: object) -> np.ndarray:
    return np.asarray(source.read((slice(None),) * source.ndim))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("units", "size"),
    [
        ("um µm μm \\u00B5m micron microns Microns micrometer micrometres micro-meter um/pixel Âµm", 1.0),
        ("nm nanometer", 1e-3),
        ("pm picometer", 1e-6),
        ("Å Å angstrom Angstroms Ao", 1e-4),
        ("mm millimeter", 1e3),
        ("cm", 1e4),
        ("m metre", 1e6),
        ("inch in [in_i]", 25400.0),
    ],
)
def test_units_of_length_in_every_spelling(units: str, size: float) -> None:
    assert {unit: micrometres(1, unit) for unit in units.split()} == dict.fromkeys(units.split(), size)
    assert micrometres(1, "micro meter") == 1
    assert micrometres(1, "pixel") is micrometres(1, "") is micrometres(1, "sec") is None


@pytest.mark.parametrize("dpi", [72, 96, 150, 300, 600, 1200, 2400])
def test_dots_per_inch_are_no_pixel_size(tmp_path: Path, dpi: int) -> None:
    tifffile.imwrite(tmp_path / "inch.tif", VOLUME[0], resolution=(dpi, dpi), resolutionunit="INCH")
    centimetres = round(dpi / 2.54, 2)
    tifffile.imwrite(
        tmp_path / "cm.tif", VOLUME[0], resolution=(centimetres, centimetres), resolutionunit="CENTIMETER"
    )
    assert open_image(tmp_path / "inch.tif").pixel_size is None
    assert open_image(tmp_path / "cm.tif").pixel_size is None


@pytest.mark.parametrize("edge", [0.65, 1, 5, 6.5, 10, 20])
@pytest.mark.parametrize(("unit", "um"), [("INCH", 25400), ("CENTIMETER", 10000)])
def test_a_microscopes_resolution_is_a_pixel_size(tmp_path: Path, edge: float, unit: str, um: int) -> None:
    tifffile.imwrite(tmp_path / "v.tif", VOLUME[0], resolution=(um / edge, um / edge), resolutionunit=unit)
    assert open_image(tmp_path / "v.tif").pixel_size == pytest.approx((edge, edge), rel=1e-5)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"unit": "um", "spacing": 2}, (2, 0.65, 0.65)),
        ({"unit": "um", "zunit": "nm", "spacing": 1300}, (1.3, 0.65, 0.65)),
        ({"unit": "\\u00B5m", "yunit": "\\u00B5m", "zunit": "mm", "spacing": 0.001}, (1, 0.65, 0.65)),
        ({"unit": "um", "zunit": "sec", "spacing": 2}, None),
        ({"unit": "um"}, (0.65, 0.65, 0.65)),
    ],
)
def test_imagej_states_a_unit_for_each_axis(
    tmp_path: Path, stated: dict[str, object], expected: tuple[float, ...] | None
) -> None:
    tifffile.imwrite(
        tmp_path / "ij.tif",
        VOLUME,
        imagej=True,
        resolution=(1 / 0.65, 1 / 0.65),
        metadata={"axes": "ZYX", **stated},
    )
    size = open_image(tmp_path / "ij.tif").pixel_size
    assert size is None if expected is None else size == pytest.approx(expected, rel=1e-5)


def test_each_image_of_an_ome_tiff_has_its_own_pixel_size(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "two.ome.tif", ome=True) as writer:
        writer.write(VOLUME[:2], metadata={"axes": "ZYX", "PhysicalSizeX": 9.0, "PhysicalSizeY": 9.0})
        writer.write(
            np.tile(VOLUME, (4, 1, 1)),
            metadata={"axes": "ZYX", "PhysicalSizeX": 500, "PhysicalSizeXUnit": "pm"},
        )
    source = open_image(tmp_path / "two.ome.tif")
    assert (source.shape, source.pixel_size) == ((24, 40, 50), pytest.approx((5e-4, 5e-4, 5e-4)))
    source.close()
    first = open_image(f"{tmp_path / 'two.ome.tif'}::0")
    assert (first.shape, first.pixel_size) == ((2, 40, 50), pytest.approx((9.0, 9.0, 9.0)))
    first.close()
    with pytest.raises(SciMLError, match="counted from 0 to 1"):
        open_image(f"{tmp_path / 'two.ome.tif'}::7")


def test_two_images_of_one_size_are_asked_for(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "positions.ome.tif", ome=True) as writer:
        for position in (VOLUME, VOLUME + 1):
            writer.write(position, metadata={"axes": "ZYX"})
    with pytest.raises(SciMLError, match=r"2 images .* name one, for example .*positions\.ome\.tif::0"):
        open_image(tmp_path / "positions.ome.tif")
    np.testing.assert_array_equal(everything(open_image(f"{tmp_path}/positions.ome.tif::1")), VOLUME + 1)


def ome_parts(folder: Path, *, only_first_names_all: bool = False) -> list[Path]:
    """Write a stack of six planes as three files of two, as Bio-Formats and Micro-Manager do."""
    files = [folder / f"run_{n}.ome.tif" for n in range(3)]
    blocks = "".join(
        f'<TiffData FirstZ="{2 * n}" IFD="0" PlaneCount="2">'
        f'<UUID FileName="{file.name}">urn:uuid:{n}</UUID></TiffData>'
        for n, file in enumerate(files)
    )
    for n, file in enumerate(files):
        body = (
            '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" '
            'SizeX="50" SizeY="40" SizeZ="6" SizeC="1" SizeT="1" PhysicalSizeX="0.65" PhysicalSizeZ="2">'
            '<Channel ID="Channel:0:0" '
            f'SamplesPerPixel="1"/>{blocks}</Pixels></Image>'
        )
        if only_first_names_all and n:
            body = f'<BinaryOnly MetadataFile="{files[0].name}" UUID="urn:uuid:0"/>'
        xml = (
            f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:{n}">{body}</OME>'
        )
        tifffile.imwrite(
            file, VOLUME[2 * n : 2 * n + 2], description=xml, metadata=None, photometric="minisblack"
        )
    return files


@pytest.mark.parametrize("only_first_names_all", [False, True])
def test_an_ome_tiff_in_several_files_counts_once(tmp_path: Path, only_first_names_all: bool) -> None:
    ome_parts(tmp_path, only_first_names_all=only_first_names_all)
    for path in (tmp_path, f"{tmp_path}/run_*.tif", tmp_path / "run_0.ome.tif"):
        source = open_image(path)
        assert source.pixel_size == pytest.approx((2, 0.65, 0.65))
        assert source.cautions == ()
        np.testing.assert_array_equal(everything(source), VOLUME)
        source.close()


def test_a_missing_part_of_an_ome_tiff_is_told_and_never_read_as_zeros(tmp_path: Path) -> None:
    ome_parts(tmp_path)[1].unlink()
    source = open_image(tmp_path)
    assert source.shape == VOLUME.shape
    assert source.cautions == ("run_0.ome.tif lacks 2 of its 6 planes: run_1.ome.tif not beside it",)
    np.testing.assert_array_equal(source.read((5, slice(None), slice(None))), VOLUME[5])
    with pytest.raises(SciMLError, match=r"Plane 2 of run_0\.ome\.tif is not there"):
        everything(source)
    source.close()


def test_a_part_whose_axes_are_in_another_file_says_so(tmp_path: Path) -> None:
    files = ome_parts(tmp_path, only_first_names_all=True)
    source = open_image(files[1])
    assert "axes and pixel size in run_0.ome.tif, which is not read" in source.cautions[0]
    source.close()


@pytest.mark.parametrize(
    ("dtype", "how"),
    [
        ("uint16", {"compression": "lzw"}),
        ("uint16", {"compression": "lzw", "predictor": True}),
        ("uint16", {"compression": "zstd"}),
        ("float32", {"compression": "zlib", "predictor": 3}),
        ("float16", {"compression": "zlib"}),
        ("uint8", {"compression": "packbits"}),
        ("uint16", {"compression": "jpeg2000"}),
    ],
)
def test_compressions_of_other_programs_are_read(tmp_path: Path, dtype: str, how: dict[str, object]) -> None:
    volume = VOLUME.astype(dtype)
    tifffile.imwrite(tmp_path / "v.tif", volume, **how)
    source = open_image(tmp_path / "v.tif")
    np.testing.assert_array_equal(everything(source), volume)
    source.close()


def twelve_bits(path: Path, pixels: np.ndarray) -> None:
    """Write a picture with 12 bits a pixel, two pixels in three bytes, as cameras do."""
    even, odd = pixels[:, ::2].astype(int), pixels[:, 1::2].astype(int)
    packed = np.stack([even >> 4, (even & 15) << 4 | odd >> 8, odd & 255], axis=-1).astype(np.uint8)
    content = packed.tobytes()
    height, width = pixels.shape
    tags = [(256, 4, width), (257, 4, height), (258, 3, 12), (259, 3, 1), (262, 3, 1), (273, 4, 8)]
    tags += [(277, 3, 1), (278, 4, height), (279, 4, len(content))]
    entries = b"".join(
        tag.to_bytes(2, "little")
        + kind.to_bytes(2, "little")
        + (1).to_bytes(4, "little")
        + value.to_bytes(4, "little")
        for tag, kind, value in tags
    )
    start = b"II*\0" + (8 + len(content)).to_bytes(4, "little")
    path.write_bytes(start + content + len(tags).to_bytes(2, "little") + entries + bytes(4))


def test_twelve_bits_a_pixel_are_read(tmp_path: Path) -> None:
    twelve_bits(tmp_path / "v.tif", VOLUME[0])
    np.testing.assert_array_equal(everything(open_image(tmp_path / "v.tif")), VOLUME[0])


@pytest.mark.parametrize("missing", ["DECOMPRESSORS", "UNPREDICTORS"])
def test_what_cannot_be_decoded_is_told_on_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    tifffile.imwrite(tmp_path / "v.tif", VOLUME, compression="zstd", predictor=True)
    monkeypatch.setattr(tiff, "PROVED", set())

    def absent(_: object, key: int) -> object:
        raise KeyError(f"{key} needs imagecodecs")

    monkeypatch.setattr(type(getattr(tifffile.TIFF, missing)), "__getitem__", absent)
    with pytest.raises(
        SciMLError, match=r"compressed with ZSTD, predictor HORIZONTAL, which cannot be read here"
    ):
        open_image(tmp_path / "v.tif")
