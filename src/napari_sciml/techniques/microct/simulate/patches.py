"""Labelled 16x16 patches, cut from reconstructions only.

A patch is a fibre if a fibre's centre lies within 2 px of the patch's centre, and not a fibre from 3 px
on; what lies between is kept apart (`distance_px` says), since no one can label it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from napari_sciml.networks.normalise.rules import robust_affine
from napari_sciml.techniques.microct.simulate.phantom import Phantom

PATCH_PX = 16
"""Edge of a patch in pixels, as in Table VII of the paper."""
CENTRE_PX = (PATCH_PX - 1) / 2
"""Middle of a patch in pixels from its first one."""
POSITIVE_WITHIN_PX = 2.0
"""Distance in pixels of the nearest fibre's centre up to which a patch shows a centred fibre."""
NEGATIVE_FROM_PX = 3.0
"""Distance in pixels from which it shows none; what lies between is left out."""
KINDS = ("fiber", "off-centre", "pore edge", "flat", "anywhere", "between")
SHARES = {
    "fiber": 0.45,
    "off-centre": 0.2,
    "pore edge": 0.05,
    "flat": 0.13,
    "anywhere": 0.12,
    "between": 0.05,
}
"""How often each kind is cut. Real negatives hold many off-centre fibres and much plain matrix."""


@dataclass(frozen=True)
class Patches:
    """Patches with what is known of each; every array has one row for each patch.

    Attributes
    ----------
    images
        ``(n, 16, 16)`` uint8.
    distance_px
        From the patch's centre to the nearest fibre centre in its slice.
    kind
        Index into `KINDS`.
    slab, slice, fiber
        Which specimen, which of its slices, and the nearest fibre (unique over all specimens).
    row, column
        First pixel of the patch.
    offset, gain
        The field-level normalisation of the slice it was cut from: ``(pixel - offset) * gain``.
    """

    images: npt.NDArray[np.uint8]
    distance_px: npt.NDArray[np.float32]
    kind: npt.NDArray[np.int8]
    slab: npt.NDArray[np.int32]
    slice: npt.NDArray[np.int16]
    fiber: npt.NDArray[np.int32]
    row: npt.NDArray[np.int16]
    column: npt.NDArray[np.int16]
    offset: npt.NDArray[np.float32]
    gain: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.images)

    def take(self, index: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> Patches:
        """Return a selection of the patches."""
        return Patches(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    @property
    def labelled(self) -> npt.NDArray[np.bool_]:
        """Whether a patch is clearly a fibre or clearly not."""
        return (self.distance_px <= POSITIVE_WITHIN_PX) | (self.distance_px >= NEGATIVE_FROM_PX)

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """1 where a fibre is centred, else 0."""
        return (self.distance_px <= POSITIVE_WITHIN_PX).astype(np.int64)

    @staticmethod
    def join(parts: list[Patches]) -> Patches:
        """Put several sets one after the other."""
        return Patches(
            **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Patches)}
        )


def cut_patches(phantom: Phantom, count: int, slab: int, rng: np.random.Generator) -> Patches:
    """Cut about `count` patches from all slices of a phantom, in the shares of `SHARES`."""
    depth = len(phantom.volume)
    return Patches.join([cut_slice(phantom, z, count / depth, slab, rng) for z in range(depth)])


def cut_slice(phantom: Phantom, z: int, count: float, slab: int, rng: np.random.Generator) -> Patches:
    """Cut about `count` patches from one slice; those that fall off the sample are left out."""
    size = phantom.volume.shape[1]
    truth = phantom.truth[phantom.truth["z"] == z]
    centers, numbers = truth[["y", "x"]].to_numpy(), truth["fiber"].to_numpy()
    corners, kinds = [], []
    for kind, share in SHARES.items():
        points = propose(kind, phantom, z, centers, round(count * share), rng)
        corners.append(np.round(points - CENTRE_PX).astype(np.int64))
        kinds.append(np.full(len(points), KINDS.index(kind)))
    corner, kind_index = np.concatenate(corners), np.concatenate(kinds)
    middle = corner + CENTRE_PX
    distance, nearest = nearest_fiber(middle, centers)
    keep = ((corner >= 0) & (corner <= size - PATCH_PX)).all(axis=1)
    keep &= np.hypot(*(middle - (size - 1) / 2).T) < 0.49 * size
    keep &= allowed(kind_index, distance)
    corner, kind_index = corner[keep], kind_index[keep]
    windows = np.lib.stride_tricks.sliding_window_view(phantom.volume[z], (PATCH_PX, PATCH_PX))
    offset, gain = robust_affine(phantom.volume[z])
    return Patches(
        images=windows[corner[:, 0], corner[:, 1]],
        distance_px=distance[keep].astype(np.float32),
        kind=kind_index.astype(np.int8),
        slab=np.full(len(corner), slab, np.int32),
        slice=np.full(len(corner), z, np.int16),
        fiber=(slab * 10_000 + numbers[nearest[keep]]).astype(np.int32),
        row=corner[:, 0].astype(np.int16),
        column=corner[:, 1].astype(np.int16),
        offset=np.full(len(corner), offset, np.float32),
        gain=np.full(len(corner), gain, np.float32),
    )


def propose(
    kind: str,
    phantom: Phantom,
    z: int,
    centers: npt.NDArray[np.float64],
    count: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.float64]:
    """Propose patch centres ``(n, 2)`` of one kind."""
    size = phantom.volume.shape[1]
    rings = {"fiber": (0.0, 2.0), "between": (2.0, 3.0), "off-centre": (3.0, 8.0)}
    if kind in rings:
        low, high = rings[kind]
        radius = np.sqrt(rng.uniform(low**2, high**2, count))
        angle = rng.uniform(0, 2 * np.pi, count)
        around: npt.NDArray[np.float64] = centers[rng.integers(len(centers), size=count)]
        shift: npt.NDArray[np.float64] = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)
        return around + shift
    if kind == "anywhere":
        return rng.uniform(0, size, (count, 2))
    solid = phantom.solid[z]
    if kind == "flat":
        candidates = np.argwhere((solid > 0.99) & ~phantom.tow[z])
    else:
        candidates = np.argwhere((solid > 0.2) & (solid < 0.8))
    if len(candidates) == 0:
        return np.empty((0, 2))
    return candidates[rng.integers(len(candidates), size=count)] + rng.uniform(-0.5, 0.5, (count, 2))


def nearest_fiber(
    points: npt.NDArray[np.floating], centers: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return distance to and number of the nearest centre for each point."""
    from scipy.spatial import cKDTree

    distance, nearest = cKDTree(centers).query(points)
    return distance, nearest


def allowed(kind: npt.NDArray[np.integer], distance: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which patches are what they were cut as, after rounding to whole pixels."""
    positive = kind == KINDS.index("fiber")
    between = kind == KINDS.index("between")
    result: npt.NDArray[np.bool_] = np.where(
        positive,
        distance <= POSITIVE_WITHIN_PX,
        np.where(
            between,
            (distance > POSITIVE_WITHIN_PX) & (distance < NEGATIVE_FROM_PX),
            distance >= NEGATIVE_FROM_PX,
        ),
    )
    return result
