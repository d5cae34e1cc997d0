"""Values that stand for "no pixel": gaps, dead pixels, and what programs write where nothing was measured.

A file may state its value (``Dummy`` of EDF). Without that, evidence decides: a negative value far below all
others, or the largest value on pixels whose neighbours are ordinary. A saturated spot has a bright rim.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
Ranges = tuple[tuple[float, float], ...]
"""Values that a file states, as lowest and highest of each range; see `io.masks.stated_values`."""

LOW = tuple(-float(value) for value in (999, 9999, 99999, 999999, 2**15, 2**31, 2**63, 1e10, 1e20, 1e30))
"""Negative values that programs write for "no pixel"; one pixel is enough. Counts are never negative."""
MARKS = (-1.0, -2.0)
"""What photon counters write in gaps and bad pixels, if nothing is lower."""
NEVER = tuple(float(value) for value in (2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1, 2**32, 2**63, 2**64))
"""Ends of wide number types, and what float32 makes of them: no detector counts so far in one exposure."""
ENDS = (65_535.0, 65_534.0)
"""Marks of 16-bit detectors, also in wider types; counts may end there too, so that the rim decides."""
REPEATED = 16
"""Pixels that must share a value which is no known mark; noise and spots rarely repeat to the last digit."""
FAR = 30.0
"""A low value is that many times farther below the next than this is below the median."""
NEAR = 3.0
"""The same for a known mark, or a value that repeats: noise does not end so, and need not lie near zero."""
STEPS = 3.0
"""Grey levels that a lone negative value lies below zero at least, so that it is no noise about zero."""
FINE = 0.1
"""Share of the way from the lowest to the median that counts as a grey level where values are not whole."""
LEAST_END = 4095.0
"""Smallest value that counts as an end without being the type's own, in counts: that of 12 bits."""
RIM = 0.01
"""Neighbours of a gap exceed the median by at most this share of the mark; those of a saturated spot do by
far more, even where it is one pixel wide."""
LARGE_PX, LARGE_RIM = 100, 0.1
"""Pixels from which a group is no spot, and `RIM` for such groups: a gap may cross strong scattering, but
what saturates over so many pixels falls off slowly."""
RIM_SIGMA = 3.0
"""Standard deviations of counting noise by which neighbours may exceed the median in any case."""
RIM_QUANTILE = 0.75
"""Which of the neighbours is looked at, so that a spot beside a gap changes nothing."""
MOST_VALUES = 4
"""Different values looked at on either side, by hand: programs write two or three at the most."""
SAMPLE = 7
"""Every so many-th pixel is read for the median, by hand."""


@dataclass(frozen=True)
class NoPixels:
    """Pixels of a frame that were not measured, by the values that say so.

    Attributes
    ----------
    flags
        ``(h, w)``.
    counts
        Value -> pixels that hold it.
    stated
        Those of the values that the file states to mean this.
    """

    flags: BoolArray
    counts: dict[float, int] = field(default_factory=dict)
    stated: frozenset[float] = frozenset()

    @property
    def sentence(self) -> str:
        """How many pixels hold which value, for the record."""
        parts = [f"{count} pixels hold {shown(value)}" for value, count in self.counts.items()]
        told = "; ".join(
            part.replace("1 pixels hold", "1 pixel holds", part.startswith("1 ")) for part in parts
        )
        return f"{told}: taken as not measured and left out" if told else ""

    @property
    def caution(self) -> str:
        """Which values are only taken to mean this, as the file states nothing; empty for odd pixels."""
        usual = {*self.stated, *MARKS}
        taken = [shown(value) for value in self.counts if np.isfinite(value) and value not in usual]
        count = sum(count for value, count in self.counts.items() if shown(value) in taken)
        if count < REPEATED:
            return ""
        return (
            f"{' and '.join(taken)} in {count} pixels is taken to mean "
            "that nothing was measured there, which the file does not state"
        )

    def holding(self, frame: npt.NDArray[Any], value: float) -> BoolArray:
        """Return those of the pixels that hold one of the values."""
        if len(self.counts) == 1:
            return self.flags
        held = ~np.isfinite(frame) if np.isnan(value) else frame == value
        return np.asarray(held & self.flags)


