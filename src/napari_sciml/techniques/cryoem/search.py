"""`MicrographSearch`: the picking itself, one micrograph after the other."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.backends.predictor import Predictor
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.frames import frame_count, frame_shape, raw_frame
from napari_sciml.core.image_loop import Search
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.normalise.micrographs import Micrograph
from napari_sciml.networks.ours.picker import CENTRE_PX, NATIVE_STRIDE
from napari_sciml.techniques.cryoem.contrast import OTHER, Contrast, Kind, Vote, majority, spread_over, vote
from napari_sciml.techniques.cryoem.costs import LOOKS
from napari_sciml.techniques.cryoem.decide import DARKER, LIGHTER
from napari_sciml.techniques.cryoem.pick_scale import NETWORK_DIAMETER_PX, SUPPRESSION, PickScale
from napari_sciml.techniques.cryoem.picking.dead_edges import dead_edges
from napari_sciml.techniques.cryoem.picking.laplacian import blob_peaks, blob_response
from napari_sciml.techniques.cryoem.picking.local_maxima import find_peaks
from napari_sciml.techniques.cryoem.picking.network import (
    JUNK,
    PARTICLE,
    label_field,
    probability,
)
from napari_sciml.techniques.cryoem.prepare import FloatImage, Shrunk, shrink
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


@dataclass(frozen=True, eq=False)
class Seen:
    """A micrograph as it is looked at, whichever way its particles lie.

    Attributes
    ----------
    frame
        ``(h, w)`` as it was read.
    shrunk
        The same as small as the pickers see it, in its own contrast.
    normalised, response
        What the network sees of it, and its Laplacian of Gaussian, positive where it is lighter than around.
    vote
        What it says about the contrast.
    """

    frame: npt.NDArray[np.generic]
    shrunk: Shrunk
    normalised: FloatImage
    response: FloatImage
    vote: Vote


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
    contrast
        What particles were taken for, and why; None before the search.
    votes
        What each micrograph said about it so far.
    defects
        What is broken in each micrograph that has defects, in words.
    advice
        What to do next if there is not one pick, in a sentence; empty otherwise.
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
        self.contrast: Contrast | None = None
        self.votes: dict[int, Vote] = {}
        self.defects: dict[int, str] = {}
        self.advice = ""
        self._first: tuple[int, Seen] | None = None
        self.step = tuple(a / b for a, b in zip(frame_shape(source), small, strict=True))

    def run(self, cancel: CancelToken) -> Generator[Progress, None, None]:
        """Pick in micrograph after micrograph, yielding after each.

        Raises
        ------
        SciMLError
            If not one micrograph could be used.
        """
        yield from self._settle_contrast(cancel)
        yield from self.each(range(self.total), self.search, cancel)
        if self.found and not cancel.cancelled and not any(map(self._counting, self.found)):
            self.advice = self._advise()

    def search(self, number: int) -> Iterator[None]:
        """Pick in one micrograph of the source, yielding when it is done."""
        seen = self._look(number)
        self.votes[number] = seen.vote
        if seen.shrunk.defects:
            self.defects[number] = seen.shrunk.defects
        # Settled before, except where no micrograph could be looked at ahead.
        self.contrast = self.contrast or majority([seen.vote])
        picked = self.pick(seen, self.contrast.kind, self._settings.mask_junk)
        self.masks[number] = picked.mask
        picked.table.insert(0, "frame", number)
        self.found.append(picked.table)
        yield

    def _settle_contrast(self, cancel: CancelToken) -> Generator[Progress, None, None]:
        """Decide what particles are taken for, from a few micrographs of the series."""
        if self._settings.contrast != "auto":
            self.contrast = Contrast(self._settings.contrast, "as you said")
            return
        votes = []
        for number in spread_over(self.total, LOOKS):
            if cancel.cancelled:
                return
            try:
                votes.append(self._look(number).vote)
            except SciMLError:
                # It is left out, and told, when its turn comes.
                continue
            yield self._progress()
        if votes:
            self.contrast = majority(votes)

    def _look(self, number: int) -> Seen:
        if self._first is not None and self._first[0] == number:
            return self._first[1]
        seen = self.look(raw_frame(self._source, number))
        # The first is looked at twice, and often is the only one.
        self._first = self._first or (number, seen)
        return seen

    def _counting(self, table: pd.DataFrame) -> int:
        return int((table["score"] >= self._settings.threshold).sum())

    def _advise(self) -> str:
        """Return what to do after a search without a pick, from other settings tried on one micrograph."""
        assert self.contrast is not None
        number, other = next(iter(self.votes)), OTHER[self.contrast.kind]
        seen, junk = self._look(number), self._settings.mask_junk
        tried = {f"contrast {other}": self._counting(self.pick(seen, other, junk).table)}
        if junk:
            tried["mask_junk off"] = self._counting(self.pick(seen, self.contrast.kind, False).table)
        if self._settings.picker == "network":
            blobs = self.pick(seen, self.contrast.kind, False, network=False)
            tried["picker log and mask_junk off"] = self._counting(blobs.table)
        best = max(tried, key=lambda name: tried[name])
        where = "" if self.total == 1 else f" in micrograph {number}"
        if tried[best]:
            return f"with {best} there would be {tried[best]}{where}: try that"
        below = sum(map(len, self.found))
        lower = f"lower the threshold, {below} candidates lie below it, or " if below else ""
        return (
            f"with {' or '.join(tried)} there would be none{where} either: {lower}check the particle diameter"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided about contrast and defects, for the record."""
        if self.contrast is None:
            return ()
        said = LIGHTER if self.contrast.kind == "light" else DARKER
        return (f"{said} than the ice ({self.contrast.reason})", *self._defect_notes())

    def _defect_notes(self) -> tuple[str, ...]:
        if not self.defects:
            return ()
        number, what = next(iter(self.defects.items()))
        many = f" of {len(self.defects)} of {self.done} micrographs (first: micrograph {number})"
        return (f"defects of the detector were left out{many if self.total > 1 else ''}: {what}",)

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a person should look at: no picks, and micrographs that say the opposite of their series."""
        none = (f"No particle was found; {self.advice}.",) if self.advice else ()
        if self.contrast is None or self._settings.contrast != "auto":
            return none
        other = OTHER[self.contrast.kind]
        against = [number for number, said in self.votes.items() if said.kind == other]
        if not against:
            return none
        most = 2 * len(against) > sum(said.kind is not None for said in self.votes.values())
        todo = f"run again with contrast {other}" if most else "look at them, or run them alone"
        many = f"{len(against)} of {len(self.votes)} micrographs (first: micrograph {against[0]})"
        return (*none, f"Particles look {other} in {many}, unlike in the series: {todo}.")

    def look(self, frame: npt.NDArray[np.generic]) -> Seen:
        """Prepare one micrograph ``(h, w)``.

        Raises
        ------
        SciMLError
            If its pixels cannot be used.
        """
        shrunk = shrink(frame, self._scale.downsampling, bright=True)
        normalised = self._rule.apply(shrunk.image[np.newaxis])[0]
        response = blob_response(normalised)
        dead = shrunk.broken | enlarged(self.edges_mask(frame, shrunk), normalised.shape)
        return Seen(frame, shrunk, normalised, response, vote(response, dead))

    def pick(self, seen: Seen, contrast: Kind, mask_junk: bool, network: bool = True) -> Picked:
        """Pick in one micrograph, also where junk lies unless `mask_junk`, and as blobs unless `network`."""
        sign = np.float32(1 if contrast == "light" else -1)
        shrunk, normalised, response = seen.shrunk, sign * seen.normalised, sign * seen.response
        # Elements of the network's map lie between two pixels.
        scores = None
        mask = shrunk.broken[::NATIVE_STRIDE, ::NATIVE_STRIDE].copy()
        if mask_junk:
            mask |= self.edges_mask(seen.frame, shrunk)
        if self._predictor is not None and (network or mask_junk):
            labels = label_field(self._predictor, normalised)
            classes = self._predictor.model.classes
            if mask_junk and JUNK in classes:
                mask |= labels[..., classes.index(JUNK)] > JUNK_LIMIT
            if network and self._settings.picker == "network":
                scores = probability(labels[..., classes.index(PARTICLE)], self._predictor.model)
        if scores is not None:
            places, values = find_peaks(scores, self.spacing(NATIVE_STRIDE), self._floor, mask)
            places = places * NATIVE_STRIDE + CENTRE_PX
        else:
            fine = enlarged(mask, normalised.shape)
            places, values = blob_peaks(response, self.spacing(1), self._floor, fine)
        # Between the outermost element and the edge there is half an element.
        positions = np.clip(shrunk.to_micrograph(places), 0, np.subtract(seen.frame.shape, 1))
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
