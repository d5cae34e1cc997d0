"""The networks' own time in every backend and runtime, and what that does to a whole job.

Plain torch is the network as it stands in `networks`, in the usual layout, float32, with as many threads as
everything else here. All ways of a row are run in turns; the ratios are medians over the rounds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np
import torch

import napari_sciml as sciml
from benchmarks.plain import plain_patches
from benchmarks.timing import in_turns, ratio, show
from napari_sciml.backends import Predictor, open_predictor
from napari_sciml.backends.runtimes import GRAPH_RUNTIMES, installed
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.model import Model
from napari_sciml.networks.normalise.rules import FloatArray
from napari_sciml.networks.receptive_window import WINDOW_PX
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.registry import sample_of

GOAL_NETWORK = 3.0
"""How many times faster than plain torch a network is to be in the best of its ways, for each technique."""
TABLE_VII_GOALS = {
    "torch, channels last": 1.6,
    "onnxruntime float32": 2.3,
    "onnxruntime int8": 3.5,
    "openvino int8": 11.0,
}
STRIDE_1_GOALS = {"torch float32": 12.0, "onnxruntime float32": 21.0, "onnxruntime int8": 44.0}
"""Dense maps at stride 1 over patch-by-patch torch."""
FRAMES = {"cryoem": 4, "diffraction": 12, "gisaxs": 24, "microct": 8}
"""Technique -> frames or slices of its sample in a job."""
PATCHES = 1024
"""Patches that stand for all of a map; the time of the others follows from theirs."""


@dataclass(frozen=True)
class Work:
    """What a network does in one go of its recipe."""

    technique: str
    model: str
    count: int
    edge_px: int = 0
    """Of a field; 0 for images of the model's size."""
    stride: int = 0


WORKS = (
    Work("microct, Table VII", "microct-fiber", 1024),
    Work("microct, map", "microct-fiber-dense", 1, 272, 2),
    Work("diffraction, tiles", "diffraction-bragg", 128),
    Work("gisaxs, images", "gisaxs-lattice", 64),
    Work("cryoem, picking", "cryoem-picker", 1, 1024, 2),
    Work("cryoem, Table III", "cryoem-orientation", 128),
    Work("cryoem, views", "cryoem-orientation-realistic", 64),
)


