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

HOT_SIGMA = 5.0
HOT_SHARE = 0.7
FEWEST_FRAMES = 5
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
    hot pixels, wide pixels where chips meet, and bright edges do.
    """
    height, width = frame_shape(source)
    seen = np.zeros((height, width), np.int16)
    backgrounds, used = [], 0
    known = np.array(True)
    for number in np.unique(np.linspace(0, frame_count(source) - 1, SAMPLED_FRAMES).astype(int)):
        try:
            prepared = prepare(read_frame(source, int(number)), mask)
        except SciMLError:
            # The run itself lists the frames that cannot be used.
            continue
        bright = prepared.levels.stands_out(prepared.pixels, prepared.dead, HOT_SIGMA)
        seen += bright[:height, :width]
        backgrounds.append(prepared.levels.background)
        known = known & alive_blocks(prepared.dead)
        used += 1
    if not used:
        return Survey(None, None)
    hot = seen >= max(HOT_SHARE * used, 3)
    return Survey(
        hot if used >= FEWEST_FRAMES and hot.any() else None,
        BeamFinder.from_backgrounds(backgrounds, known).find(),
    )


def alive_blocks(dead: BoolArray) -> BoolArray:
    """Say in which blocks of 8 x 8 px most pixels were recorded."""
    rows, columns = (edge // BLOCK_PX for edge in dead.shape)
    share = dead.reshape(rows, BLOCK_PX, columns, BLOCK_PX).mean(axis=(1, 3))
    return np.asarray(share < 0.5)
