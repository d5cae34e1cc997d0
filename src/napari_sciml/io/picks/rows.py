"""From which side the rows of a micrograph are counted.

RELION turns the rows of a TIFF when it reads it, "for compatibility with other EM programs (e.g. UCSF
MotionCor2, IMOD)" (its page on conventions); EMAN2 does so in ``libEM/io/tifio.cpp``, and so does crYOLO's
viewer (``io/tif.py`` of napari-boxmanager). So y in their files counts from the bottom of a TIFF, and from
the first row of an MRC. Topaz reads a TIFF as it is: its tables count from the top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

TURNED_MARK = (
    "y counts rows as RELION, IMOD and EMAN2 do: from the bottom of a TIFF micrograph, of others from the top"
)
"""Stands at the beginning of each STAR file of picks that is written here."""
TOP_MARK = "y counts rows from the top of each micrograph, of a TIFF too, since its height was not known"
"""The same where rows could not be turned."""
HEAD_LINES = 12
"""So many lines are searched for a mark."""
RECORD, OWN_BOXES, OWN_STARS = "run.json", "box", ("picks.star", "particles.star")
"""Files and folder of a saved run."""


@dataclass(frozen=True)
class PickGrid:
    """How coordinates in a file lie on the micrograph.

    Attributes
    ----------
    binning
        The file counts in pixels that are so many times larger. Coordinates are multiplied, as is right for
        images that were cropped in Fourier space, which RELION, MotionCor and Topaz do.
    flipped_rows
        Number of rows of the micrograph if the file counts rows from the bottom; None if from the top. An
        array has a number for each pick, NaN where it is counted from the top.
    """

    binning: float = 1.0
    flipped_rows: float | npt.NDArray[np.float64] | None = None

    def to_image(
        self, y: npt.NDArray[np.float64], x: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Turn coordinates of the file into pixels of the micrograph."""
        return self._turned(y * self.binning), x * self.binning

    def to_file(
        self, y: npt.NDArray[np.float64], x: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Turn pixels of the micrograph into coordinates of the file."""
        return self._turned(y) / self.binning, x / self.binning

    def _turned(self, y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        if self.flipped_rows is None:
            return y
        return np.where(np.isnan(self.flipped_rows), y, self.flipped_rows - 1 - y)


def is_tiff(name: str) -> bool:
    """Whether a micrograph is a TIFF, by its name."""
    return name.lower().endswith((".tif", ".tiff"))


def turned_rows(names: Sequence[str], heights: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return for each pick the number of rows of its micrograph if this is a TIFF, else NaN."""
    tiff = np.array([is_tiff(name) for name in names], dtype=bool)
    return np.where(tiff, np.asarray(heights, dtype=float), np.nan)


def counts_from_top(path: Path) -> bool:
    """Whether a STAR or box file of ours counts the rows of a TIFF from the top, other than other programs.

    It says so itself; files of earlier runs say nothing, but have the record of the run beside them.
    """
    folder = (
        path.parent.parent if path.suffix.lower() == ".box" and path.parent.name == OWN_BOXES else path.parent
    )
    star = path if path.suffix.lower() == ".star" else folder / OWN_STARS[0]
    head = _head(star) if star.is_file() else ""
    if TURNED_MARK in head:
        return False
    return TOP_MARK in head or (star.name in OWN_STARS and star.is_file() and _is_record(folder / RECORD))


def _head(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", errors="replace") as text:
            return "".join(line for _, line in zip(range(HEAD_LINES), text, strict=False))
    except OSError:
        return ""


def _is_record(path: Path) -> bool:
    return path.is_file() and '"cryoem"' in path.read_text(encoding="utf-8", errors="replace")
