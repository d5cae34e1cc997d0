"""`Frame`: one simulated still with everything that is known about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.techniques.diffraction.grid import BOX_PX, BRAGG, label_tiles
from napari_sciml.techniques.diffraction.simulate.background import FieldArray
from napari_sciml.techniques.diffraction.simulate.still import Spots

KINDS = ("crystal", "blank", "artefact", "dark", "half-read", "over-bright", "no beam")
"""What happened in a shot. `crystal`: hit, perhaps too weakly to count; the others hold no crystal."""
MIN_TILES = 3
"""Bragg tiles from which a frame with a crystal is a true hit; with fewer it counts neither way."""


@dataclass(frozen=True)
class Frame:
    """A still and its truth.

    Attributes
    ----------
    image
        ``(h, w)`` int32 grey levels as a detector would save them.
    kind
        One of `KINDS`.
    spots
        Reflections of the crystals with ``snr`` of at least 2.5: ``y, x, photons, snr, d_A``.
    tiles
        ``(rows, columns)`` labels by the rule of `grid`.
    artefacts
        ``(rows, columns)`` bits: which of `ARTEFACTS` stand in a tile.
    """

    image: npt.NDArray[np.int32]
    kind: str
    spots: pd.DataFrame
    tiles: npt.NDArray[np.int8]
    artefacts: npt.NDArray[np.uint16]

    @property
    def counted(self) -> int:
        """Number of tiles that hold Bragg spots by the label rule."""
        return int((self.tiles == BRAGG).sum())

    @property
    def truth(self) -> str:
        """``hit`` with at least three counted tiles, ``maybe`` with a weaker crystal, else ``miss``."""
        if self.kind != "crystal":
            return "miss"
        return "hit" if self.counted >= MIN_TILES else "maybe"


def tabulate(
    spots: Spots, photons: FieldArray, dead: npt.NDArray[np.bool_], read_photons: float
) -> pd.DataFrame:
    """List the reflections that can be seen, with signal over photon noise in their 7 x 7 box.

    Parameters
    ----------
    photons
        Expected photons of the whole frame, the spots included, before the detector.
    dead
        Pixels that record nothing; a reflection whose centre is dead is not listed.
    read_photons
        Read-out noise as an equivalent number of photons (its square adds to the variance).
    """
    half = BOX_PX // 2
    iy, ix = np.rint(spots.y).astype(int), np.rint(spots.x).astype(int)
    height, width = photons.shape
    inside = (iy >= half) & (ix >= half) & (iy < height - half) & (ix < width - half)
    index = np.flatnonzero(inside)
    index = index[~dead[iy[index], ix[index]]]
    chosen = spots.take(index)
    steps = np.arange(-half, half + 1)
    rows, columns = iy[index][:, None, None] + steps[:, None], ix[index][:, None, None] + steps
    alive = ~dead[rows, columns]
    variance = (photons[rows, columns] * alive).sum(axis=(1, 2), dtype=np.float64)
    variance += alive.sum(axis=(1, 2)) * read_photons**2
    # A spot beside a gap counts with the light that was recorded, which lies in the inner 5 x 5 px.
    signal = chosen.photons * in_box(chosen) * alive[:, 1:-1, 1:-1].mean(axis=(1, 2))
    snr = signal / np.sqrt(np.maximum(variance, 1e-9))
    table = pd.DataFrame(
        {"y": chosen.y, "x": chosen.x, "photons": chosen.photons, "snr": snr, "d_A": chosen.d_A}
    )
    return table[table["snr"] >= 2.5].sort_values("snr", ascending=False, ignore_index=True)


def in_box(spots: Spots) -> npt.NDArray[np.float64]:
    """Return the share of a spot that lies in its 7 x 7 box, its axes taken along rows and columns."""
    from scipy.special import erf

    share = 0.95 * np.ones(len(spots))
    for width in (spots.radial, spots.tangential):
        share = share * erf(BOX_PX / 2 / (np.sqrt(2) * np.sqrt(width**2 + 1 / 12)))
    return np.asarray(share)


def truth_of(table: pd.DataFrame, shape: tuple[int, int]) -> npt.NDArray[np.int8]:
    """Label the tiles of a frame from its table of reflections."""
    y, x, snr = (table[name].to_numpy(float) for name in ("y", "x", "snr"))
    return label_tiles(y, x, snr, shape)