def shown(value: float) -> str:
    """Write a value as a person knows it: 65535, -1e+10, NaN."""
    if np.isnan(value):
        return "NaN"
    return (
        f"{value:.0f}" if abs(value) < 1e15 and value == int(value) and abs(value) != 1e10 else f"{value:g}"
    )


def find_no_pixels(
    frame: npt.NDArray[Any], ignored: BoolArray | None = None, stated: Ranges = (), *, log: bool = False
) -> NoPixels | None:
    """Find the pixels of a frame ``(h, w)`` that were not measured, or return None if all were.

    Parameters
    ----------
    ignored
        Pixels that are left out anyway; they are neither looked at nor counted.
    stated
        Ranges of values that the file states to mean this.
    log
        The grey scale is a logarithm: low values are no proof by themselves, and minus infinity is zero.
    """
    flags = np.zeros(frame.shape, bool)
    counts: dict[float, int] = {}
    known: set[float] = set()
    lost = np.zeros(frame.shape, bool) if ignored is None else ignored

    def leave_out(found: BoolArray, value: float) -> None:
        found = found & ~flags & ~lost
        if number := int(found.sum()):
            flags[found] = True
            counts[value] = counts.get(value, 0) + number

    if frame.dtype.kind == "f":
        missing = np.isnan(frame) | np.isposinf(frame) if log else ~np.isfinite(frame)
        if missing.any():
            leave_out(missing, float("nan"))
    for low, high in stated:
        hit = (frame >= low) & (frame <= high) & np.isfinite(frame)
        if hit.any():
            known.add(float(frame[hit][0]))
            leave_out(hit, float(frame[hit][0]))
    away = flags | lost
    if frame.dtype.kind == "f":
        # Minus infinity in a logarithm is a zero.
        away |= ~np.isfinite(frame)
    work = frame if not away.any() else np.where(away, middle_of(frame, away), frame)
    if suspicious(work):
        middle = float(middle_of(frame, away))
        for value in low_values(work, middle, log):
            leave_out(equal(work, value), value)
        if not log:
            for end, found in ends(np.where(flags, frame.dtype.type(middle), work), away | flags, middle):
                leave_out(found, end)
    return NoPixels(flags, counts, frozenset(known)) if counts else None


