"""A look at a few frames before a run: which pixels are always bright, and where the beam is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.local_noise import BLOCK_PX
from napari_sciml.techniques.diffraction.beam import BeamFinder
from napari_sciml.techniques.diffraction.frames import frame_count, frame_shape, read_frame
from napari_sciml.techniques.diffraction.prepare import BoolArray, prepare

BRIGHT_SIGMA = 1.5
BRIGHT_SHARE = 0.85
"""Noise is above 1.5 sigma in one of fifteen frames: in five of five, in one of 700,000 pixels."""
FEWEST_FRAMES = 5
FEWEST_ALIVE = 4
SAMPLED_FRAMES = 9


@dataclass(frozen=True)
class Survey:
    """What a few frames spread over a run say.

    Attributes
    ----------
    hot
        ``(h, w)`` pixels that are bright in most frames, or None where there are none or too few frames.
    beam
        Direct beam (row, column) in pixels, or None if the background is not round.
    """

    hot: BoolArray | None
    beam: tuple[float, float] | None


def survey(source: ImageSource, mask: BoolArray | None) -> Survey:
    """Look at up to nine frames.

    In serial crystallography every shot is another crystal, so that a spot does not come back to a pixel:
    hot pixels, wide pixels where chips meet, seams and edges do.
    """
    height, width = frame_shape(source)
    bright, alive = np.zeros((2, height, width), np.uint8)
    backgrounds, used = [], 0
    known = np.array(True)
    for number in np.unique(np.linspace(0, frame_count(source) - 1, SAMPLED_FRAMES).astype(int)):
        try:
            prepared = prepare(read_frame(source, int(number)), mask)
        except SciMLError:
            # The run itself lists the frames that cannot be used.
            continue
        bright += prepared.levels.stands_out(prepared.pixels, prepared.dead, BRIGHT_SIGMA)[:height, :width]
        alive += ~prepared.dead[:height, :width]
        backgrounds.append(prepared.levels.background)
        known = known & alive_blocks(prepared.dead)
        used += 1
    if not used:
        return Survey(None, None)
    hot = (bright >= BRIGHT_SHARE * alive) & (alive >= FEWEST_ALIVE)
    return Survey(
        hot if used >= FEWEST_FRAMES and hot.any() else None,
        BeamFinder.from_backgrounds(backgrounds, known).find(),
    )


def alive_blocks(dead: BoolArray) -> BoolArray:
    """Say in which blocks of 8 x 8 px most pixels were recorded."""
    rows, columns = (edge // BLOCK_PX for edge in dead.shape)
    share = dead.reshape(rows, BLOCK_PX, columns, BLOCK_PX).mean(axis=(1, 3))
    return np.asarray(share < 0.5)
