"""Count the chunks of a Zarr array that its store does not hold: they read as the fill value."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

MOST_COUNTED = 100_000
"""Chunks up to which each is looked for, about half a second; of more only the outermost folders are."""


def missing_chunks(array: Any, name: str) -> tuple[str, ...]:
    """Return a caution if chunks of an array are not in its store.

    Writers leave chunks out on purpose that hold the fill value only, so that this is no fault by itself.
    Where chunks lie in shards, shards are counted.
    """
    grid = tuple(-(-n // edge) for n, edge in zip(array.shape, array.shards or array.chunks, strict=True))
    if math.prod(grid) > MOST_COUNTED:
        grid = grid[:1]
    keys = set(_keys(array, len(grid)))
    there = sum(1 for key in keys if all(n < most for n, most in zip(key, grid, strict=True)))
    total, noun = math.prod(grid), "shards" if array.shards else "chunks"
    if len(grid) < array.ndim:
        noun = f"outermost rows of {noun}"
    if there >= total:
        return ()
    share = f"Only {there}" if there else "None"
    others = "the others" if there else "they"
    caution = (
        f"{share} of the {total} {noun} of {name} are in the store, {others} read as {array.fill_value}: "
        "right for empty parts, which writers leave out, wrong if they were never written or not copied"
    )
    return (caution,)


def _keys(array: Any, depth: int) -> Iterator[tuple[int, ...]]:
    """Yield the places in the grid of what the store holds: those in full, or only along the first axis."""
    for stored in _names(array, deep=depth == array.ndim):
        # Either c/0/1/2 or 0.1.2, with either separator.
        if re.fullmatch(r"(c[./])?\d+([./]\d+)*", stored):
            numbers = tuple(int(n) for n in re.findall(r"\d+", stored))
            if len(numbers) >= depth:
                yield numbers[:depth]


def _names(array: Any, *, deep: bool) -> Iterable[str]:
    """Yield what the store holds below an array, named from there."""
    prefix = f"{array.path}/".lstrip("/")
    zipped = getattr(array.store, "_zf", None)
    if zipped is not None:
        return [entry.removeprefix(prefix) for entry in zipped.namelist() if entry.startswith(prefix)]
    folder = os.path.join(array.store.root, array.path)
    return _files(folder) if deep else _outermost(folder)


def _files(folder: str) -> Iterator[str]:
    for where, _, files in os.walk(folder):
        inside = os.path.relpath(where, folder).replace(os.sep, "/")
        yield from (file if inside == "." else f"{inside}/{file}" for file in files)


def _outermost(folder: str) -> Iterator[str]:
    for where in (folder, os.path.join(folder, "c")):
        if os.path.isdir(where):
            yield from os.listdir(where)
