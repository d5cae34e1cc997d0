"""Compare answers that a run gave with those of plain torch float32."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.backends.predictor import FieldScores
from napari_sciml.networks.model import Model
from napari_sciml.networks.normalise.pixels import FloatArray

Pair = tuple[FloatArray, FloatArray]
"""An image ``(h, w)`` and its answer ``(classes,)``."""
CORNER_PX = 192
"""Edge in pixels of the corner of a tile that is kept for the comparison; set by hand, to save memory."""
HALO_PX = 56
"""Distance from the cut in pixels within which nothing is compared, since the network saw what was cut off;
set by hand."""
IMAGES_AT_ONCE = 16
"""Images that float32 answers in one call, between two looks at the time that is left; set by hand."""
UNUSUAL = 0.25
"""Share of answers up to which labels other than the commonest are counted on their own; set by hand."""
SHARE, AT_LEAST_S = 0.03, 0.1
"""Comparing stops after this share of the run's time, but not before so many seconds; both set by hand."""


@dataclass(frozen=True)
class Agreement:
    """Agreement of answers with those of plain torch float32.

    Attributes
    ----------
    same
        Which labels are the same.
    difference
        Largest difference of a score.
    unusual
        Which answers float32 gives another label than that of nearly all; none if no label is so common.
    """

    same: npt.NDArray[np.bool_]
    difference: float
    unusual: npt.NDArray[np.bool_]

    @property
    def agreement(self) -> float | None:
        """Share of the same labels; None if nothing was compared."""
        return float(self.same.mean()) if len(self.same) else None

    @property
    def unusual_agreement(self) -> float | None:
        """The same among the unusual ones."""
        return float(self.same[self.unusual].mean()) if self.unusual.any() else None


@dataclass(frozen=True)
class Corner:
    """The first pixels of a tile and the scores that belong to them."""

    field: FloatArray
    scores: FloatArray
    stride: int


def corner_of(tile: FloatArray, result: FieldScores) -> Corner:
    """Cut the corner off a tile and its map."""
    kept = [
        length if length <= CORNER_PX else (CORNER_PX - HALO_PX) // result.stride * result.stride
        for length in tile.shape
    ]
    rows, columns = (
        whole if length <= CORNER_PX else part // result.stride
        for whole, length, part in zip(result.scores.shape[:2], tile.shape, kept, strict=True)
    )
    scores = result.scores[:rows, :columns].copy()
    return Corner(tile[:CORNER_PX, :CORNER_PX].copy(), scores, result.stride)


def compare(model: Model, images: list[Pair], corners: list[Corner], run_seconds: float) -> Agreement:
    """Compare stored answers with those that plain torch float32 gives now."""
    if not images and not corners:
        return Agreement(np.zeros(0, bool), 0.0, np.zeros(0, bool))
    from napari_sciml.backends.torch_float import TorchFloat

    exact = TorchFloat(model)
    stop = time.perf_counter() + max(AT_LEAST_S, SHARE * run_seconds)
    answers: list[FloatArray] = []
    wanted: list[FloatArray] = []
    # Those far apart first, in case that the time does not suffice for all.
    order = sorted(range(len(images)), key=lambda n: (n % 8, n))
    for first in range(0, len(order), IMAGES_AT_ONCE):
        if answers and time.perf_counter() > stop:
            break
        part = [images[n] for n in order[first : first + IMAGES_AT_ONCE]]
        wanted.append(exact.classify(np.stack([image for image, _ in part])))
        answers.append(np.stack([answer for _, answer in part]))
    for corner in corners:
        if answers and time.perf_counter() > stop:
            break
        rows, columns, classes = corner.scores.shape
        scores = exact.field(corner.field, corner.stride).scores[:rows, :columns]
        wanted.append(scores.reshape(-1, classes))
        answers.append(corner.scores.reshape(-1, classes))
    found, plain = np.concatenate(answers), np.concatenate(wanted)
    labels = plain.argmax(axis=1)
    unusual = labels != np.bincount(labels).argmax()
    if unusual.mean() > UNUSUAL:
        unusual[:] = False
    return Agreement(found.argmax(axis=1) == labels, float(np.abs(found - plain).max()), unusual)
