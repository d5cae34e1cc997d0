"""`ImageSource`: pixels that are read only when asked for, with their axes, size and origin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.made_on_demand import Making

AXES_BY_NDIM = {2: ("y", "x"), 3: ("z", "y", "x"), 4: ("t", "z", "y", "x")}
SPATIAL_AXES = ("z", "y", "x")


def nothing_to_close() -> None:
    """Stand in for `close` where no file is held open."""


class Absent:
    """Stands in for pixels that are not there any more; reading them says so.

    Parameters
    ----------
    reason
        Why they are not there, as a full clause without the final stop.
    """

    def __init__(self, shape: tuple[int, ...], dtype: str, reason: str) -> None:
        self.shape, self.dtype, self.reason = shape, np.dtype(dtype), reason

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        raise SciMLError(self.reason, "open the image, then the run again")


@dataclass(frozen=True)
class ImageSource:
    """A greyscale image, stack or series that is read lazily.

    Attributes
    ----------
    data
        Anything with ``shape``, ``dtype`` and numpy-style basic indexing: ndarray, memory map, zarr,
        h5py dataset or dask array. Indexed as the names in `axes` say.
    axes
        One name for each dimension, for example ``("z", "y", "x")``.
    pixel_size
        Physical edge of a pixel along each axis in `unit`, or None if nobody said.
    unit
        Unit of `pixel_size`, for example ``"um"``.
    name
        What to call it in tables and messages.
    path
        The file or folder it came from, or None for arrays in memory.
    close
        Releases file handles. Safe to call more than once; a file is opened again if pixels are read after.
    place
        Gives the file and the number in it of an image along the first axis, where a series lies in several
        files; no number where a file is one image, a name where it is a group of the file for each event.
        None otherwise.
    known
        Settings of a technique that the data itself states, for example ``qy_range`` of an image that is in
        q already. What a caller says goes first.
    opened
        How the file was opened beside its path, for a record that has to open it again: ``axes``,
        ``channel`` and so on, or the ``files`` of a series.
    fingerprint
        What tells these pixels from others, where their maker knows it without reading them.
    cautions
        What of the file was not used, is missing or had to be guessed: one sentence each, without a stop.
        They are told when the image is opened and stand in the record of every run on it.
    """

    data: Any
    axes: tuple[str, ...]
    pixel_size: tuple[float, ...] | None = None
    unit: str = "pixel"
    name: str = "image"
    path: str | None = None
    close: Callable[[], None] = field(default=nothing_to_close, compare=False, repr=False)
    place: Callable[[int], tuple[str, int | str | None]] | None = field(
        default=None, compare=False, repr=False
    )
    known: Mapping[str, Any] = field(default_factory=dict)
    opened: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str = ""
    cautions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.axes) != len(self.shape):
            raise SciMLError(
                f"{self.name} has {len(self.shape)} dimensions but {len(self.axes)} axis names",
                "give one name for each dimension",
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of pixels along each axis."""
        return tuple(int(n) for n in self.data.shape)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel."""
        dtype: np.dtype[Any] = np.dtype(self.data.dtype)
        return dtype

    @property
    def absent(self) -> str:
        """Why there are no pixels, or an empty string if there are."""
        return self.data.reason if isinstance(self.data, Absent) else ""

    @property
    def making(self) -> Making[object] | None:
        """What makes the images along the first axis when they are looked at; None where they are stored."""
        making: Making[object] | None = getattr(self.data, "making", None)
        return making

    @property
    def nbytes(self) -> int:
        """Size in bytes if it were all in memory."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    def read(self, index: tuple[int | slice, ...]) -> npt.NDArray[Any]:
        """Read one region into memory and give it back as an ndarray."""
        try:
            return np.asarray(self.data[index])
        except (OSError, EOFError) as error:
            raise SciMLError(
                f"{self.name} could not be read ({error})",
                "the file may be truncated or still being written; copy it again",
            ) from error

    def renamed(self, name: str) -> ImageSource:
        """Return back the same pixels under another name."""
        return replace(self, name=name)

    @classmethod
    def from_array(
        cls,
        data: Any,
        *,
        axes: tuple[str, ...] | None = None,
        pixel_size: tuple[float, ...] | None = None,
        unit: str = "pixel",
        name: str = "image",
        path: str | None = None,
        close: Callable[[], None] = nothing_to_close,
        place: Callable[[int], tuple[str, int | str | None]] | None = None,
        known: Mapping[str, Any] | None = None,
        fingerprint: str = "",
        cautions: tuple[str, ...] = (),
    ) -> ImageSource:
        """Wrap an array, checking that it can be an image at all.

        Raises
        ------
        SciMLError
            For an empty, RGB, complex or non-numeric array, or one that has not 2 to 4 dimensions.
        """
        if not hasattr(data, "shape") or not hasattr(data, "dtype"):
            data = np.asarray(data)
        shape = tuple(int(n) for n in data.shape)
        check_greyscale(shape, np.dtype(data.dtype), name)
        return cls(
            data=data,
            axes=axes if axes is not None else AXES_BY_NDIM[len(shape)],
            pixel_size=pixel_size,
            unit=unit,
            name=name,
            path=path,
            close=close,
            place=place,
            known=known or {},
            fingerprint=fingerprint,
            cautions=cautions,
        )


def check_greyscale(shape: tuple[int, ...], dtype: np.dtype[Any], name: str) -> None:
    """Raise `SciMLError` unless pixels of this shape and type can be a greyscale image or stack."""
    if dtype.kind == "c":
        raise SciMLError(
            f"{name} holds complex numbers",
            "open its magnitude instead, for example numpy.abs(image)",
        )
    if dtype.kind not in "buif":
        raise SciMLError(f"{name} holds {dtype} values, not numbers", "open a greyscale image")
    if any(n == 0 for n in shape):
        raise SciMLError(f"{name} is empty (shape {shape})", "open an image that has pixels")
    if len(shape) >= 3 and shape[-1] in (3, 4) and min(shape[-3:-1]) > 8:
        raise SciMLError(
            f"{name} looks like a colour image (shape {shape})",
            "convert it to greyscale, for example by taking one channel",
        )
    if len(shape) not in AXES_BY_NDIM:
        raise SciMLError(
            f"{name} has {len(shape)} dimensions",
            "choose an image with 2 (y, x), 3 (z, y, x) or 4 (t, z, y, x) dimensions",
        )
