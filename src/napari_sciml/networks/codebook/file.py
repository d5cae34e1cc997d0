"""The codebook file: packed indices, tables of levels, and the numbers that stayed as they are.

A safetensors file. ``NAME:indices`` holds a tensor's indices of ``ceil(log2 levels)`` bits, ``NAME:table``
its levels (``all:table`` those that all tensors share), ``data:table`` the levels of the data; every other
entry is a tensor as it is. The header holds the shapes, how it was made, and the hash of the float32 weights.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.durable_files import write_bytes
from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.codebook.constrained import GLOBAL, Coded, Constrained
from napari_sciml.networks.codebook.packing import pack, unpack
from napari_sciml.networks.codebook.spec import CodebookSpec, bits_for

FORMAT = "napari-sciml codebook 1"


def to_bytes(constrained: Constrained) -> bytes:
    """Return the file's content."""
    from safetensors.numpy import save

    entries: dict[str, npt.NDArray[Any]] = {
        f"{name}:table": table for name, table in constrained.tables.items()
    }
    for name, coded in constrained.coded.items():
        entries[f"{name}:indices"] = pack(coded.indices, bits_for(coded.table.shape[-1]))
    entries |= {name: np.ascontiguousarray(tensor) for name, tensor in constrained.floats.items()}
    if constrained.data is not None:
        entries["data:table"] = constrained.data
    header = {
        "spec": constrained.spec.model_dump(),
        "shapes": {name: coded.indices.shape for name, coded in constrained.coded.items()},
        "parent": constrained.parent,
        "notes": constrained.notes,
    }
    # A single entry, since the order of several changes from call to call, and with it the file's hash.
    return save(entries, {FORMAT: json.dumps(header)})


def write(path: str | Path, constrained: Constrained) -> None:
    """Write a codebook file, whole or not at all.

    Raises
    ------
    SciMLError
        If it cannot be written.
    """
    try:
        write_bytes(Path(path), to_bytes(constrained))
    except OSError as error:
        raise SciMLError(
            f"The codebook {path} could not be written ({error.strerror or error})",
            "choose a folder that you may write to",
        ) from error


def read(path: str | Path) -> Constrained:
    """Read a codebook file.

    Raises
    ------
    SciMLError
        If it cannot be read or is none.
    """
    try:
        content = Path(path).expanduser().read_bytes()
    except OSError as error:
        raise SciMLError(
            f"The codebook {path} could not be read ({error.strerror or error})",
            "choose a file that `quantize` or the codebook editor has written",
        ) from error
    return from_bytes(content, str(path))


def from_bytes(content: bytes, name: str) -> Constrained:
    """Read the content of a codebook file; `name` is for what goes wrong.

    Raises
    ------
    SciMLError
        If it is no codebook.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        entries = load(content)
        length = int.from_bytes(content[:8], "little")
        header = json.loads(json.loads(content[8 : 8 + length])["__metadata__"][FORMAT])
        spec = CodebookSpec.model_validate(header["spec"])
        shapes = {tensor: tuple(shape) for tensor, shape in header["shapes"].items()}
        coded = {}
        for tensor, shape in shapes.items():
            table = entries[f"{GLOBAL if spec.scope == 'global' else tensor}:table"]
            bits = bits_for(table.shape[-1])
            indices = unpack(entries[f"{tensor}:indices"], bits, int(np.prod(shape))).reshape(shape)
            coded[tensor] = Coded(indices, table)
        floats = {tensor: values for tensor, values in entries.items() if ":" not in tensor}
        notes = tuple(header["notes"])
        return Constrained(spec, coded, floats, entries.get("data:table"), header["parent"], notes)
    except (SafetensorError, KeyError, ValueError) as error:
        raise SciMLError(
            f"{name} is not a codebook file, or it is damaged",
            "choose a file that `quantize` or the codebook editor has written",
        ) from error
