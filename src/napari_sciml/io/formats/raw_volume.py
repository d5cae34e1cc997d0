"""Volumes without a header (.vol, .raw): size and type come from a person, a file beside it or its name."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.flat_volume import mapped
from napari_sciml.io.formats.reader import Reader
from napari_sciml.io.formats.units import micrometres
from napari_sciml.io.raw_image import RawImage

BESIDE = (".info", ".vgi", ".dat", ".hdr", ".xml", ".json", ".txt")
"""Endings of files that describe a volume, after its whole name or instead of its own ending."""
KEYS = {
    "x": "numx sizex dimx nx xdim xsize width columns cols ncols samples",
    "y": "numy sizey dimy ny ydim ysize height rows nrows lines",
    "z": "numz sizez dimz nz zdim zsize depth slices nslices bands nbands images",
    "sizes": "resolution dimsize dimensions dims size sizes volumesize",
    "shape": "shape",
    "type": "dtype datatype elementtype format pixeltype voxeltype type",
    "bits": "bits bitspervoxel bitsperpixel bitsperelement bitdepth nbits",
    "order": "byteorder endian endianness",
    "offset": "headeroffset headersize offset skipbytes",
    "edge": "voxelsize pixelsize voxelsizeum pixelsizeum",
    "unit": "unit units voxelunit",
    "interleave": "interleave layout",
}
"""What programs call the facts of a volume, in lower case without other signs than letters."""
TYPES = {
    "uint8": "u1 uint8 uchar byte ubyte unsignedchar 1",
    "int8": "i1 int8 char signedchar",
    "uint16": "u2 uint16 ushort unsignedshort unsignedshortint 12",
    "int16": "i2 int16 short signedshort 2",
    "uint32": "u4 uint32 uint unsignedint 13",
    "int32": "i4 int32 int signedint 3",
    "float32": "f4 float32 float real 4",
    "float64": "f8 float64 double 5",
}
"""Types of a pixel by their names; the bare numbers are those of ENVI headers."""
BESIDE_BYTES = 1 << 20
"""How much of a file beside a volume is read, in bytes: another file of the same name may be large."""
BY_BYTES = {1: "uint8", 2: "uint16", 4: "float32", 8: "float64"}
"""The usual type of a volume by the bytes of a pixel, where only these are known."""
USUAL_EDGES = (2048, 1024, 512, 256, 128)
"""Rows and columns of slices that are tried for a suggestion, in pixels."""

NAME = "its name"
AXES = ("slices", "rows", "columns")


@dataclass(frozen=True)
class Facts:
    """What is known of a volume; what is not is empty. The type may be only the order of bytes, ``>``."""

    shape: tuple[int, ...] = ()
    dtype: str = ""
    offset: int = 0
    edge_um: float | None = None
    source: str = ""


def open_raw(path: Path, shape: Sequence[int] | None = None, dtype: str | None = None) -> RawImage:
    """Map a volume whose size and type are given, or stated beside it or in its name.

    Parameters
    ----------
    path
        The file.
    shape
        Number of pixels along each axis, slowest first: ``(300, 512, 512)``.
    dtype
        Type of a pixel as numpy names it; ``>u2`` has its higher byte first.

    Raises
    ------
    SciMLError
        If nobody says how large it is, or its bytes do not fit that.
    """
    known = next((facts for facts in stated(path) if facts.shape), Facts())
    size = path.stat().st_size
    if shape is not None:
        known = Facts(tuple(shape), known.dtype if len(known.shape) == len(shape) else "", known.offset)
    if not known.shape:
        raise SciMLError(
            f"Nobody says how large the volume {path} is: it has no header, and no file beside it tells",
            f"give its size and type, for example {suggested(size)}",
        )
    pixels = math.prod(known.shape)
    kind = np_type(dtype) if dtype is not None else np_type(known.dtype) if known.dtype.strip("<>") else None
    cautions = []
    if known.source == NAME:
        order = ", ".join(f"{n} {what}" for n, what in zip(known.shape, AXES, strict=True))
        cautions.append(f"The size of {path.name} is taken from its name: {order}")
    if kind is None:
        usual = BY_BYTES.get((size - known.offset) // pixels if pixels else 0, "uint16")
        kind = np_type(known.dtype + usual)
        cautions.append(f"Nobody says the type of the pixels of {path.name}; by their number it is {usual}")
    if min(known.shape) < 1 or size != known.offset + pixels * kind.itemsize:
        said = " x ".join(map(str, known.shape))
        where = f" as {known.source} says" if known.source else ""
        raise SciMLError(
            f"{path} has {size} bytes, but {said} {kind.name}{where} need "
            f"{pixels * kind.itemsize + known.offset}",
            f"what would fit: {fitting(size - known.offset, known.shape, kind)}",
        )
    edges = {} if known.edge_um is None else dict.fromkeys("zyx", known.edge_um)
    data = mapped(path, kind, known.shape, known.offset)
    return RawImage(data, None, edges, cautions=tuple(cautions))


def np_type(name: str) -> np.dtype[np.generic]:
    """Return the type that a person or a file calls `name`.

    Raises
    ------
    SciMLError
        If it is none of a pixel.
    """
    order, plain = (name[0], name[1:]) if name[:1] in "<>" and name else ("", name)
    word = (
        re.sub(r"[^a-z0-9]", "", plain.lower()).removeprefix("met").removesuffix("t" * plain.endswith("_t"))
    )
    for known, spellings in TYPES.items():
        if word in spellings.split():
            return np.dtype(known).newbyteorder(">" if order == ">" else "<")
    raise SciMLError(f"{name} is no type of a pixel", f"use one of {', '.join(TYPES)}")


def stated(path: Path) -> Iterator[Facts]:
    """Yield what is said of a volume: by files beside it, then by its name."""
    for ending in BESIDE:
        for beside in (Path(f"{path}{ending}"), path.with_suffix(ending)):
            if beside != path and beside.is_file():
                yield facts_in(beside)
    yield facts_of_name(path.stem)


def facts_in(beside: Path) -> Facts:
    """Return what a file says of the volume beside it; nothing if it is about something else."""
    with beside.open("rb") as file:
        text = file.read(BESIDE_BYTES).decode("utf-8", errors="replace")
    try:
        return _facts(text, beside.name)
    except (ValueError, IndexError):
        # It is about something else, in words that look like these.
        return Facts()


def _facts(text: str, source: str) -> Facts:
    found = {
        key: value for name, value in _pairs(text) for key, names in KEYS.items() if name in names.split()
    }
    numbers = [int(n) for n in re.findall(r"\d+", found.get("sizes", ""))]
    if {"x", "y", "z"} <= set(found):
        shape = tuple(int(float(found[key].split()[0])) for key in "zyx")
    elif "shape" in found:
        shape = tuple(int(n) for n in re.findall(r"\d+", found["shape"]))
    else:
        shape = tuple(numbers[::-1])
    if not 2 <= len(shape) <= 4 or found.get("interleave", "bsq").strip().lower() not in ("bsq", ""):
        return Facts()
    order = ">" if re.match(r"(high|big|m|msb|1)", found.get("order", "").strip().lower()) else ""
    dtype = _type_in(found)
    edge = re.match(r"\s*([\d.eE+-]+)\s*\(?([^\s)]*)", found.get("edge", ""))
    # The tomography programs of the ESRF write micrometres without saying so.
    custom = "um" if "NUM_X" in text or "SIZEX" in text else found.get("unit", "")
    edge_um = micrometres(float(edge[1]), edge[2] or custom) if edge else None
    return Facts(shape, f"{order}{dtype}", int(found.get("offset", 0)), edge_um, source)


def _type_in(found: dict[str, str]) -> str:
    bits = re.search(r"\d+", found.get("bits", ""))
    word = found.get("type", "").strip()
    try:
        return np_type(word).name
    except SciMLError:
        signed, whole = "unsigned" not in word.lower(), "float" not in word.lower()
    if not bits:
        return ""
    width = int(bits[0])
    return (
        f"{'' if signed and word and whole else 'u'}int{width}" if whole and width < 64 else f"float{width}"
    )


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and values of a JSON object, of XML, or of lines with ``=`` or ``:``."""
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if isinstance(content, dict):
        pairs = [(str(key), str(value)) for key, value in content.items()]
    elif text.lstrip().startswith("<"):
        pairs = re.findall(r"<(\w+)[^>]*>\s*([^<>]+?)\s*</\1>", text)
    else:
        pairs = re.findall(r"^\s*[!#;]?\s*([\w .\-]+?)\s*[=:]\s*(.+?)\s*$", text, re.MULTILINE)
    for name, value in pairs:
        yield re.sub(r"[^a-z]", "", name.lower()), value


