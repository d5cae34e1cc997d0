"""`MicrographSearch`: the picking itself, one micrograph after the other."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.backends.predictor import Predictor
from napari_sciml.core.frames import frame_count, frame_shape, raw_frame
from napari_sciml.core.image_loop import Search
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.normalise.micrographs import Micrograph
from napari_sciml.networks.ours.picker import CENTRE_PX, NATIVE_STRIDE
from napari_sciml.techniques.cryoem.pick_scale import NETWORK_DIAMETER_PX, SUPPRESSION, PickScale
from napari_sciml.techniques.cryoem.picking.dead_edges import dead_edges
from napari_sciml.techniques.cryoem.picking.laplacian import blob_response, blob_scores
from napari_sciml.techniques.cryoem.picking.local_maxima import find_peaks
from napari_sciml.techniques.cryoem.picking.network import (
    JUNK,
    PARTICLE,
    label_field,
    probability,
)
from napari_sciml.techniques.cryoem.prepare import Shrunk, is_bright, shrink
from napari_sciml.techniques.cryoem.settings import CryoEMSettings

LOWEST_FLOOR = 0.05
"""Picks below this are not kept as candidates, unless the threshold itself is lower."""
JUNK_LIMIT = 0.5
"""Probability of the class junk above which a pixel is masked: the more likely half."""
COLUMNS = ("frame", "y", "x", "score")
BoolImage = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Picked:
    """The picks of one micrograph and what was left out of it.

    Attributes
    ----------
    table
        ``y, x, score`` in pixels of the micrograph, best first.
    mask
        ``(h', w')`` True where nothing was picked; every second pixel of the shrunk image.
    """

    table: pd.DataFrame
    mask: BoolImage


class MicrographSearch(Search):
    """Picks the particles of every micrograph of a source.

    Parameters
    ----------
    predictor
        What runs the network; None for the Laplacian of Gaussian without a mask.

    Attributes
    ----------
    found
        The picks of each micrograph so far.
    masks
        ``(frames, h', w')`` uint8, 1 where nothing was picked.
    contrast, contrast_reason
        What particles were taken for, and why; known after the first micrograph.
    """

    def __init__(
        self,
        source: ImageSource,
        scale: PickScale,
        settings: CryoEMSettings,
        predictor: Predictor | None,
        floor: float,
    ) -> None:
        super().__init__(source.name, frame_count(source), "micrographs")
        self._source, self._scale, self._settings = source, scale, settings
        self._predictor, self._floor = predictor, floor
        # The blob finder sees what the network would see.
        self._rule = Micrograph() if predictor is None else predictor.model.rule
        small = [max(8, round(length / scale.downsampling)) for length in frame_shape(source)]
        self.masks = np.zeros((self.total, *(-(-length // NATIVE_STRIDE) for length in small)), np.uint8)
        self.found: list[pd.DataFrame] = []
        self.contrast = ""
        self.contrast_reason = ""
        self.step = tuple(a / b for a, b in zip(frame_shape(source), small, strict=True))

    def run(self, cancel: CancelToken) -> Generator[Progress, None, None]:
        """Pick in micrograph after micrograph, yielding after each.

        Raises
        ------
        SciMLError
            If not one micrograph could be used.
        """
        yield from self.each(range(self.total), self.search, cancel)

    def search(self, number: int) -> Iterator[None]:
        """Pick in one micrograph of the source, yielding when it is done."""
        picked = self.pick(raw_frame(self._source, number))
        self.masks[number] = picked.mask
        picked.table.insert(0, "frame", number)
        self.found.append(picked.table)
        yield

    def pick(self, frame: npt.NDArray[np.generic]) -> Picked:
        """Pick in one micrograph ``(h, w)``.

        Raises
        ------
        SciMLError
            If its pixels cannot be used.
        """
        shrunk = shrink(frame, self._scale.downsampling, bright=True)
        normalised = self._rule.apply(shrunk.image[np.newaxis])[0]
        response = blob_response(normalised)
        if not self.contrast:
            bright, reason = is_bright(normalised, response, self._settings.contrast)
            self.contrast, self.contrast_reason = ("light" if bright else "dark"), reason
        if self.contrast == "dark":
            normalised, response = -normalised, -response
        # Elements of the network's map lie between two pixels.
        scores = None
        mask = np.zeros(self.masks.shape[1:], bool)
        if self._settings.mask_junk:
            mask |= self.edges_mask(frame, shrunk)
        if self._predictor is not None:
            labels = label_field(self._predictor, normalised)
            classes = self._predictor.model.classes
            if self._settings.mask_junk and JUNK in classes:
                mask |= labels[..., classes.index(JUNK)] > JUNK_LIMIT
            if self._settings.picker == "network":
                scores = probability(labels[..., classes.index(PARTICLE)], self._predictor.model)
        if scores is not None:
            places, values = find_peaks(scores, self.spacing(NATIVE_STRIDE), self._floor, mask)
            places = places * NATIVE_STRIDE + CENTRE_PX
        else:
            fine = enlarged(mask, normalised.shape)
            places, values = find_peaks(blob_scores(response, fine), self.spacing(1), self._floor, fine)
        # Between the outermost element and the edge there is half an element.
        positions = np.clip(shrunk.to_micrograph(places), 0, np.subtract(frame.shape, 1))
        table = pd.DataFrame({"y": positions[:, 0], "x": positions[:, 1], "score": values.astype(float)})
        return Picked(table, mask)

    @staticmethod
    def spacing(stride: int) -> float:
        """Return the smallest distance of two picks in elements of a map."""
        return SUPPRESSION * NETWORK_DIAMETER_PX / stride

    def edges_mask(self, frame: npt.NDArray[np.generic], shrunk: Shrunk) -> BoolImage:
        """Mask the dead edges of a micrograph."""
        top, bottom, left, right = dead_edges(frame)
        mask = np.ones(self.masks.shape[1:], bool)
        rows = np.arange(mask.shape[0]) * NATIVE_STRIDE * shrunk.step[0]
        columns = np.arange(mask.shape[1]) * NATIVE_STRIDE * shrunk.step[1]
        alive_rows = (rows >= top) & (rows < frame.shape[0] - bottom)
        alive_columns = (columns >= left) & (columns < frame.shape[1] - right)
        mask[np.ix_(alive_rows, alive_columns)] = False
        return mask


def enlarged(mask: BoolImage, shape: tuple[int, ...]) -> BoolImage:
    """Return the mask for every pixel of the shrunk image."""
    return np.repeat(np.repeat(mask, NATIVE_STRIDE, 0), NATIVE_STRIDE, 1)[: shape[0], : shape[1]]


def gather(found: list[pd.DataFrame]) -> pd.DataFrame:
    """Join the picks of all micrographs into the table of candidates ``frame, y, x, score``."""
    rows = [table for table in found if len(table)]
    if not rows:
        return pd.DataFrame({name: np.empty(0) for name in COLUMNS}).astype({"frame": np.int64})
    return pd.concat(rows, ignore_index=True)[list(COLUMNS)].astype({"frame": np.int64})
