"""Our ONNX graphs against those of torch's exporter: nodes, answers, speed, time to write, and int8.

``pip install onnxscript`` first: the exporter needs it and the extra ``fast`` does not have it. Both graphs
are written from the same folded network and run in turns on the model's calibration images.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from importlib.util import find_spec
from typing import Any
from unittest import mock

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from benchmarks.timing import in_turns, ratio, show
from napari_sciml.backends.graph_sessions import Session, failures, open_session
from napari_sciml.backends.graphs import at_stride, statement_of, write_graph
from napari_sciml.backends.graphs.graph_writers import Feed, as_pixels
from napari_sciml.backends.runtimes import GRAPH_RUNTIMES, installed
from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.architectures import architecture_names, new_module
from napari_sciml.networks.codebook.fold import fold
from napari_sciml.networks.model import Model
from napari_sciml.networks.normalise.pixels import FloatArray
from napari_sciml.networks.registry import get_model
from napari_sciml.training.quantisation import integers

MODELS = {
    "cryoem-orientation": (1,),
    "diffraction-bragg": (1,),
    "table-vi": (1,),
    "microct-fiber": (1,),
    "microct-fiber-dense": (1, 2, 4),
    "gisaxs-lattice": (1,),
    "cryoem-picker": (2,),
    "cryoem-orientation-realistic": (1,),
}
"""Model, or untrained network -> strides in pixels: for Table VII every one that its graph serves."""
IMAGES = 32
"""Images in one pass, unless predictors pass fewer; chosen so that a pass takes milliseconds."""
FIELDS = 4
"""Fields in one pass, as many as predictors pass to the picker."""
OPSET = 18
"""Oldest ONNX operator set that the exporter of torch 2.13 writes without converting."""


class Untrained(Model):
    """A network of which no weights are shipped, on the images of a model that is."""

    def build(self, *args: Any, **options: Any) -> nn.Module:
        """Return the network with random weights, always the same."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return new_module(self.architecture).eval()


def model_of(name: str) -> Model:
    """Return a model by its name, or an untrained network by its tag."""
    if name not in architecture_names():
        return get_model(name)
    like = get_model("gisaxs-lattice")
    return Untrained(
        **{field.name: getattr(like, field.name) for field in fields(like)} | {"architecture": name}
    )


