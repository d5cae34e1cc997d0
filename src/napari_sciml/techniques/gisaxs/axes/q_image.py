"""Where the pixels of an image lie in q: what every later step works on, whatever the image came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class QImage:
    """An image on even q axes.

    Attributes
    ----------
    values
        ``(rows, columns)`` float32, zero or more; NaN where nothing was measured. Row 0 is the largest q_z.
    qy
        ``(columns,)`` rising, 1/nm.
    qz
        ``(rows,)`` falling, 1/nm.
    """

    values: npt.NDArray[np.float32]
    qy: Floats
    qz: Floats


class QAxes(Protocol):
    """The way between the pixels of a frame and q."""

    @property
    def energy_kev(self) -> float | None:
        """Energy, or None if nobody said."""
        ...

    @property
    def incidence_deg(self) -> float | None:
        """Incidence angle, or None if nobody said."""
        ...

    @property
    def relative(self) -> bool:
        """Whether only ratios of q are known, and no unit."""
        ...

    @property
    def sentence(self) -> str:
        """How the axes were obtained, for the record, with the ranges."""
        ...

    def to_q(self, values: npt.NDArray[np.float32]) -> QImage:
        """Bring a frame ``(rows, columns)``, NaN where nothing was measured, onto even q axes."""
        ...

    def to_pixel(self, qy: Floats, qz: Floats) -> tuple[Floats, Floats]:
        """Return row and column in the frame for places in q (1/nm); NaN outside of the frame."""
        ...


@dataclass(frozen=True)
class EvenAxes:
    """Axes of a frame that is in q already: its first and last column and row lie on the ends of the ranges.

    Attributes
    ----------
    qy_range, qz_range
        Left and right end, lower and upper end, 1/nm; q_z falls if row 0 of the frame is the lowest, q_y if
        it grows to the left.
    shape
        Rows and columns of a frame.
    relative
        Whether the ranges are only assumed: units then mean nothing but ratios do.
    origin
        Who said so, for the record.
    """

    qy_range: tuple[float, float]
    qz_range: tuple[float, float]
    shape: tuple[int, int]
    energy_kev: float | None = None
    incidence_deg: float | None = None
    relative: bool = False
    origin: str = field(default="as given", compare=False)

    @property
    def sentence(self) -> str:
        """How the axes were obtained."""
        (left, right), (low, high) = self.qy_range, self.qz_range
        if self.relative:
            return (
                "no q ranges were given: q_y is taken to be symmetric and q_z to end where q_y does, "
                "so distances are relative"
            )
        row = ", row 0 is the lowest q_z" if low > high else ""
        low, high = sorted((low, high))
        return f"q_y {left:g} to {right:g}, q_z {low:g} to {high:g} 1/nm {self.origin}{row}"

    def to_q(self, values: npt.NDArray[np.float32]) -> QImage:
        """Bring a frame onto its axes; its pixels stay as they are."""
        rows, columns = self.shape
        low, high = sorted(self.qz_range)
        # A falling range says that row 0 is the lowest q_z.
        upright = values if self.qz_range[0] == low else values[::-1]
        left, right = sorted(self.qy_range)
        rising = upright if self.qy_range[0] == left else upright[:, ::-1]
        return QImage(rising, np.linspace(left, right, columns), np.linspace(high, low, rows))

    def to_pixel(self, qy: Floats, qz: Floats) -> tuple[Floats, Floats]:
        """Return row and column for places in q; NaN outside of the frame."""
        (left, right), (low, high) = self.qy_range, self.qz_range
        rows, columns = self.shape
        column = (np.asarray(qy, float) - left) / (right - left) * (columns - 1)
        row = (high - np.asarray(qz, float)) / (high - low) * (rows - 1)
        inside = (row > -0.5) & (row < rows - 0.5) & (column > -0.5) & (column < columns - 0.5)
        return np.where(inside, row, np.nan), np.where(inside, column, np.nan)
