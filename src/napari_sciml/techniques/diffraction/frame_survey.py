"""A look at a few frames before a run: which pixels are always bright, and where the beam is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.source import ImageSource
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


def survey_frames(source: ImageSource, mask: BoolArray | None) -> FrameSurvey:
    """Look at up to nine frames, twice: what is bright hides its neighbours in the noise that is measured.

    In serial crystallography every shot is another crystal, so that a spot does not come back to a pixel:
    hot pixels, wide pixels where chips meet, seams and edges do.
    """
    hot, background = look(source, mask)
    if hot is not None:
        more, background = look(source, hot if mask is None else mask | hot)
        hot = hot if more is None else hot | more
    return FrameSurvey(hot, None if background is None else background.find())


def sampled(count: int) -> list[int]:
    """Return the numbers of a few frames spread over a run of so many."""
    return sorted({*np.linspace(0, count - 1, SAMPLED_FRAMES).astype(int).tolist()})


def looks(count: int) -> int:
    """Return how many frames are looked at in a run of so many, those looked at twice counted twice."""
    return 2 * len(sampled(count))


def look(source: ImageSource, mask: BoolArray | None) -> tuple[BoolArray | None, BeamFinder | None]:
    """Look at the frames once, without what is masked."""
    height, width = frame_shape(source)
    above, alive = np.zeros((2, height, width), np.float32)
    backgrounds, used = [], 0
    known = np.array(True)
    for number in sampled(frame_count(source)):
        try:
            prepared = prepare(read_frame(source, number), mask)
        except SciMLError:
            # The run itself lists the frames that cannot be used.
            continue
        sigmas = prepared.levels.sigmas(prepared.pixels, prepared.dead)[:height, :width]
        above += np.clip(sigmas, -MOST_SIGMA, MOST_SIGMA)
        alive += ~prepared.dead[:height, :width]
        backgrounds.append(prepared.levels.background)
        known = known & alive_blocks(prepared.dead)
        used += 1
    if not used:
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