def only_measured(frame: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a frame to look at: as it is, or as float32 with NaN where a value marks no pixel."""
    found = find_no_pixels(frame)
    return frame if found is None else np.where(found.flags, np.nan, frame).astype(np.float32)


def middle_of(frame: npt.NDArray[Any], away: BoolArray) -> Any:
    """Return the median of a frame without some pixels, as a value of its type; zero if nothing is left."""
    sample = frame[::SAMPLE][~away[::SAMPLE]]
    if not sample.size:
        sample = frame[~away]
    return frame.dtype.type(np.median(sample) if sample.size else 0)


def suspicious(frame: npt.NDArray[Any]) -> bool:
    """Whether anything in a frame can be a mark: a look that is enough for most frames."""
    if frame.dtype.kind == "b":
        return False
    highest = float(frame.max())
    if frame.min() < 0 or highest in ENDS or highest in NEVER or highest >= largest(frame.dtype) - 1:
        return True
    if highest >= LEAST_END and repeated(frame, highest):
        return True
    return any(repeated(frame, end) for end in ENDS if end < highest)


def equal(frame: npt.NDArray[Any], value: float) -> BoolArray:
    """Return where a frame holds a value; whole numbers are compared as such, which is quicker."""
    return np.asarray(frame == (int(value) if frame.dtype.kind in "iu" else value))


def repeated(frame: npt.NDArray[Any], value: float) -> bool:
    """Whether enough pixels hold a value."""
    return bool(np.count_nonzero(equal(frame, value)) >= REPEATED)


def largest(dtype: np.dtype[Any]) -> float:
    """Return the end of a number type; of single precision for all that are not whole."""
    return float(np.iinfo(dtype).max) if dtype.kind in "iu" else float(np.finfo(np.float32).max)


def low_values(known: npt.NDArray[Any], middle: float, log: bool) -> Iterable[float]:
    """Yield the values below zero that stand apart from all others; `known` holds what may count."""
    for _ in range(MOST_VALUES):
        lowest = float(known.min()) if known.size else 0.0
        if lowest >= 0:
            return
        if not log and (odd := repeated_mark(known, middle)):
            yield odd
            known = known[known != odd]
            continue
        marked = equal(known, lowest)
        rest = known[~marked]
        following = float(rest.min()) if rest.size else lowest
        apart = following - lowest
        below = max(middle - following, 0.0)
        if lowest in MARKS and not log:
            yield from sorted({float(value) for value in np.unique(known[known < 0])[:MOST_VALUES]})
            return
        counted = known.dtype.kind in "iu" or whole(known)
        step = 1.0 if counted else FINE * below
        again = lowest in LOW or marked.sum() >= REPEATED
        far = apart > (NEAR if again and not log else FAR) * max(below, step)
        alone = (following >= 0 or following in MARKS) and apart >= STEPS * step and (again or counted)
        # Signal and marks of a logarithm differ less, so that only what is far away is certain.
        if not (far or (alone and not log)):
            return
        yield lowest
        known = rest


def repeated_mark(known: npt.NDArray[Any], middle: float) -> float:
    """Return the mark that stands among negative fractions and repeats as no other; 0 without.

    What is left out already holds the median.
    """
    for mark in MARKS:
        if known.dtype.kind == "f" and repeated(known, mark) and not whole(known):
            values, counts = np.unique(known[::SAMPLE], return_counts=True)
            others = counts[(values != mark) & (values != middle)].max(initial=0)
            if counts[values == mark].sum() > FAR * others:
                return mark
    return 0.0


def whole(values: npt.NDArray[Any]) -> bool:
    """Whether floating-point values are counts."""
    sample = values[::SAMPLE]
    return bool((sample == np.rint(sample)).all())


def ends(work: npt.NDArray[Any], lost: BoolArray, middle: float) -> Iterable[tuple[float, BoolArray]]:
    """Yield the largest values of a frame and which of their pixels were not measured; changes `work`."""
    frame, own = work.copy(), largest(work.dtype)
    for end in (end for end in ENDS if end < work.max() and repeated(work, end)):
        # Wider types hold the marks of 16 bits beside larger counts.
        found = without_rim(frame, equal(frame, end), lost, middle, end)
        yield end, found
        lost = lost | found
        work[found] = middle
    for _ in range(MOST_VALUES):
        top = work.max()
        highest = float(top)
        if highest < min(LEAST_END, own):
            return
        marked = work == top
        if highest in NEVER:
            found = marked
        elif highest in ENDS or highest >= own - 1 or marked.sum() >= REPEATED:
            found = without_rim(frame, marked, lost, middle, highest)
        else:
            return
        yield highest, found
        lost = lost | found
        work[marked] = middle


def without_rim(
    frame: npt.NDArray[Any], marked: BoolArray, lost: BoolArray, middle: float, highest: float
) -> BoolArray:
    """Return those of the marked pixels that lie in groups with ordinary neighbours."""
    from scipy.ndimage import find_objects, label

    groups, number = label(marked, np.ones((3, 3)))
    noise = RIM_SIGMA * max(middle, 1.0) ** 0.5
    plain = np.ones(number + 1, bool)
    for group, box in enumerate(find_objects(groups), start=1):
        wide = tuple(slice(max(side.start - 1, 0), side.stop + 1) for side in box)
        here = groups[wide] == group
        rim = frame[wide][grown(here) & ~marked[wide] & ~lost[wide]]
        share = RIM if np.count_nonzero(here) < LARGE_PX else LARGE_RIM
        most = middle + max(share * (highest - middle), noise)
        plain[group] = not rim.size or float(np.quantile(rim, RIM_QUANTILE)) <= most
    return np.asarray(marked & plain[groups])


def grown(flags: BoolArray) -> BoolArray:
    """Grow areas by one pixel to all eight sides."""
    from scipy.ndimage import binary_dilation

    return np.asarray(binary_dilation(flags, np.ones((3, 3))))
