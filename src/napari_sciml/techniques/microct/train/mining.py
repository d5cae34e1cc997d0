"""Hard negatives: where a dense model that has learnt from patches says "fibre" on a whole slice and errs.

Patches drawn by kind hold too few of the places that a map is made of: small round pores, gaps between
three fibres, grainy matrix. So the model looks at whole slices of fresh specimens, and what it wrongly
marks is added to what it learns from.
"""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from napari_sciml.core.progress import Progress
from napari_sciml.networks.normalise.rules import robust_affine
from napari_sciml.techniques.microct.simulate.patches import (
    CENTRE_PX,
    KINDS,
    PATCH_PX,
    Patches,
    cut_patches,
    nearest_fiber,
)
from napari_sciml.techniques.microct.simulate.phantom import Phantom, simulate_volume
from napari_sciml.techniques.microct.simulate.spec import random_spec
from napari_sciml.techniques.microct.train.dataset import (
    DEGRADED_FROM,
    DatasetSpec,
    read_patches,
    store_patches,
)

FIRST_SLAB = 5_000
"""Specimens for mining have these numbers; neither training nor testing draws them."""
LOWEST_SCORE = 0.15
"""Probability from which a wrong maximum is worth learning from."""
FARTHER_THAN_PX = 3.5
"""Distance in pixels from every fibre from which a maximum is wrong."""
ORDINARY_PER_ERROR = 3
"""Ordinary patches for each error, so that what was learnt is not forgotten."""
STANDARD_TWICE = 2
"""How often errors on undegraded specimens are shown."""
DEGRADED_SHARE = 0.25
"""Errors on standard scans count twice, and of those on degraded scans a quarter is kept: there, much that
looks wrong is merely hard to see, and a model that learns all of it becomes blind to faint fibres."""
STRIDE = 2
"""Pixels between neighbouring windows when errors are looked for: that of a run."""


def mine(
    checkpoint: Path, spec: DatasetSpec, specimens: int, cache: Path, workers: int = 2
) -> Generator[Progress, None, Patches]:
    """Look for errors on `specimens` fresh scans of each family; gives patches to learn from.

    Most of what comes back are ordinary patches of the same scans, so that fibres are not forgotten.
    """
    numbers = [*range(FIRST_SLAB, FIRST_SLAB + specimens)]
    numbers += [DEGRADED_FROM + number for number in numbers]
    cache.mkdir(parents=True, exist_ok=True)
    jobs = [(checkpoint, spec, number, cache) for number in numbers]
    with ProcessPoolExecutor(workers) as pool:
        for done, _ in enumerate(pool.map(mine_slab, jobs), start=1):
            yield Progress(done, len(jobs), "specimens searched")
    errors = Patches.join([read_patches(file_of(cache, "errors", number)) for number in numbers])
    degraded = errors.slab >= DEGRADED_FROM
    kept = np.random.default_rng([spec.seed, 2]).random(len(errors)) < DEGRADED_SHARE
    ordinary = [read_patches(file_of(cache, "ordinary", number)) for number in numbers]
    return Patches.join([*[errors.take(~degraded)] * STANDARD_TWICE, errors.take(degraded & kept), *ordinary])


def file_of(cache: Path, what: str, number: int) -> Path:
    """Name the file for the patches of one specimen."""
    return cache / f"{what}-{number:05d}.npz"


def mine_slab(geometry: tuple[Path, DatasetSpec, int, Path]) -> None:
    """Simulate one specimen and store the model's errors on it, unless that was done before."""
    import torch

    from napari_sciml.networks.paper.table_vii_dense import TableVIIDense

    checkpoint, spec, number, cache = geometry
    if file_of(cache, "errors", number).is_file():
        return
    torch.set_num_threads(1)
    module = TableVIIDense()
    module.load_state_dict(torch.load(checkpoint, weights_only=True)["module"])
    rng = np.random.default_rng([spec.seed, number])
    scan = random_spec(rng, spec.size_px, slices=2, degraded=number >= DEGRADED_FROM)
    phantom = simulate_volume(scan, seed=int(rng.integers(2**31)))
    depth = len(phantom.volume)
    errors = Patches.join([find_errors(module.eval(), phantom, z, number) for z in range(depth)])
    ordinary = cut_patches(phantom, ORDINARY_PER_ERROR * len(errors) + 200, number, rng)
    store_patches(ordinary, file_of(cache, "ordinary", number))
    store_patches(errors, file_of(cache, "errors", number))


def find_errors(module: object, phantom: Phantom, z: int, slab: int) -> Patches:
    """Cut a patch at every local maximum of the map that is far from all fibres."""
    from scipy.ndimage import maximum_filter

    image = phantom.volume[z]
    offset, gain = robust_affine(image)
    scores = field_scores(module, (image.astype(np.float32) - offset) * gain)
    peaks = (scores == maximum_filter(scores, 5)) & (scores > LOWEST_SCORE)
    corner = np.argwhere(peaks) * STRIDE
    truth = phantom.truth[phantom.truth["z"] == z]
    distance, nearest = nearest_fiber(corner + CENTRE_PX, truth[["y", "x"]].to_numpy())
    wrong = distance > FARTHER_THAN_PX
    corner, distance, nearest = corner[wrong], distance[wrong], nearest[wrong]
    windows = np.lib.stride_tricks.sliding_window_view(image, (PATCH_PX, PATCH_PX))
    count = len(corner)
    return Patches(
        images=windows[corner[:, 0], corner[:, 1]],
        distance_px=distance.astype(np.float32),
        kind=np.full(count, KINDS.index("anywhere"), np.int8),
        slab=np.full(count, slab, np.int32),
        slice=np.full(count, z, np.int16),
        fiber=(slab * 10_000 + truth["fiber"].to_numpy()[nearest]).astype(np.int32),
        row=corner[:, 0].astype(np.int16),
        column=corner[:, 1].astype(np.int16),
        offset=np.full(count, offset, np.float32),
        gain=np.full(count, gain, np.float32),
    )


def field_scores(module: object, field: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the probability of a fibre on the grid of every second window ``(h', w')``."""
    import torch

    with torch.inference_mode():
        logits = module(torch.from_numpy(field)[None, None], STRIDE)  # type: ignore[operator]
        scores: npt.NDArray[np.float32] = logits.softmax(dim=1)[0, 1].numpy()
    return scores
