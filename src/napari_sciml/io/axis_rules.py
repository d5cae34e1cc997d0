"""Decide what the axes of a file mean: which are dropped, which remain and in which order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import AXES_BY_NDIM

KNOWN = ("t", "z", "y", "x")
CHANNEL_HINT = (
    "choose one with channel=0 (on the command line --channel 0), or, if these are slices, say so with "
    "axes='{slices}' (--axes {slices})"
)
NAMES = {
    "t": "t time times timepoint timepoints timestep timesteps frame frames event events shot shots",
    "c": "c ch chan channel channels band bands",
    "z": "z slice slices depth plane planes section sections",
    "y": "y row rows height slow",
    "x": "x column columns col cols width fast",
    "s": "s rgb rgba color colour",
}
"""Words that programs call an axis by, for each letter; in lower case."""
FILLERS = (
    "axis dim dimension dir direction index idx no number num of n count coordinate coord coords position "
    "pos offset pixel pixels px voxel voxels detector det um nm mm m micrometer micrometre s seconds"
)
"""Words that stand beside such a word and mean nothing themselves: ``y_pixel_offset``, ``X axis``."""
LETTERS = {word: letter for letter, words in NAMES.items() for word in words.split()}


def letter_of(name: object) -> str:
    """Return the letter of an axis that a file or a layer calls `name`, or ``?`` if the name means nothing.

    Examples
    --------
    >>> [letter_of(name) for name in ("Z", "time", "rows", "x_pixel_offset", "dim_0", None)]
    ['z', 't', 'y', 'x', '?', '?']
    """
    words = re.findall(r"[^\W_]+", str(name).lower()) if name is not None else []
    telling = [word for word in words if word not in FILLERS.split()] or words
    return LETTERS.get(telling[0], "?") if len(telling) == 1 else "?"


def letters_of(names: Sequence[object]) -> tuple[str, ...] | None:
    """Return the letters of named axes; None if no name means anything, as if there were none.

    Two names of one meaning tell neither apart: both are ``?``.

    Examples
    --------
    >>> letters_of(["row", "column", "frames"]), letters_of(["dim_0", "dim_1"])
    (('y', 'x', 't'), None)
    """
    letters = [letter_of(name) for name in names]
    often = Counter(letters)
    clear = tuple(letter if often[letter] == 1 else "?" for letter in letters)
    return clear if set(clear) - {"?"} else None


@dataclass(frozen=True)
class AxisPlan:
    """Which file axes to take at one index, and which to show in what order under which names."""

    fixed: dict[int, int]
    order: tuple[int, ...]
    names: tuple[str, ...]


def parse_axes(axes: str | Sequence[str], ndim: int, name: str) -> tuple[str, ...]:
    """Check axis names that a person gave for a file with `ndim` dimensions.

    Raises
    ------
    SciMLError
        If the number is wrong, a letter is unknown or repeated, or y or x is absent.
    """
    letters = tuple(letter.lower() for letter in axes)
    example = "".join(AXES_BY_NDIM.get(ndim, ("t", "c", "z", "y", "x")[-ndim:]))
    shown = "".join(letters)
    if len(letters) != ndim:
        raise SciMLError(
            f"{name} has {ndim} dimensions but axes='{shown}' names {len(letters)}",
            f"give one letter for each dimension, for example '{example}'",
        )
    if set(letters) - {*KNOWN, "c"} or len(set(letters)) != ndim or not {"y", "x"} <= set(letters):
        raise SciMLError(
            f"axes='{shown}' is not valid for {name}",
            f"use each of the letters t, c, z, y, x at most once, with y and x, for example '{example}'",
        )
    return letters


def plan_axes(
    letters: tuple[str, ...], shape: tuple[int, ...], channel: int | None, name: str, *, keep: bool
) -> AxisPlan:
    """Decide which axes remain.

    Parameters
    ----------
    letters
        The file's axes, one letter each: ``t c z y x``, ``s`` for colour samples, ``?`` if unknown.
    shape
        Number of pixels along each.
    channel
        Which channel to take, or None.
    name
        What to call the image in messages.
    keep
        Keep t and z axes of length one: the person named them. Otherwise they are dropped.

    Raises
    ------
    SciMLError
        For colour images, for several channels of which none was chosen, and for a channel that is absent.
    """
    fixed: dict[int, int] = {}
    for axis, (letter, count) in enumerate(zip(letters, shape, strict=True)):
        if letter == "s" and count > 1:
            hint = "convert it to greyscale, for example by taking one channel"
            if letters == ("s", "y", "x"):
                # What some programs make of a stack of three or four slices.
                hint += ", or, if these are slices or frames, say so with axes='zyx' (--axes zyx)"
            raise SciMLError(f"{name} is a colour image (shape {shape})", hint)
        if letter == "c" and count > 1:
            fixed[axis] = _chosen_channel(channel, count, name, letters)
        elif letter in "cs" or (count == 1 and letter in "tz?" and not keep):
            fixed[axis] = 0
    if channel is not None and "c" not in letters:
        raise SciMLError(f"{name} has no channels to choose from", "leave the channel out")
    remaining = [axis for axis in range(len(letters)) if axis not in fixed]
    names = [letters[axis] for axis in remaining]
    names = _complete(names, shape, name)
    pairs = sorted(zip(names, remaining, strict=True), key=lambda pair: KNOWN.index(pair[0]))
    return AxisPlan(fixed, tuple(axis for _, axis in pairs), tuple(letter for letter, _ in pairs))


def _complete(names: list[str], shape: tuple[int, ...], name: str) -> list[str]:
    """Name the axes without a name by those letters that are left, where that is no guess.

    It is none if one axis has no name, or if those that have one stand where they usually do.
    """
    count = len(names)
    if count not in AXES_BY_NDIM:
        raise SciMLError(
            f"{name} has {count} dimensions (shape {shape})",
            "choose an image with 2 (y, x), 3 (z, y, x) or 4 (t, z, y, x) dimensions",
        )
    known = [letter for letter in names if letter != "?" and names.count(letter) == 1]
    usual = _usual(known, count)
    stated = [letter if letter in known else "?" for letter in names]
    left = [letter for letter in usual if letter not in known]
    in_place = all(said in ("?", expected) for said, expected in zip(stated, usual, strict=True))
    if not {"y", "x"} <= set(usual) or (len(left) > 1 and not in_place):
        raise SciMLError(
            f"{name} calls its axes {', '.join(names)}, from which rows and columns cannot be told",
            f"say what they are, for example axes='{''.join(AXES_BY_NDIM[count])}' "
            f"(--axes {''.join(AXES_BY_NDIM[count])})",
        )
    return [letter if letter != "?" else left.pop(0) for letter in stated]


def _usual(known: Sequence[str], count: int) -> list[str]:
    """Return `count` axes in the usual order: the known ones and, of the others, y, x, z, t in this order."""
    others = [letter for letter in ("x", "y", "z", "t") if letter not in known]
    return sorted([*known, *others[: count - len(known)]], key=KNOWN.index)


def _chosen_channel(channel: int | None, count: int, name: str, letters: tuple[str, ...]) -> int:
    if channel is None:
        slices = "".join("z" if letter == "c" else letter for letter in letters)
        hint = CHANNEL_HINT if "z" not in letters else CHANNEL_HINT.partition(", or,")[0]
        raise SciMLError(f"{name} has {count} channels", hint.format(slices=slices))
    if not 0 <= channel < count:
        raise SciMLError(f"{name} has no channel {channel}", f"choose one from 0 to {count - 1}")
    return channel
