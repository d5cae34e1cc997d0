"""CBF files that fabio does not read: packed ones, and several panels in one file. CBFlib reads them."""

from __future__ import annotations

import bz2
import gzip
import re
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError

MAGIC = b"###CBF"
STARTER = b"\x0c\x1a\x04\xd5"
"""Four bytes after which the pixels of a CBF file begin."""
PACKING = re.compile(rb"x-CBF_(\w+)")
SEVERAL = re.compile(rb"loop_\s+_array_data\.", re.IGNORECASE)
BLOCK = 4096
"""Bytes that are read at once while the start of the pixels is looked for; set by hand."""


def check_cbf(path: Path) -> bool:
    """Return whether a CBF file needs CBFlib; False for other files.

    Raises
    ------
    SciMLError
        If the file ends before its pixels begin, which fabio would wait for without end; or if it needs
        CBFlib and that is not installed.
    """
    with open_plain(path) as file:
        head = file.read(BLOCK)
        if not head.startswith(MAGIC):
            return False
        while STARTER not in head[-BLOCK - len(STARTER) :]:
            more = file.read(BLOCK)
            if not more:
                raise SciMLError(
                    f"{path} ends before its pixels begin", "it is cut short or still being written; copy it"
                )
            head += more
    text = head[: head.index(STARTER)]
    packing = PACKING.search(text)
    plain = packing is not None and packing[1] == b"BYTE_OFFSET"
    if plain and not SEVERAL.search(text):
        return False
    if find_spec("pycbf") is None:
        what = (
            "holds several panels"
            if plain
            else "is packed" + (f" ({packing[0].decode()})" if packing else "")
        )
        raise SciMLError(
            f"{path} {what}, which cannot be read here yet",
            'type: pip install "napari-sciml[cbf]", or write it again with byte offsets',
        )
    return True


def open_plain(path: Path) -> IO[bytes]:
    """Open a file, unzipping it on the way if its name says so."""
    match path.suffix.lower():
        case ".gz":
            return cast("IO[bytes]", gzip.open(path, "rb"))
        case ".bz2":
            return bz2.open(path, "rb")
        case _:
            return path.open("rb")


class PanelFile:
    """What CBFlib reads, in the form of a fabio image: `data` ``(h, w)``, panels below each other."""

    nframes = 1

    def __init__(self, path: Path) -> None:
        import pycbf

        if path.suffix.lower() in (".gz", ".bz2"):
            raise SciMLError(f"{path} is packed twice", f"unpack the {path.suffix} first")
        handle = pycbf.cbf_handle_struct()
        handle.read_widefile(str(path).encode(), pycbf.MSG_DIGEST)
        handle.select_datablock(0)
        handle.find_category(b"array_data")
        handle.find_column(b"data")
        panels = []
        for row in range(handle.count_rows()):
            handle.select_row(row)
            panels.append(read_panel(handle))
        if len({panel.shape[1] for panel in panels}) > 1:
            raise SciMLError(f"The panels of {path} differ in width", "convert it to one picture")
        self.data = np.concatenate(panels)


def read_panel(handle: Any) -> npt.NDArray[np.integer]:
    """Read the integers of the row at which a handle stands; they come in this machine's byte order."""
    (_, _, size, signed, _, _, _, _, _, fast, *_) = handle.get_integerarrayparameters_wdims_fs()
    dtype = np.dtype(f"{'i' if signed else 'u'}{size}")
    return np.frombuffer(handle.get_integerarray_as_string(), dtype).reshape(-1, fast)
