"""Plain data as two files and back, to the last bit: ``NAME.json`` the structure, ``NAME.npz`` the numbers.

Numbers, words, tuples, lists, mappings, arrays, tables and dataclasses of them. Nothing that is read is ever
executed: pickles are refused, and a dataclass comes back only as the type that the reader asks for.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.saving.atomic import write_text

TUPLE, LIST, MAPPING, ARRAY, TABLE, FIELDS = "tuple", "list", "mapping", "array", "table", "fields"
DAMAGED = (
    *(OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError),
    *(BadZipFile, zlib.error),
)
"""What reading raises where a file is cut, changed or not ours."""


def pack(value: Any, path: Path) -> None:
    """Write `value` into ``path.json`` and ``path.npz``."""
    arrays: dict[str, Any] = {}
    plain = _pack(value, arrays)
    write_text(path.with_suffix(".json"), json.dumps(plain) + "\n")
    np.savez_compressed(path.with_suffix(".npz"), **arrays)


def unpack(path: Path, kinds: Mapping[str, type] | None = None) -> Any:
    """Read what `pack` wrote.

    Parameters
    ----------
    path
        As given to `pack`.
    kinds
        By name, the dataclasses that may occur.

    Raises
    ------
    SciMLError
        If the files are absent, damaged or hold something else.
    """
    try:
        plain = json.loads(path.with_suffix(".json").read_bytes())
        # Opened here: numpy leaves a file that is no archive open.
        with (
            path.with_suffix(".npz").open("rb") as file,
            np.load(file, allow_pickle=False) as arrays,
        ):
            return _unpack(plain, arrays, kinds or {})
    except DAMAGED as error:
        raise SciMLError(
            f"{path.parent} holds no run that can be read ({error})", "run again, or copy the folder again"
        ) from error


def _pack(value: Any, arrays: dict[str, Any]) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case np.generic():
            return value.item()
        case tuple() | list():
            items = [_pack(part, arrays) for part in value]
            return {TUPLE if isinstance(value, tuple) else LIST: items}
        case Mapping():
            return {MAPPING: {str(key): _pack(part, arrays) for key, part in value.items()}}
        case pd.DataFrame():
            return {
                TABLE: [_column(value[key], arrays) for key in value],
                "rows": len(value),
            }
        case np.ndarray():
            return {ARRAY: _keep(value, arrays)}
    if not is_dataclass(value):
        raise TypeError(f"{type(value).__name__} is no plain data")
    parts = {one.name: getattr(value, one.name) for one in fields(value)}
    packed = {key: _pack(part, arrays) for key, part in parts.items()}
    return {FIELDS: packed, "kind": type(value).__name__}


def _keep(values: Any, arrays: dict[str, Any]) -> str:
    """Put an array among the others and return its name there: a person's column may be called anything."""
    name = str(len(arrays))
    arrays[name] = values
    return name


def _column(column: pd.Series, arrays: dict[str, Any]) -> dict[str, Any]:
    named = {"name": column.name, "dtype": str(column.dtype)}
    values = column.to_numpy()
    if values.dtype.kind in "biufcmM":
        return {**named, ARRAY: _keep(values, arrays)}
    return {**named, LIST: [_word(value) for value in values]}


def _word(value: Any) -> Any:
    """Return a single value as JSON has it; what a person put into a column may be anything."""
    if isinstance(value, np.generic):
        return _word(value.item())
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    return value if isinstance(value, str | int | float) else str(value)


def _unpack(plain: Any, arrays: Any, kinds: Mapping[str, type]) -> Any:
    if not isinstance(plain, dict):
        return plain
    match plain:
        case {"tuple": parts}:
            return tuple(_unpack(part, arrays, kinds) for part in parts)
        case {"list": parts}:
            return [_unpack(part, arrays, kinds) for part in parts]
        case {"mapping": parts}:
            return {key: _unpack(part, arrays, kinds) for key, part in parts.items()}
        case {"array": name}:
            return arrays[name]
        case {"table": columns, "rows": rows}:
            series = {one["name"]: _series(one, arrays) for one in columns}
            return pd.DataFrame(series, index=pd.RangeIndex(rows))
        case {"fields": parts, "kind": kind}:
            return kinds[kind](**{key: _unpack(part, arrays, kinds) for key, part in parts.items()})
    raise ValueError(f"unknown entry {sorted(plain)}")


def _series(column: Mapping[str, Any], arrays: Any) -> pd.Series:
    values = arrays[column[ARRAY]] if ARRAY in column else column[LIST]
    try:
        series: pd.Series = pd.Series(values, dtype=column["dtype"])
    except (ValueError, TypeError):
        # A type that words do not say, such as an interval: the words are kept.
        series = pd.Series(values, dtype=object)
    return series
