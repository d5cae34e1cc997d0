"""Cut out a box around each pick: resampled without aliasing, particles bright, the background at zero."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.frames import frame_count, raw_frame
from napari_sciml.core.image_loop import Series
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.cryoem.optics.ctf import Ctf
from napari_sciml.techniques.cryoem.particles.background import flatten, window_ring_mean
from napari_sciml.techniques.cryoem.particles.particles import Images, Particles

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
MARGIN = 3.0
"""Pixels of the box that are read beyond its edges, so that resampling does not join opposite edges."""


def extract(
    source: ImageSource,
    table: pd.DataFrame,
    *,
    box_px: int,
    field_px: float,
    contrast: Literal["dark", "light"],
    pixel_size_A: float,
    ctfs: Sequence[Ctf | None] | None = None,
    problems: list[str] | None = None,
    cancel: CancelToken | None = None,
) -> Generator[Progress, None, Particles]:
    """Cut out a box around each row of `table`, frame by frame; one frame is in memory at a time.

    Parameters
    ----------
    table
        Picks with ``y, x`` and, for a series, ``frame``; the pick falls on pixel ``box_px // 2``, fractions
        of a pixel included. The rows given back keep the index they have here.
    box_px
        Edge of a box in its own pixels.
    field_px
        Edge of the same box in pixels of the micrograph; any number above 2.
    contrast
        Whether particles are darker or lighter than the ice in `source`.
    pixel_size_A
        Edge of a pixel of the micrograph.
    ctfs
        One for each frame; None where it is not known: then nothing is corrected.
    problems
        Takes one sentence for each frame that could not be read or has pixels without a number.

    Returns
    -------
    Particles
        Also for picks whose box leaves the image: what is missing there, and pixels that are NaN, are filled
        with the mean of the ring around the particle. Stopped early, those of the frames so far.

    Raises
    ------
    SciMLError
        If a pick has no finite position, names a frame that is not there, or not one frame could be used.
    """
    frames = check_picks(table, frame_count(source))
    size = field_px * pixel_size_A / box_px
    images = np.zeros((len(table), box_px, box_px), np.float32)
    done = np.zeros(len(table), bool)
    numbers = np.unique(frames)
    series = Series(source.name, len(numbers))

    def cut_out(number: int) -> Iterator[None]:
        rows = np.flatnonzero(frames == number)
        frame = raw_frame(source, number)
        missing = missing_pixels(frame, number, series.problems)
        places = table[["y", "x"]].to_numpy(float)[rows]
        images[rows] = boxes(frame, missing, places, box_px, field_px, contrast)
        done[rows] = True
        yield

    yield from series.each(numbers.tolist(), cut_out, cancel)
    if problems is not None:
        problems += series.problems
    kept = table[done].assign(frame=frames[done])
    return Particles(images[done], kept, size, transfers(ctfs, frame_count(source), box_px, size))


def check_picks(table: pd.DataFrame, count: int) -> npt.NDArray[np.int64]:
    """Return the frame of each pick, or raise `SciMLError` if one lies nowhere."""
    places = table[["y", "x"]].to_numpy(float)
    if not np.isfinite(places).all():
        lost = int((~np.isfinite(places)).any(axis=1).sum())
        raise SciMLError(f"{lost} of {len(table)} picks have no position", "give a number for y and x")
    frames = table["frame"].to_numpy() if "frame" in table else np.zeros(len(table), np.int64)
    outside = (frames < 0) | (frames >= count)
    if outside.any():
        raise SciMLError(
            f"A pick lies in frame {frames[outside][0]}, but there are {count}", "count frames from 0"
        )
    return np.asarray(frames, np.int64)


def missing_pixels(frame: npt.NDArray[Any], number: int, said: list[str]) -> Bools | None:
    """Mark pixels without a number and say so; None if there are none.

    Raises
    ------
    SciMLError
        If no pixel has a number.
    """
    if frame.dtype.kind != "f":
        return None
    missing: Bools = ~np.isfinite(frame)
    count = int(missing.sum())
    if count == frame.size:
        raise SciMLError("no pixel has a number", "leave it out")
    if count == 0:
        return None
    said.append(
        f"Frame {number} has {count} of {frame.size} pixels that are NaN or infinity; boxes take them as "
        "plain background."
    )
    return missing


def boxes(
    frame: npt.NDArray[Any],
    missing: Bools | None,
    places: npt.NDArray[np.float64],
    box_px: int,
    field_px: float,
    contrast: Literal["dark", "light"],
) -> Images:
    """Cut the boxes around `places` ``(n, 2)`` as y, x out of one frame."""
    step = field_px / box_px
    reach = int(np.ceil(field_px / 2 + MARGIN * step))
    # Room for twice the reach and a fraction of a pixel; the pick lies within half a pixel of the middle.
    edge = 2 * reach + 2
    nearest = np.rint(places).astype(np.int64)
    images = np.zeros((len(places), box_px, box_px), np.float32)
    valid = np.zeros(images.shape, bool)
    for i, (place, middle) in enumerate(zip(places, nearest, strict=True)):
        window, here = read_window(frame, missing, middle - reach, edge)
        window = np.where(here, window, window_ring_mean(window, here, field_px))
        first = place - middle + reach - step * (box_px // 2)
        along_y, along_x = (resampling(edge, offset, box_px, step) for offset in first)
        images[i] = along_y @ window @ along_x.T
        nearest_y, nearest_x = np.rint(first[:, np.newaxis] + step * np.arange(box_px)).astype(np.int64)
        valid[i] = here[np.ix_(nearest_y, nearest_x)]
    return flatten(-images if contrast == "dark" else images, valid)


def read_window(
    frame: npt.NDArray[Any], missing: Bools | None, corner: npt.NDArray[np.int64], edge: int
) -> tuple[Floats, Bools]:
    """Cut a square out of a frame, zero where there is nothing, and say where there is something."""
    window, here = np.zeros((edge, edge), np.float32), np.zeros((edge, edge), bool)
    low = [max(int(c), 0) for c in corner]
    high = [min(int(c) + edge, n) for c, n in zip(corner, frame.shape, strict=True)]
    if low[0] >= high[0] or low[1] >= high[1]:
        return window, here
    take = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    put = tuple(slice(a - int(c), b - int(c)) for a, b, c in zip(low, high, corner, strict=True))
    here[put] = True if missing is None else ~missing[take]
    window[put] = frame[take]
    window[~here] = 0
    return window, here


def resampling(edge: int, offset: float, count: int, step: float) -> Floats:
    """Return the matrix ``(count, edge)`` that samples a line at ``offset + step * i``, band-limited.

    The line is taken as periodic; frequencies beyond the Nyquist frequency of the samples, or that of the
    line, are cut off, so nothing is folded and nothing below is damped.
    """
    highest = int((edge - 1) / 2 / max(step, 1.0))
    distance = (offset + step * np.arange(count))[:, np.newaxis] - np.arange(edge)
    angle = 2 * np.pi / edge * distance
    half = np.sin(angle / 2)
    near = np.abs(half) < 1e-9
    # The sum of all waves up to the highest is Dirichlet's kernel.
    kernel = np.sin((highest + 0.5) * angle) / np.where(near, 1, half)
    result: Floats = (np.where(near, 2 * highest + 1, kernel) / edge).astype(np.float32)
    return result


def transfers(ctfs: Sequence[Ctf | None] | None, frames: int, box_px: int, size_A: float) -> Images | None:
    """Return the transfer of each frame ``(frames, box, box // 2 + 1)``, or None if not one is known.

    Raises
    ------
    SciMLError
        If there is not one for each frame.
    """
    if ctfs is None or not any(ctf is not None for ctf in ctfs):
        return None
    if len(ctfs) != frames:
        raise SciMLError(f"There are {len(ctfs)} CTFs for {frames} frames", "give one for each frame")
    shape = (box_px, box_px)
    flat = np.ones((box_px, box_px // 2 + 1), np.float32)
    return np.stack([flat if ctf is None else ctf.values(shape, size_A) for ctf in ctfs])
