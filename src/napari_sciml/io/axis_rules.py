"""Decide what the axes of a file mean: which are dropped, which remain and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import AXES_BY_NDIM

KNOWN = ("t", "z", "y", "x")
CHANNEL_HINT = (
    "choose one with channel=0 (on the command line --channel 0), or, if these are slices, say so with "
    "axes='{slices}' (--axes {slices})"
)


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
    if "?" in names or len(set(names)) < len(names):
        if len(names) not in AXES_BY_NDIM:
            raise SciMLError(
                f"{name} has {len(names)} dimensions (shape {shape})",
                "choose an image with 2 (y, x), 3 (z, y, x) or 4 (t, z, y, x) dimensions",
            )
        return AxisPlan(fixed, tuple(remaining), AXES_BY_NDIM[len(names)])
    pairs = sorted(zip(names, remaining, strict=True), key=lambda pair: KNOWN.index(pair[0]))
    return AxisPlan(fixed, tuple(axis for _, axis in pairs), tuple(letter for letter, _ in pairs))


def _chosen_channel(channel: int | None, count: int, name: str, letters: tuple[str, ...]) -> int:
    if channel is None:
        slices = "".join("z" if letter == "c" else letter for letter in letters)
        hint = CHANNEL_HINT if "z" not in letters else CHANNEL_HINT.partition(", or,")[0]
        raise SciMLError(f"{name} has {count} channels", hint.format(slices=slices))
    if not 0 <= channel < count:
        raise SciMLError(f"{name} has no channel {channel}", f"choose one from 0 to {count - 1}")
    return channel
