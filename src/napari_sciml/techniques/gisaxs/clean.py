"""From a raw frame to what was measured: gaps, bad, saturated and hot pixels become NaN."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from napari_sciml.core.defects import find_defects
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.no_pixel import Ranges, find_no_pixels

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

GAP, BAD = -1, -2
"""Counts that PILATUS and other photon-counting detectors write between their modules and in pixels known to
be bad; both are left out."""
COUNTER = 2**22
"""Count at which a pixel of 22 bits runs over; what PILATUS 2M frames of DESY P03 hold in hot pixels lies
just below, at 4.19e6."""
COUNTER_REACH = 5000
"""Counts below `COUNTER` that are taken as run over too."""
HOT = 300.0
"""A hot pixel exceeds everything within two pixels so many times, and one count more. Even a spot that is a
tenth of a pixel wide leaves more beside it, and counting noise does so less than once in 10^100 pixels."""
NEIGHBOURS_MEASURED = 8
"""Of the 24 pixels around a hot one, so many (a third) must have been measured to tell."""
ROUNDING = 1e-6
"""Values below zero by no more than this share of the brightest are rounding, and taken as zero."""


@dataclass(frozen=True)
class Account:
    """How many pixels of a frame say nothing; each is counted once, under the first that applies.

    Attributes
    ----------
    gaps, bad
        Marked by the detector.
    masked
        Left out by the mask given.
    not_finite
        Not a number, or infinite.
    saturated
        Past the highest count of the detector.
    hot
        Single pixels far above everything around them.
    in_broken_lines
        Rows and columns of the detector, or halves of them, that are dead or hot.
    not_measured
        Those that another value marks so.
    marks, caution
        How many of them hold which value; which of these the file does not state to mean so.
    """

    gaps: int = 0
    bad: int = 0
    masked: int = 0
    not_finite: int = 0
    saturated: int = 0
    hot: int = 0
    in_broken_lines: int = 0
    not_measured: int = 0
    marks: str = ""
    caution: str = ""

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.parts.values())

    @property
    def parts(self) -> dict[str, int]:
        """How many pixels each reason took."""
        return {part.name: getattr(self, part.name) for part in fields(self) if part.type == "int"}

    @property
    def sentence(self) -> str:
        """What was left out, for the record; empty if nothing was."""
        parts = [f"{count} {name.replace('_', ' ')}" for name, count in self.parts.items() if count]
        marks = f"; {self.marks}" if self.marks else ""
        return f"{self.total} pixels were left out ({', '.join(parts)}){marks}" if parts else ""


def clean_frame(
    frame: npt.NDArray[Any],
    mask: BoolArray | None,
    intensity: Literal["linear", "log"],
    limit: float | None = None,
    stated: Ranges = (),
) -> tuple[FloatArray, Account]:
    """Take out of a frame what was not measured.

    Parameters
    ----------
    frame
        ``(rows, columns)`` as the detector or a program wrote it.
    mask
        ``(rows, columns)``, true where to ignore, or None.
    intensity
        ``linear`` for counts or intensity. ``log`` for their logarithm, to any base: the result is still a
        logarithm, shifted so that its smallest value is 0, and minus infinity counts as that value.
    limit
        Highest count that the detector vouches for, if the file says; the end of the number type is always
        taken as saturated (where a number has 16 bits or more).
    stated
        Values that the file says to mean "not measured".

    Returns
    -------
    values
        ``(rows, columns)`` float32, zero or more; NaN where nothing was measured.
    account
        How many pixels that are, and why.

    Raises
    ------
    SciMLError
        If the mask has another size, counts are negative, or nothing but one value was measured.
    """
    if mask is not None and mask.shape != frame.shape:
        raise SciMLError(
            f"The mask has {mask.shape[0]} x {mask.shape[1]} px, but the frame has "
            f"{frame.shape[0]} x {frame.shape[1]}",
            "choose the mask that belongs to this detector",
        )
    whole, log = frame.dtype.kind in "bui", intensity == "log"
    alive = np.ones(frame.shape, bool)
    found: dict[str, int] = {}

    def take_out(name: str, flags: BoolArray) -> None:
        lost = alive & flags
        found[name] = int(lost.sum())
        alive[lost] = False

    if whole or not log:
        # A logarithm of a float may well be -1.
        take_out("gaps", frame == GAP)
        take_out("bad", frame == BAD)
    if mask is not None:
        take_out("masked", mask)
    if not whole:
        take_out("not_finite", ~np.isfinite(frame) if not log else np.isnan(frame) | np.isposinf(frame))
    marks = caution = ""
    if (marked := find_no_pixels(frame, ~alive, stated, log=log)) is not None:
        take_out("not_measured", marked.flags)
        marks, caution = marked.sentence, marked.caution
    if not log:
        check_positive(frame, alive)
    take_out("saturated", saturated(frame, limit, log))
    if not log and (whole or bool(np.all(frame[alive] == np.rint(frame[alive])))):
        take_out("hot", hot_pixels(frame, alive))
    check_content(frame, alive)
    # A specular rod is no broken line: it falls off, and ends at the horizon.
    take_out("in_broken_lines", find_defects(frame, ~alive, wide=False).flags)
    values = frame.astype(np.float32)
    if log:
        lowest = values[alive & np.isfinite(values)].min()
        values = np.maximum(values, lowest) - lowest
    else:
        np.maximum(values, 0, out=values)
    values[~alive] = np.nan
    return values, Account(**found, marks=marks, caution=caution)


def check_positive(frame: npt.NDArray[Any], alive: BoolArray) -> None:
    """Raise `SciMLError` if a pixel that counts is negative by more than rounding."""
    lowest = float(frame.min(where=alive, initial=0))
    if lowest < -ROUNDING * float(frame.max(where=alive, initial=0)):
        raise SciMLError(
            f"The frame holds negative counts (down to {lowest:g}), as if a background had been subtracted",
            "give the frame as it was measured, mask these pixels, or set intensity to log "
            "if it holds logarithms",
        )


def check_content(frame: npt.NDArray[Any], alive: BoolArray) -> None:
    """Raise `SciMLError` if nothing was measured, or the same everywhere."""
    if not alive.any():
        raise SciMLError(
            "The frame has no pixel that measured anything: all are masked, gaps, saturated or not numbers",
            "check the mask, which is not zero where to ignore, and the file",
        )
    measured = frame[alive & np.isfinite(frame)] if frame.dtype.kind == "f" else frame[alive]
    if measured.size == 0 or measured.min() == measured.max():
        value = f"{float(measured[0]):g}" if measured.size else "infinite values"
        raise SciMLError(
            f"The frame holds nothing but {value}", "the detector or the file gave no picture; check the file"
        )


def saturated(frame: npt.NDArray[Any], limit: float | None, log: bool) -> BoolArray:
    """Return which pixels are past what the detector can count."""
    flags = np.zeros(frame.shape, bool)
    if log:
        return flags
    if limit is not None:
        flags |= frame > limit
    if frame.dtype.kind in "ui" and frame.dtype.itemsize >= 2:
        # The last value and the one before it, with which some detectors mark gaps and bad pixels.
        flags |= frame >= np.iinfo(frame.dtype).max - 1
    if frame.dtype.kind in "ui" and frame.dtype.itemsize >= 4:
        flags |= (frame <= COUNTER) & (frame >= COUNTER - COUNTER_REACH)
    return flags


def hot_pixels(frame: npt.NDArray[Any], alive: BoolArray) -> BoolArray:
    """Find single pixels that stand `HOT` times above everything within two pixels, in a frame of counts.

    Two hot pixels beside each other are left, and so is every spot that spreads over more than one pixel:
    what is taken out must be no signal for sure.
    """
    rows, columns = np.nonzero(alive & (frame > HOT))
    counts = np.pad(np.where(alive, frame, 0).astype(np.float64), 2)
    measured = np.pad(alive, 2)
    seen = np.zeros(len(rows), int)
    for down in range(5):
        for right in range(5):
            if (down, right) == (2, 2):
                continue
            beside = counts[rows + down, columns + right]
            keep = counts[rows + 2, columns + 2] > HOT * (beside + 1)
            seen += measured[rows + down, columns + right]
            rows, columns, seen = rows[keep], columns[keep], seen[keep]
    enough = seen >= NEIGHBOURS_MEASURED
    flags = np.zeros(frame.shape, bool)
    flags[rows[enough], columns[enough]] = True
    return flags
