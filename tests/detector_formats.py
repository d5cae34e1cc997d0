"""Detector files written by hand or by the libraries that know them; `picture` is what they hold."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np


def picture(number: int = 0, shape: tuple[int, int] = (70, 90)) -> np.ndarray:
    return (np.arange(shape[0] * shape[1]).reshape(shape) * 7 % 500 + number).astype(np.int32)


def write_cbf(path: Path, image: np.ndarray) -> Path:
    import fabio

    fabio.cbfimage.CbfImage(data=image.astype(np.int32)).write(str(path))
    return path


def write_edf(path: Path, *images: np.ndarray) -> Path:
    import fabio

    file = fabio.edfimage.EdfImage(data=images[0])
    for image in images[1:]:
        file.append_frame(data=image)
    file.write(str(path))
    return path


def write_tiff(path: Path, image: np.ndarray) -> Path:
    import tifffile

    tifffile.imwrite(path, image)
    return path


def write_smv(path: Path, image: np.ndarray) -> Path:
    """SMV: a header of 512 bytes in braces, then unsigned shorts."""
    header = (
        f"{{\nHEADER_BYTES=  512;\nDIM=2;\nBYTE_ORDER=little_endian;\nTYPE=unsigned_short;\n"
        f"SIZE1={image.shape[1]};\nSIZE2={image.shape[0]};\nPIXEL_SIZE=0.1024;\n}}\n"
    )
    path.write_bytes(header.encode().ljust(512) + image.astype("<u2").tobytes())
    return path


def write_mccd(path: Path, image: np.ndarray) -> Path:
    """MarCCD: a TIFF header, at byte 1024 the detector's own of 3072 bytes, pixels from byte 4096."""
    rows, columns = image.shape
    long, short = 4, 3
    tags = [
        *((256, long, columns), (257, long, rows), (258, short, 16), (259, short, 1), (262, short, 1)),
        *((273, long, 4096), (277, short, 1), (278, long, rows), (279, long, 2 * rows * columns)),
    ]
    start = b"II*\0" + struct.pack("<IH", 8, len(tags))
    start += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags) + bytes(4)
    own = bytearray(3072)
    struct.pack_into("<I16s", own, 0, 2, b"MMX")
    struct.pack_into("<III", own, 80, columns, rows, 2)
    path.write_bytes(start.ljust(1024, b"\0") + bytes(own) + image.astype("<u2").tobytes())
    return path


def write_imgcif(path: Path, panels: Sequence[np.ndarray], *, packed: bool) -> Path:
    """CBF as CBFlib writes it, with one panel or several."""
    import pycbf

    handle = pycbf.cbf_handle_struct()
    handle.new_datablock(b"frame")
    handle.require_category(b"array_data")
    for column in (b"array_id", b"binary_id", b"data"):
        handle.require_column(column)
    packing = pycbf.CBF_PACKED if packed else pycbf.CBF_BYTE_OFFSET
    for number, panel in enumerate(panels):
        handle.new_row()
        handle.select_row(number)
        handle.find_column(b"array_id")
        handle.set_value(f"PANEL{number}".encode())
        handle.find_column(b"binary_id")
        handle.set_integervalue(number + 1)
        handle.find_column(b"data")
        content, (slow, fast) = panel.astype("<i4").tobytes(), panel.shape
        handle.set_integerarray_wdims_fs(
            packing, number + 1, content, 4, 1, panel.size, b"little_endian", fast, slow, 1, 0
        )
    handle.write_widefile(str(path).encode(), pycbf.CBF, pycbf.MIME_HEADERS | pycbf.MSG_DIGEST, 0)
    return path


def cut(path: Path, share: float) -> Path:
    """Throw away the end of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path
