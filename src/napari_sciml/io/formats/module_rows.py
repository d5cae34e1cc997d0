"""Frames of a detector whose file keeps its modules apart, as one picture each."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.lazy_array import FrameArray, Within


class ModuleRows(FrameArray):
    """Modules ``(frames, modules, y, x)`` below each other: ``(frames, modules * y, x)``.

    Where they lie on the detector is another file's business: neighbours here need not be neighbours there.
    """

    def __init__(self, data: Any) -> None:
        self._data = data
        frames, modules, rows, columns = (int(n) for n in data.shape)
        self.shape = (frames, modules * rows, columns)
        self.dtype = np.dtype(data.dtype)

    def read(self, number: int, within: Within) -> npt.NDArray[Any]:
        """Return a part of one frame."""
        frame: npt.NDArray[Any] = np.asarray(self._data[number]).reshape(self.shape[1:])
        return frame[within]