def facts_of_name(stem: str) -> Facts:
    """Return the size in a name such as ``scan_512x512x300_uint16`` and its type.

    Columns stand first as a rule; where only the last two are equal these are rows and columns.

    Examples
    --------
    >>> facts_of_name("scan_512x256x300_16bit").shape
    (300, 256, 512)
    >>> facts_of_name("scan_300x512x512_16bit").shape
    (300, 512, 512)
    """
    sizes = re.search(r"(?<!\d)(\d+)[x×](\d+)[x×](\d+)(?!\d)", stem.lower())
    if sizes is None:
        return Facts()
    rest = stem.lower().replace(sizes[0], "_")
    named = next(
        (kind for kind in TYPES if re.search(rf"(?<![a-z0-9]){kind}(?![0-9])", rest)),
        {"float": "float32", "ushort": "uint16", "short": "int16", "uchar": "uint8"}.get(
            next(iter(re.findall(r"(?<![a-z])(float|ushort|short|uchar)(?![a-z0-9])", rest)), ""), ""
        ),
    )
    bits = re.search(r"(?<!\d)(8|16|32|64)-?_?bit", rest)
    if not named and bits:
        named = BY_BYTES[int(bits[1]) // 8]
    order = ">" if re.search(r"(big.?endian|(?<![a-z])be(?![a-z]))", rest) and named else ""
    first, second, third = (int(n) for n in sizes.groups())
    shape = (first, second, third) if second == third else (third, second, first)
    return Facts(shape, order + named, source=NAME)


def fitting(size: int, shape: tuple[int, ...], kind: np.dtype[np.generic]) -> str:
    """Return sizes and types, near those that were given, that make a number of bytes."""
    found = [
        f"--shape {','.join(map(str, shape))} --dtype {name}"
        for name in ("uint8", "uint16", "float32", "float64")
        if math.prod(shape) * np.dtype(name).itemsize == size
    ]
    plane = math.prod(shape[1:]) * kind.itemsize
    if plane > 0 and size % plane == 0 and size > 0:
        found.append(f"--shape {','.join(map(str, (size // plane, *shape[1:])))} --dtype {kind.name}")
    return ", or ".join(found) or suggested(size)


def suggested(size: int) -> str:
    """Return a size and type that make a number of bytes: of a cube, or of slices of a usual size."""
    for name in ("uint16", "uint8", "float32"):
        pixels, rest = divmod(size, np.dtype(name).itemsize)
        edge = round(pixels ** (1 / 3))
        if not rest and edge**3 == pixels and edge > 1:
            return f"--shape {edge},{edge},{edge} --dtype {name}"
    for name in ("uint16", "uint8", "float32"):
        for edge in USUAL_EDGES:
            slices, rest = divmod(size, edge * edge * np.dtype(name).itemsize)
            if not rest and slices > 1:
                return f"--shape {slices},{edge},{edge} --dtype {name}"
    return "--shape 300,512,512 --dtype uint16"


RAW = Reader(
    "raw volume",
    open_raw,
    (".raw", ".vol"),
    needs_mark=False,
    variants="size from an info file beside it, from its name, or typed",
)
