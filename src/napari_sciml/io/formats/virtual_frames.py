"""Virtual datasets of HDF5, which show other files' frames, with an eye on files that are not there.

HDF5 gives the fill value where a source is missing or still shorter than announced, and says nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_array import expand_index


class VirtualFrames:
    """A virtual dataset ``(frames, ...)`` that raises where a frame's source is not there.

    Raises
    ------
    SciMLError
        If no frame has all its sources.
    """

    def __init__(self, dataset: Any, path: Path) -> None:
        self._dataset, self._path = dataset, path
        self.shape = tuple(int(n) for n in dataset.shape)
        self.dtype: np.dtype[Any] = dataset.dtype
        self._missing = missing_sources(dataset, path)
        if len(self._missing) == self.shape[0] or (self._missing and dataset.ndim == 2):
            raise self._absent(next(iter(self._missing)))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        which = expand_index(index, len(self.shape))[0]
        wanted = [which] if isinstance(which, int) else range(*which.indices(len(self)))
        for number in wanted:
            if number % len(self) in self._missing:
                raise self._absent(number % len(self))
        return np.asarray(self._dataset[index])

    def _absent(self, number: int) -> SciMLError:
        return SciMLError(
            f"{self._path.name} takes these pixels from {self._missing[number]}, where they are not",
            "put the data file beside it, or wait until it is written",
        )


def missing_sources(dataset: Any, path: Path) -> dict[int, str]:
    """Find the indices along the first axis of a virtual dataset for which a source lacks pixels.

    Returns
    -------
    dict
        Index -> name of the file where they should be.
    """
    import h5py

    missing: dict[int, str] = {}
    for source in dataset.virtual_sources():
        shown = list(rows(source.vspace, dataset.shape[0]))
        where = path if source.file_name == "." else path.parent / source.file_name
        if "%b" in os.fspath(where):
            # A pattern of numbered files, of which any number may exist.
            continue
        lost: set[int] = set(shown)
        if where.is_file():
            with h5py.File(where, "r") as file:
                found = file.get(source.dset_name)
                if isinstance(found, h5py.Dataset):
                    inner = missing_sources(found, where) if found.is_virtual else {}
                    read = list(rows(source.src_space, len(shown)))
                    pairs = zip(shown, read, strict=False) if len(shown) == len(read) else ()
                    lost = {s for s, r in pairs if r >= found.shape[0] or r in inner}
        missing |= dict.fromkeys(lost, source.file_name)
    return dict(sorted(missing.items()))


def rows(space: Any, length: int) -> Iterator[int]:
    """Yield the indices along the first axis that a selection covers; without end means up to `length`."""
    import h5py

    if space.get_select_type() == h5py.h5s.SEL_ALL:
        yield from range(length)
    elif space.get_select_type() == h5py.h5s.SEL_HYPERSLABS and space.is_regular_hyperslab():
        start, stride, count, block = (values[0] for values in space.get_regular_hyperslab())
        for n in range(length if count == h5py.h5s.UNLIMITED else count):
            first = start + n * stride
            size = block if block != h5py.h5s.UNLIMITED else length - first
            yield from range(first, first + size)
    else:
        low, high = space.get_select_bounds()
        yield from range(low[0], high[0] + 1)
