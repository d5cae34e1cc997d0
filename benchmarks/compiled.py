"""The classical finder in C: compiled into a temporary folder where a compiler is installed."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

SOURCE = Path(__file__).with_name("radial_finder.c")
ROOM = 4096


class CompiledFinder:
    """Finds peaks around one beam centre; see ``radial_finder.c``.

    Raises
    ------
    RuntimeError
        If there is no C compiler.
    """

    def __init__(self, center: tuple[float, float], shape: tuple[int, int], snr: float = 5.0) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            raise RuntimeError("no C compiler is installed")
        self._folder = tempfile.TemporaryDirectory()
        library = Path(self._folder.name) / "radial_finder.so"
        flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
        subprocess.run([compiler, *flags, str(SOURCE), "-o", str(library), "-lm"], check=True)
        self._find = ctypes.CDLL(str(library)).find_peaks
        y, x = np.ogrid[: shape[0], : shape[1]]
        self._ring = np.rint(np.hypot(y - center[0], x - center[1])).astype(np.int32)
        self._shape = shape
        self._snr = snr

    def find(self, frame: npt.NDArray[Any], dead: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """Return ``(n, 3)``: row, column and signal over noise of each peak."""
        pixels = np.ascontiguousarray(frame, np.float32)
        good = np.ascontiguousarray(~dead).view(np.uint8)
        found = np.empty((ROOM, 3), np.float32)
        pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (pixels, good, self._ring)]
        numbers = [*self._shape, int(self._ring.max()) + 1, ctypes.c_float(self._snr), 2, 200, 3]
        count = self._find(*pointers, *numbers, found.ctypes.data_as(ctypes.c_void_p), ROOM)
        return found[:count]
