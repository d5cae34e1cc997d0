"""Run a picker over simulated fields and rank what it finds against their truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from torch import nn

from napari_sciml.networks.normalise.micrographs import Micrograph
from napari_sciml.networks.ours.picker import CENTRE_PX, NATIVE_STRIDE
from napari_sciml.techniques.cryoem.evaluate.scoring import IOU_HALF, Ranked, inside, rank
from napari_sciml.techniques.cryoem.pick_scale import NETWORK_DIAMETER_PX, SUPPRESSION
from napari_sciml.techniques.cryoem.picking.laplacian import blob_peaks, blob_response
from napari_sciml.techniques.cryoem.picking.local_maxima import find_peaks
from napari_sciml.techniques.cryoem.search import JUNK_LIMIT
from napari_sciml.techniques.cryoem.train.picker.fields import Field

FloatImage = npt.NDArray[np.float32]
Picks = tuple[npt.NDArray[np.float64], FloatImage]
FLOOR = 0.02
"""Score below which nothing is ranked."""
MARGIN_PX = NETWORK_DIAMETER_PX * 0.75
"""Picks and particles nearer to the rim of a field do not count."""


def network_picks(module: nn.Module, normalised: FloatImage, use_junk: bool = True) -> Picks:
    """Return places ``(n, 2)`` and raw scores of the network in one normalised field."""
    import torch

    with torch.inference_mode():
        labels = module(torch.from_numpy(normalised)[None, None]).softmax(1)[0].numpy()
    mask = labels[2] > JUNK_LIMIT if use_junk else None
    spacing = SUPPRESSION * NETWORK_DIAMETER_PX / NATIVE_STRIDE
    places, scores = find_peaks(labels[1], spacing, FLOOR, mask)
    return places * NATIVE_STRIDE + CENTRE_PX, scores


def blob_picks(normalised: FloatImage) -> Picks:
    """Return places and scores of the Laplacian of Gaussian."""
    return blob_peaks(blob_response(normalised), SUPPRESSION * NETWORK_DIAMETER_PX, FLOOR)


def rank_fields(pick: Callable[[FloatImage], Picks], fields: Sequence[Field]) -> list[Ranked]:
    """Rank the picks of each field; the tolerance is an intersection over union of 1/2."""
    rule = Micrograph()
    ranked = []
    for field in fields:
        places, scores = pick(rule.apply(field.image[np.newaxis])[0])
        shape = (field.image.shape[0], field.image.shape[1])
        kept, true = inside(places, shape, MARGIN_PX), field.places[inside(field.places, shape, MARGIN_PX)]
        ranked.append(rank(places[kept], scores[kept], true, IOU_HALF * NETWORK_DIAMETER_PX))
    return ranked
