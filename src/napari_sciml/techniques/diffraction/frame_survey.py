"""A look at a few frames before a run: which pixels are always bright, and where the beam is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_sciml.core.defects import find_defects
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.no_pixel import NoPixels, Ranges, find_no_pixels
from napari_sciml.core.source import ImageSource
from napari_sciml.io.masks.frame_mask import FrameMask
from napari_sciml.networks.normalise.local_noise import BLOCK_PX
from napari_sciml.techniques.diffraction.beam import BeamFinder
from napari_sciml.techniques.diffraction.prepare import BoolArray, prepare
from napari_sciml.techniques.diffraction.usable_frames import read_frame

MOST_SIGMA = 4.0
"""Nothing counts for more, so that a spot in one frame does not make a pixel bright in the mean."""
MEAN_SIGMA = 4.5
"""A good pixel's mean over the frames is so far above its noise in one of 300,000."""
FEWEST_FRAMES = 5
"""Frames below which no pixel is called always bright."""
FEWEST_ALIVE = 4
"""Frames in which a pixel must be alive to be judged."""
SAMPLED_FRAMES = 9
"""Frames that are looked at, evenly over the run."""
MARKED_FRAMES = 3
"""Frames in which pixels are looked for that no frame measured; the marks of a detector do not change."""


@dataclass(frozen=True)
class FrameSurvey:
    """What a few frames spread over a run say.

    Attributes
    ----------
    hot
        ``(h, w)`` pixels that are bright in frame after frame; None without any, or with too few frames.
    beam
        Direct beam (row, column) in pixels, or None if the background is not round.
    """

    hot: BoolArray | None
    beam: tuple[float, float] | None


def always_marked(source: ImageSource, mask: FrameMask | None, stated: Ranges = ()) -> NoPixels | None:
    """Return the pixels that a value marks as not measured in each of a few frames; None without any.

    Those that the mask leaves out already are found too, for what lies beside them, but not counted.
    """
    flags: BoolArray | None = None
    values: dict[float, BoolArray] = {}
    stated_ones: frozenset[float] = frozenset()
    for number in sampled(frame_count(source), MARKED_FRAMES):
        try:
            frame = read_frame(source, number)
        except SciMLError:
            continue
        found = find_no_pixels(frame, None, stated)
        if found is None:
            return None
        flags = found.flags if flags is None else flags & found.flags
        stated_ones |= found.stated
        values = values or {value: found.holding(frame, value) for value in found.counts}
    if flags is None or not flags.any():
        return None
    counted = flags if mask is None else flags & ~mask.of(0)
    counts = {value: int((held & counted).sum()) for value, held in values.items()}
    return NoPixels(flags, {value: count for value, count in counts.items() if count}, stated_ones)


def broken_lines(source: ImageSource, mask: FrameMask | None) -> BoolArray | None:
    """Return the dead and hot rows and columns that a few frames share; None without any.

    They would raise the noise that is measured around them and hide spots there.
    """
    flags: BoolArray | None = None
    for number in sampled(frame_count(source), MARKED_FRAMES):
        try:
            frame = read_frame(source, number)
        except SciMLError:
            continue
        found = find_defects(frame, None if mask is None else mask.of(number), wide=False).flags
        flags = found if flags is None else flags & found
        if not flags.any():
            return None
    return flags


def survey_frames(source: ImageSource, mask: FrameMask | None, stated: Ranges = ()) -> FrameSurvey:
    """Look at up to nine frames, twice: what is bright hides its neighbours in the noise that is measured.

    In serial crystallography every shot is another crystal, so that a spot does not come back to a pixel:
    hot pixels, wide pixels where chips meet, seams and edges do.
    """
    hot, background = look(source, mask, stated)
    if hot is not None:
        more, background = look(source, FrameMask(hot) if mask is None else mask.plus(hot), stated)
        hot = hot if more is None else hot | more
    return FrameSurvey(hot, None if background is None else background.find())


def sampled(count: int, most: int = SAMPLED_FRAMES) -> list[int]:
    """Return the numbers of a few frames spread over a run of so many."""
    return sorted({*np.linspace(0, count - 1, most).astype(int).tolist()})


def looks(count: int) -> int:
    """Return how many frames are looked at in a run of so many, those looked at twice counted twice."""
    return 2 * len(sampled(count)) + 2 * len(sampled(count, MARKED_FRAMES))


def look(
    source: ImageSource, mask: FrameMask | None, stated: Ranges = ()
) -> tuple[BoolArray | None, BeamFinder | None]:
    """Look at the frames once, without what is masked."""
    height, width = frame_shape(source)
    above, alive = np.zeros((2, height, width), np.float32)
    backgrounds, used = [], 0
    known = np.array(True)
    for number in sampled(frame_count(source)):
        try:
            ignored = None if mask is None else mask.of(number)
            prepared = prepare(read_frame(source, number), ignored, stated=stated)
        except SciMLError:
            # The run itself lists the frames that cannot be used.
            continue
        sigmas = prepared.levels.sigmas(prepared.pixels, prepared.dead)[:height, :width]
        above += np.clip(sigmas, -MOST_SIGMA, MOST_SIGMA)
        alive += ~prepared.dead[:height, :width]
        backgrounds.append(prepared.levels.background)
        known = known & alive_blocks(prepared.dead)
        used += 1
    if not used or not known.any():
        return None, None
    # The mean of n frames has a noise of 1 / sqrt(n).
    hot = (above > MEAN_SIGMA * np.sqrt(alive)) & (alive >= FEWEST_ALIVE)
    enough = used >= FEWEST_FRAMES and hot.any()
    return hot if enough else None, BeamFinder.from_backgrounds(backgrounds, known)


def alive_blocks(dead: BoolArray) -> BoolArray:
    """Return in which blocks of 8 x 8 px most pixels were recorded."""
    rows, columns = (edge // BLOCK_PX for edge in dead.shape)
    share = dead.reshape(rows, BLOCK_PX, columns, BLOCK_PX).mean(axis=(1, 3))
    return np.asarray(share < 0.5)
