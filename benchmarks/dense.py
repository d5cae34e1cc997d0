"""The dense map against patch-by-patch evaluation at stride 1: the same weights, the same answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from benchmarks.images import texture
from benchmarks.plain import BATCH, plain_patches
from benchmarks.timing import in_turns, ratio
from napari_sciml.backends import Predictor, open_predictor
from napari_sciml.core.tiling import plan_tiles
from napari_sciml.networks.model import Model
from napari_sciml.networks.normalise.rules import FloatArray
from napari_sciml.networks.receptive_window import WINDOW_PX
from napari_sciml.techniques.microct.recipe import TILE_PX

FIELD_PX = 2 * (TILE_PX - WINDOW_PX) + WINDOW_PX
"""Edge of the field: four full tiles."""
PATCHES = 8 * BATCH
TARGETS = {"torch": 12.0, "onnxruntime": 21.0}
"""How many times faster than plain patches the dense map is to be."""


def measure(model: Model, rounds: int) -> dict[str, Any]:
    """Time both ways and check that they agree."""
    image = texture(FIELD_PX, FIELD_PX)
    field = model.normalise(image[np.newaxis])[0]
    windows = np.lib.stride_tricks.sliding_window_view(image, (WINDOW_PX, WINDOW_PX))
    chosen = np.random.default_rng(0).choice(windows.shape[0] * windows.shape[1], PATCHES, replace=False)
    rows, columns = np.unravel_index(chosen, windows.shape[:2])
    cut = windows[rows, columns].astype(np.float64)
    spread = cut.std(axis=(1, 2), keepdims=True)
    standardised = ((cut - cut.mean(axis=(1, 2), keepdims=True)) / spread).astype(np.float32)
    patches = torch.from_numpy(standardised)[:, None].contiguous(memory_format=torch.channels_last)

    label = plain_patches(dict(model.build().state_dict()))
    predictors = {runtime: open_predictor(model, runtime=runtime) for runtime in TARGETS}

    def plain() -> FloatArray:
        with torch.inference_mode():
            scores: FloatArray = torch.cat([label(part) for part in patches.split(BATCH)]).numpy()
        return scores

    ways: dict[str, Any] = {"patches, plain torch": plain}
    for runtime, predictor in predictors.items():
        ways[f"patches, {runtime} as `classify` runs it"] = lambda p=predictor: p.classify(standardised)
    for runtime, predictor in predictors.items():
        ways[f"dense map, {runtime}"] = lambda p=predictor: dense_map(p, field)

    expected = plain()
    for name in list(ways)[1:]:
        scores = ways[name]()
        answers = scores[rows, columns] if scores.ndim == 3 else scores
        worst = float(np.abs(answers - expected).max())
        if worst > 1e-5:
            raise AssertionError(f"{name} differs from plain patches by {worst:.1e}")

    seconds = in_turns(ways, rounds)
    baseline = [s / PATCHES for s in seconds["patches, plain torch"]]
    elements = windows.shape[0] * windows.shape[1]
    table = []
    for name, spent in seconds.items():
        each = [s / (elements if name.startswith("dense") else PATCHES) for s in spent]
        runtime = name.removeprefix("dense map, ")
        table.append(
            {
                "way": name,
                "us_per_element": min(each) * 1e6,
                "times_faster": ratio(baseline, each),
                "target": TARGETS.get(runtime) if name.startswith("dense") else None,
            }
        )
    return {"field_px": FIELD_PX, "tile_px": TILE_PX, "batch": BATCH, "patches": PATCHES, "rows": table}


def dense_map(predictor: Predictor, field: FloatArray) -> FloatArray:
    """Label every window of a field, tile by tile as a run does."""
    edge = field.shape[0] - WINDOW_PX + 1
    scores = np.empty((edge, edge, len(predictor.model.classes)), np.float32)
    for tile in plan_tiles((field.shape[0], field.shape[1]), WINDOW_PX, 1, TILE_PX):
        scores[tile.core] = predictor.field(field[tile.padded], 1).scores
    return scores