class Probabilities(nn.Module):
    """A network with the softmax that our graphs end with, at one stride."""

    def __init__(self, network: nn.Module, stride: int, dense: bool) -> None:
        super().__init__()
        self.network = network
        self.more = (stride,) if dense else ()

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the probabilities along axis 1."""
        scores: Tensor = self.network(pixels, *self.more).softmax(1)
        return scores


def exported(model: Model, stride: int, images: FloatArray) -> onnx.ModelProto:
    """Write a model's graph with torch, of any count and, for dense networks, any size."""
    sizes: dict[int, Any] = {0: torch.export.Dim.DYNAMIC}
    if model.dense:
        sizes |= {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    network = Probabilities(fold(model.build()), stride, model.dense).eval()
    with torch.no_grad():
        program = torch.onnx.export(
            network,
            (torch.from_numpy(np.ascontiguousarray(images[:, np.newaxis])),),
            input_names=["pixels"],
            output_names=["scores"],
            opset_version=OPSET,
            dynamo=True,
            dynamic_shapes=(sizes,),
            verbose=False,
        )
    assert program is not None
    return program.model_proto


def measure(rounds: int) -> list[dict[str, Any]]:
    """Compare every shipped network; nothing where the exporter's package is missing."""
    if find_spec("onnxscript") is None:
        return []
    # It logs each torchvision operator that it does without.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    return [row(model_of(name), stride, rounds) for name, strides in MODELS.items() for stride in strides]


def row(model: Model, stride: int, rounds: int) -> dict[str, Any]:
    """Compare the two graphs of one network."""
    known = model.calibration_images()
    statement = statement_of(model.architecture)
    count = FIELDS if model.dense else min(IMAGES, statement.at_once)
    images = np.resize(known, (count, *known.shape[1:]))
    start = time.perf_counter()
    written = write_graph(model.architecture, model.build())
    ours = at_stride(model.architecture, written.SerializeToString(), stride)
    ours_s = time.perf_counter() - start
    theirs, torch_s, warned = export_recorded(model, stride, images)
    result: dict[str, Any] = {
        "network": f"{model.architecture}, stride {stride}" if model.dense else model.architecture,
        "nodes_ours": len(written.graph.node),
        "nodes_torch": len(theirs.graph.node),
        "only_torch": other_operators(theirs, written),
        "ms_to_write_ours": 1e3 * ours_s,
        "ms_to_write_torch": 1e3 * torch_s,
        "warnings": warned,
    }
    feed = as_pixels(images, stride)
    for runtime in filter(installed, GRAPH_RUNTIMES):
        try:
            session = open_session(runtime, theirs.SerializeToString())
        except SciMLError:
            result[f"any_size_{runtime}"] = "does not load"
            continue
        ways: dict[str, Callable[[], FloatArray]] = {
            "ours": answer(model, open_session(runtime, ours), images, stride),
            "torch": partial(session.run, feed),
        }
        seconds = in_turns({**ways}, rounds)
        others = images[:, :-16, :-32] if model.dense else images
        some = [others[:1], others[:3], np.concatenate([others, others])]
        result[f"any_size_{runtime}"] = serves(model, ours, session, some, stride)
        result[f"difference_{runtime}"] = float(np.abs(ways["ours"]() - ways["torch"]()).max())
        result[f"torch_over_ours_{runtime}"] = ratio(seconds["torch"], seconds["ours"])
    if stride == statement.stride:
        result |= int8_agreements(model, theirs)
    return result


def answer(model: Model, session: Session, images: FloatArray, stride: int) -> Callable[[], FloatArray]:
    """Return what feeds our graph and trims what it gives, as predictors do."""
    statement = statement_of(model.architecture)
    return lambda: statement.trim(session.run(statement.feed(images, stride)), images.shape, stride)


def export_recorded(model: Model, stride: int, images: FloatArray) -> tuple[onnx.ModelProto, float, int]:
    """Export; return the graph, seconds, and how many warnings there were."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.perf_counter()
        graph = exported(model, stride, images)
        seconds = time.perf_counter() - start
    return graph, seconds, len(caught)


def serves(model: Model, ours: bytes, session: Session, some: list[FloatArray], stride: int) -> str:
    """Return whether torch's graph gives what ours gives for other counts and sizes of images."""
    own = open_session("onnxruntime", ours)
    for images in some:
        expected = answer(model, own, images, stride)()
        try:
            scores = session.run(as_pixels(images, stride))
        except failures() as error:
            return type(error).__name__
        if scores.shape != expected.shape:
            return f"no: {scores.shape} for {expected.shape}"
        if not np.allclose(scores, expected, rtol=0, atol=1e-5):
            return "no: other answers"
    return "yes"


def other_operators(graph: onnx.ModelProto, than: onnx.ModelProto) -> str:
    """Name the operators that one graph has and another has not."""
    names = ({node.op_type for node in each.graph.node} for each in (graph, than))
    return ", ".join(sorted(next(names) - next(names)))


def int8_agreements(model: Model, theirs: onnx.ModelProto) -> dict[str, Any]:
    """Make integers of both graphs; return the share of labels that stay as in float32, in percent."""
    images = model.calibration_images()
    seen, others = images[::2], images[1::2]
    statement = statement_of(model.architecture)

    def feeds(model: Model, images: FloatArray) -> Iterator[Feed]:
        return (as_pixels(image[np.newaxis], statement.stride) for image in images)

    def run(graph: bytes, direct: bool) -> FloatArray:
        session = open_session("onnxruntime", graph)
        ways = (
            session.run(as_pixels(image[np.newaxis], statement.stride))
            if direct
            else answer(model, session, image[np.newaxis], statement.stride)()
            for image in others
        )
        return np.concatenate([scores.argmax(1).ravel() for scores in ways])

    exact = run(write_graph(model.architecture, model.build()).SerializeToString(), False)
    result: dict[str, Any] = {}
    ours = integers.quantised(model, seen)
    result["int8_ours"] = 100 * float((run(ours, False) == exact).mean())
    result["int8_layers_ours"] = "{} of {}".format(*integers.count_layers(ours))
    try:
        with mock.patch.multiple(integers, write_graph=lambda *_: theirs, feeds=feeds):
            graph = integers.quantised(model, seen)
        result["int8_torch"] = 100 * float((run(graph, True) == exact).mean())
        result["int8_layers_torch"] = "{} of {}".format(*integers.count_layers(graph))
    except failures() as error:
        result["int8_torch"] = type(error).__name__
    return result


def main() -> None:
    """Measure this alone: ``python -m benchmarks.exporter``."""
    print_rows(measure(15))


def print_rows(rows: list[dict[str, Any]]) -> None:
    """Print the comparison, or why there is none."""
    if not rows:
        print("torch's exporter was not measured: the package onnxscript is not installed.")
        return
    columns = list(dict.fromkeys(name for each in rows for name in each))
    show([{name: each.get(name) for name in columns} for each in rows])


if __name__ == "__main__":
    main()
