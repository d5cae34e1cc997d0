"""Run the picker's network over a whole micrograph, in tiles that overlap, and read its scores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.backends.predictor import Predictor
from napari_sciml.networks.model import Model
from napari_sciml.networks.ours.picker import NATIVE_STRIDE

FloatImage = npt.NDArray[np.float32]
HALO_PX = 56
"""Pixels around a tile that its elements look at; a multiple of 8, so that tiles agree with the field."""
TILE_PX = 1024
"""Edge of a tile in pixels: bounds memory (see `costs`); tiles overlap, so that scores do not depend on
it."""
WINDOW_PX = 98
"""Largest window around the pixel that `classify` labels."""
PARTICLE, JUNK = "particle", "junk"
SMALLEST = 1e-6
"""Scores are clipped this far from 0 and 1 before their logarithm is taken."""


def label_field(predictor: Predictor, image: FloatImage, tile_px: int = TILE_PX) -> FloatImage:
    """Return the probabilities ``(h', w', classes)`` of every second pixel of a normalised micrograph."""
    rows, columns = image.shape
    classes = len(predictor.model.classes)
    result = np.empty((-(-rows // NATIVE_STRIDE), -(-columns // NATIVE_STRIDE), classes), np.float32)
    for top in range(0, rows, tile_px):
        for left in range(0, columns, tile_px):
            seen = (reach(top, rows, tile_px), reach(left, columns, tile_px))
            scores = predictor.field(image[seen], NATIVE_STRIDE).scores
            skip = [
                (start - part.start) // NATIVE_STRIDE for start, part in zip((top, left), seen, strict=True)
            ]
            core = scores[skip[0] :, skip[1] :][: tile_px // NATIVE_STRIDE, : tile_px // NATIVE_STRIDE]
            place = (top // NATIVE_STRIDE, left // NATIVE_STRIDE)
            result[place[0] : place[0] + core.shape[0], place[1] : place[1] + core.shape[1]] = core
    return result


def reach(start: int, length: int, tile_px: int) -> slice:
    """Return the pixels that the elements of a tile from `start` look at."""
    return slice(max(0, start - HALO_PX), min(length, start + tile_px + HALO_PX))


def probability(scores: FloatImage, model: Model) -> FloatImage:
    """Return the probability that a pick with this score is right, by the model's calibration.

    A logistic curve through the log-odds, fitted on simulated fields that played no part in training.
    """
    curve: Mapping[str, Any] = model.card["training"].get("calibration", {"slope": 1.0, "offset": 0.0})
    clipped = np.clip(scores, SMALLEST, 1 - SMALLEST).astype(np.float64)
    odds = np.log(clipped / (1 - clipped)) * curve["slope"] + curve["offset"]
    calibrated: FloatImage = (1 / (1 + np.exp(-odds))).astype(np.float32)
    return calibrated


def centred(images: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Cut images ``(n, h, w)`` to the largest window whose middle is an element of the network's map."""
    cut = [min(length, WINDOW_PX) for length in images.shape[1:]]
    cut = [length - (length - 2) % 4 for length in cut]
    start = [math.floor((length - kept) / 2) for length, kept in zip(images.shape[1:], cut, strict=True)]
    return images[:, start[0] : start[0] + cut[0], start[1] : start[1] + cut[1]]