def measure(rounds: int) -> dict[str, Any]:
    """Time all networks, the map at stride 1 and 4 against patches, and whole jobs."""
    networks = [row for work in WORKS for row in network_rows(work, rounds)]
    maps = [row for stride in (1, 4) for row in map_rows(stride, rounds)]
    return {"networks": networks, "maps": maps, "jobs": job_rows(max(1, rounds // 2))}


def network_rows(work: Work, rounds: int) -> list[dict[str, Any]]:
    """Time one network in every way."""
    model = get_model(work.model)
    images = inputs(model, work)
    ways: dict[str, Callable[[], FloatArray]] = {
        "plain torch": plain(model, images, work.stride, torch.contiguous_format),
        "torch, channels last": plain(model, images, work.stride, torch.channels_last),
        "torch as run": runner(open_predictor(model), work.stride, images),
    }
    for backend in ("float32", "int8"):
        for runtime in filter(installed, GRAPH_RUNTIMES):
            predictor = open_predictor(model, backend, runtime)
            ways[f"{runtime} {backend}"] = runner(predictor, work.stride, images)
    exact = ways["plain torch"]()
    seconds = in_turns(ways, rounds)
    goals = TABLE_VII_GOALS if work.model == "microct-fiber" else {}
    rows = [
        {
            "network": work.technique,
            "way": name,
            "ms": 1e3 * median(seconds[name]),
            "x_plain_torch": ratio(seconds["plain torch"], seconds[name]),
            "goal": goals.get(name),
            **nearness(exact, way()),
        }
        for name, way in ways.items()
    ]
    best = max(rows, key=lambda row: float(row["x_plain_torch"]))
    best["goal"] = best["goal"] or GOAL_NETWORK
    return rows


def inputs(model: Model, work: Work) -> FloatArray:
    """Return normalised images of the kind the network was trained on, repeated as often as is needed."""
    known = model.calibration_images()
    if not work.edge_px:
        return np.resize(known, (work.count, *known.shape[1:]))
    times = -(-work.edge_px // known.shape[1])
    rows = [np.concatenate([known[(r + c) % len(known)] for c in range(times)], axis=1) for r in range(times)]
    return np.concatenate(rows)[np.newaxis, : work.edge_px, : work.edge_px]


def plain(
    model: Model, images: FloatArray, stride: int, layout: torch.memory_format
) -> Callable[[], FloatArray]:
    """Run the torch module itself."""
    module = model.build().to(memory_format=layout)
    batch = torch.from_numpy(np.ascontiguousarray(images[:, np.newaxis])).contiguous(memory_format=layout)

    def run() -> FloatArray:
        with torch.inference_mode():
            logits = module(batch, stride) if stride else module(batch)
            scores: FloatArray = logits.softmax(1).numpy()
        return np.moveaxis(scores, 1, -1).reshape(-1, scores.shape[1])

    return run


def runner(predictor: Predictor, stride: int, images: FloatArray) -> Callable[[], FloatArray]:
    """Run a predictor as recipes do."""
    if not stride:
        return lambda: predictor.classify(images)

    def run() -> FloatArray:
        scores = predictor.field(images[0], stride).scores
        return scores.reshape(-1, scores.shape[-1])

    return run


def nearness(exact: FloatArray, scores: FloatArray) -> dict[str, float]:
    """Return how near scores ``(n, classes)`` are to those of plain torch."""
    return {
        "same_label_percent": 100 * float((exact.argmax(axis=1) == scores.argmax(axis=1)).mean()),
        "largest_difference": float(np.abs(exact - scores).max()),
    }


def map_rows(stride: int, rounds: int) -> list[dict[str, Any]]:
    """Time the dense map of a field of 256 px against plain torch for every window at the same stride."""
    model = get_model("microct-fiber-dense")
    field = inputs(model, Work("", model.name, 1, 256))[0]
    windows = np.lib.stride_tricks.sliding_window_view(field, (WINDOW_PX, WINDOW_PX))[::stride, ::stride]
    total = windows.shape[0] * windows.shape[1]
    flat = np.ascontiguousarray(windows.reshape(total, WINDOW_PX, WINDOW_PX))
    some = flat[:: -(-total // PATCHES)].astype(np.float64)
    spread = np.maximum(some.std(axis=(1, 2), keepdims=True), 1e-6)
    standard = ((some - some.mean(axis=(1, 2), keepdims=True)) / spread).astype(np.float32)
    batch = torch.from_numpy(standard)[:, None].contiguous(memory_format=torch.channels_last)
    label = plain_patches(dict(model.build().state_dict()))

    def one_by_one() -> FloatArray:
        with torch.inference_mode():
            scores: FloatArray = label(batch).numpy()
        return scores

    patches = "patch by patch, plain torch"
    ways: dict[str, Callable[[], FloatArray]] = {patches: one_by_one}
    predictors = {"torch float32": open_predictor(model)}
    for backend in ("float32", "int8"):
        for runtime in filter(installed, GRAPH_RUNTIMES):
            predictors[f"{runtime} {backend}"] = open_predictor(model, backend, runtime)
    ways |= {name: runner(one, stride, field[np.newaxis]) for name, one in predictors.items()}
    seconds = in_turns(ways, rounds)
    seconds[patches] = [each * total / len(some) for each in seconds[patches]]
    exact = ways["torch float32"]()
    return [
        {
            "map": f"256 px, stride {stride}, {total} windows",
            "way": name,
            "ms": 1e3 * median(seconds[name]),
            "x_patches": ratio(seconds[patches], seconds[name]),
            "goal": STRIDE_1_GOALS.get(name) if stride == 1 else None,
            **nearness(exact, exact if name == patches else ways[name]()),
        }
        for name in ways
    ]


def jobs() -> Iterator[tuple[str, ImageSource]]:
    """Yield the samples, simulated ones made beforehand."""
    for technique, frames in FRAMES.items():
        with closing(sample_of(technique).open()) as source:
            pixels = np.asarray(source.read((slice(0, frames),) + (slice(None),) * (source.ndim - 1)))
        yield technique, replace(source, data=pixels)


def job_rows(rounds: int) -> list[dict[str, Any]]:
    """Time whole runs on the samples: float32 in torch against integers in the runtime chosen here."""
    pinned = os.environ.pop("SCIML_RUNTIME", None)
    rows = []
    for technique, source in jobs():
        seconds: dict[str, list[float]] = {"float32": [], "int8": []}
        network: dict[str, list[float]] = {"float32": [], "int8": []}
        record = None
        for number in range(rounds + 1):
            for backend, runtime in (("float32", "torch"), ("int8", "auto")):
                start = time.perf_counter()
                found = sciml.run(technique, source, backend=backend, runtime=runtime)
                # The first round loads libraries, and measures which runtime is best.
                if number:
                    seconds[backend].append(time.perf_counter() - start)
                    assert found.provenance.network is not None
                    network[backend].append(found.provenance.network.milliseconds)
                    record = found.provenance
        assert record is not None
        assert record.network is not None
        rows.append(
            {
                "job": technique,
                "ran": f"{record.backend} in {record.runtime}",
                "float32_s": median(seconds["float32"]),
                "integers_s": median(seconds["int8"]),
                "x_whole_job": ratio(seconds["float32"], seconds["int8"]),
                "x_network": ratio(network["float32"], network["int8"]),
                "same_label_percent": 100 * (record.network.agreement or 0.0),
            }
        )
    if pinned is not None:
        os.environ["SCIML_RUNTIME"] = pinned
    return rows


def main() -> None:
    """Measure these alone: ``python -m benchmarks.quantized``."""
    for rows in measure(5).values():
        show(rows)


if __name__ == "__main__":
    main()
