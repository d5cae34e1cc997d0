"""A real frame: what the network finds where a classical finder sees peaks, and after they are painted out.

One frame says little about frames in general; what it can show is that nothing had to be tuned.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.backends import open_predictor
from napari_sciml.io import open_image
from napari_sciml.io.masks.in_file import mask_in_file
from napari_sciml.networks.card import Metric
from napari_sciml.networks.normalise.local_noise import enlarge
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.diffraction.evaluate.classical import RadialFinder
from napari_sciml.techniques.diffraction.evaluate.frame_rates import rate
from napari_sciml.techniques.diffraction.grid import BORDER_PX, inside_px, tile_of
from napari_sciml.techniques.diffraction.prepare import prepare
from napari_sciml.techniques.diffraction.search import FrameScorer
from napari_sciml.techniques.diffraction.usable_frames import read_frame

THRESHOLD = 0.5
"""Score from which a tile counts as a Bragg tile: the default of a run."""
PAINTED_FRAMES = 24
"""Versions of a real frame in which the peaks are replaced by noise like that around them."""
SPOT_RADIUS_PX = 6
"""Radius in pixels that is replaced about a peak."""


def real_figures(data: Path, folder: Path) -> list[Metric]:
    """Measure a real frame and negatives made from it."""
    source = open_image(data)
    try:
        frame = read_frame(source, 0)
        choice = mask_in_file(source)
        mask = None if choice.mask is None else choice.mask.of(0)
    finally:
        source.close()
    model = get_model(folder)
    scorer = FrameScorer(open_predictor(model), model.classes.index("bragg"))
    prepared = prepare(frame, mask)
    dead = prepared.dead[: frame.shape[0], : frame.shape[1]]
    # The beam is taken at the middle; a few pixels more or less do not matter to a radial threshold.
    finder = RadialFinder(((frame.shape[0] - 1) / 2, (frame.shape[1] - 1) / 2))
    peaks = finder.find(frame, dead)
    scores = scorer.score(prepared)
    deep = peaks[inside_px(peaks[:, 0], peaks[:, 1]) >= BORDER_PX]
    wanted = np.zeros(scores.shape, bool)
    wanted[tile_of(deep[:, 0], deep[:, 1])] = True
    touched = np.zeros(scores.shape, bool)
    touched[tile_of(peaks[:, 0], peaks[:, 1])] = True
    positive = scores >= THRESHOLD
    false = []
    for seed in range(PAINTED_FRAMES):
        painted = paint_out(frame, np.concatenate([peaks, more_spots(prepared)]), dead, seed)
        false.append(int((scorer.score(prepare(painted, mask)) >= THRESHOLD).sum()))
    counts = np.array(false, np.int64)
    split = "real frame, no tuning"
    one = np.ones(1, np.int64)
    return [
        rate(
            "tiles with a classical peak found",
            split,
            one * (positive & wanted).sum(),
            one * wanted.sum(),
            f"{len(peaks)} peaks of the classical finder; not hand-labelled",
        ),
        rate(
            "tiles called Bragg without a classical peak",
            split,
            one * (positive & ~touched).sum(),
            one * (~touched).sum(),
            "some may be spots that the classical finder misses",
        ),
        rate(
            "false tiles",
            "real frame, spots painted out",
            counts,
            np.full_like(counts, scores.size),
            f"{PAINTED_FRAMES} versions of one frame with matched noise",
        ),
        rate(
            "false hits",
            "real frame, spots painted out",
            (counts >= 3).astype(np.int64),
            np.ones_like(counts),
        ),
    ]


def more_spots(prepared: Any) -> npt.NDArray[np.float64]:
    """Return places where anything at all stands out, so that weak spots are painted out too."""
    from napari_sciml.techniques.diffraction.prefilter import LEAST_SIGMA, excess

    return np.asarray(np.argwhere(excess(prepared) >= LEAST_SIGMA) * 2.0 + 1.5, np.float64)


def paint_out(
    frame: npt.NDArray[Any], spots: npt.NDArray[np.float64], dead: npt.NDArray[np.bool_], seed: int
) -> npt.NDArray[Any]:
    """Replace spots by the local background and noise copied from beside them.

    The noise is that of the frame itself, moved by a few tens of pixels and scaled to the local level, so
    that its correlations stay.
    """
    rng = np.random.default_rng(seed)
    prepared = prepare(frame, dead)
    height, width = frame.shape
    background = enlarge(prepared.levels.background, 8)[:height, :width]
    noise = enlarge(prepared.levels.noise, 8)[:height, :width]
    y, x = np.ogrid[:height, :width]
    covered = np.zeros(frame.shape, bool)
    for row, column in spots:
        top, left = (max(int(edge) - SPOT_RADIUS_PX, 0) for edge in (row, column))
        box = slice(top, int(row) + SPOT_RADIUS_PX + 2), slice(left, int(column) + SPOT_RADIUS_PX + 2)
        covered[box] |= (y[box[0]] - row) ** 2 + (x[:, box[1]] - column) ** 2 <= SPOT_RADIUS_PX**2
    residual = np.where(covered | dead, np.nan, (frame - background) / noise)
    filled = np.full(frame.shape, np.nan)
    while np.isnan(filled[covered]).any():
        shift = rng.integers(14, 60, 2) * rng.choice([-1, 1], 2)
        moved = np.roll(residual, tuple(int(step) for step in shift), axis=(0, 1))
        filled = np.where(np.isnan(filled), moved, filled)
    painted = frame.astype(np.float64)
    painted[covered] = (background + filled * noise)[covered]
    if frame.dtype.kind in "ui":
        painted = np.rint(np.maximum(painted, np.iinfo(frame.dtype).min))
    return np.where(dead, frame, painted).astype(frame.dtype)
