"""From a float32 model to integers: 8 bits for weights and activations, ranges seen on training images.

The result is one ONNX file in which quantising and dequantising are written out as nodes; ONNX Runtime and
OpenVINO both turn them into true integer arithmetic.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from napari_sciml.backends.graph_predictor import GraphPredictor
from napari_sciml.backends.graphs import statement_of, write_graph
from napari_sciml.backends.graphs.graph_writers import Feed
from napari_sciml.backends.predictor import Predictor
from napari_sciml.backends.runtimes import check_installed
from napari_sciml.backends.torch_float import TorchFloat
from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.card import VariantRecord
from napari_sciml.networks.model import Model, Variant
from napari_sciml.networks.normalise.pixels import FloatArray
from napari_sciml.networks.saving import add_variant
from napari_sciml.training.quantisation.agreement import agreement

FILE = "int8.onnx"
LAYERS = ("Conv", "Gemm", "MatMul")


@dataclass(frozen=True)
class Care:
    """What a network needs so that it survives.

    Attributes
    ----------
    kept
        Steps that stay in floating point.
    only
        If given, the only steps that become integers.
    percentile
        Largest share of the activations, in percent, that must fit; the few beyond are clipped.
    """

    kept: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    percentile: float = 100.0


CARE = {
    # Contrast varies by a hundred from window to window, and is only divided out afterwards.
    "table-vii-dense": Care(kept=("conv1", "relu1", "features"), percentile=99.8),
    # A few per cent of the work, but all that is known about the pixels goes through it.
    "lattice-net": Care(kept=("conv1", "placed", "relu1")),
    # With its filters in 8 bits, one in twenty labels changes; logarithms and gains need more in any case.
    "orientation-net": Care(only=("cosines", "sines")),
}


def make_int8(
    model: Model, images: FloatArray, folder: Path, *, others: FloatArray | None = None, command: str = ""
) -> Variant:
    """Make a variant of integers and store it beside the weights of a model.

    Parameters
    ----------
    images
        Normalised training images ``(n, h, w)``, or fields; they give the ranges of the activations.
    folder
        The model's folder.
    others
        Images to compare with float32; if None, every second one of `images` is kept for that.
    command
        For the record.

    Raises
    ------
    SciMLError
        If ONNX Runtime is not there, there are too few images, not one layer could be converted, or the
        folder cannot be written.
    """
    check_installed("onnxruntime")
    if others is None:
        images, others = images[::2], images[1::2]
    if not len(images) or not len(others):
        raise SciMLError(
            "Integers need at least two calibration images: one to find ranges with, one to compare with",
            "give more images",
        )
    graph = quantised(model, images)
    converted, total = count_layers(graph)
    if not converted:
        raise SciMLError(
            f"Not one layer of {model.name} could be converted to integers", "use the backend float32"
        )
    record = VariantRecord(
        file=FILE,
        sha256="",
        note=f"{converted} of {total} layers in integers, calibrated on {len(images)} training "
        f"{'fields' if model.dense else 'images'}",
        metrics=agreement(
            answers(TorchFloat(model), others),
            answers(GraphPredictor(model, "int8", "onnxruntime", graph), others),
            dense=model.dense,
        ),
        command=command,
    )
    return add_variant(folder, "int8", FILE, graph, record)


def quantised(model: Model, images: FloatArray) -> bytes:
    """Return the graph of a model with its layers in integers.

    Weights have 7 bits, so that processors which add up products of 8 bits in 16 do not overflow.
    """
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    care = CARE.get(model.architecture, Care())
    clipped = care.percentile < 100
    with tempfile.TemporaryDirectory() as work, contextlib.redirect_stdout(io.StringIO()):
        before, ready, after = (str(Path(work) / f"{step}.onnx") for step in ("before", "ready", "after"))
        onnx.save(write_graph(model.architecture, model.build()), before)
        quant_pre_process(before, ready, skip_symbolic_shape=True)
        quantization.quantize_static(
            ready,
            after,
            feeder(feeds(model, images)),
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            calibrate_method=quantization.CalibrationMethod.Percentile
            if clipped
            else quantization.CalibrationMethod.MinMax,
            nodes_to_exclude=list(care.kept),
            nodes_to_quantize=list(care.only) or None,
            extra_options={"CalibPercentile": care.percentile} if clipped else {},
        )
        return Path(after).read_bytes()


def feeds(model: Model, images: FloatArray) -> Iterator[Feed]:
    """Yield the inputs of a model's graph, an image at a time."""
    statement = statement_of(model.architecture)
    for image in images:
        yield statement.feed(image[np.newaxis], statement.stride)


def feeder(inputs: Iterable[Feed]) -> Any:
    """Wrap inputs as the quantiser wants them."""
    from onnxruntime.quantization import CalibrationDataReader

    class Feeder(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._inputs = iter(inputs)

        def get_next(self) -> Feed | None:
            return next(self._inputs, None)

    return Feeder()


def count_layers(graph: bytes) -> tuple[int, int]:
    """Count the layers that multiply integers, and all layers with weights of their own."""
    nodes = onnx.load_from_string(graph).graph
    made_by = {output: node.op_type for node in nodes.node for output in node.output}
    constants = {constant.name for constant in nodes.initializer}
    stored = {
        node.output[0]
        for node in nodes.node
        if node.op_type == "DequantizeLinear" and node.input[0] in constants
    }
    layers = [node for node in nodes.node if node.op_type in LAYERS]
    weighted = [node for node in layers if any(name in constants | stored for name in node.input[:2])]
    converted = [
        node for node in weighted if all(made_by.get(name) == "DequantizeLinear" for name in node.input[:2])
    ]
    return len(converted), len(weighted)


def answers(predictor: Predictor, images: FloatArray) -> FloatArray:
    """Return the probabilities ``(n, classes)`` of images, or of all elements of the maps of fields."""
    model = predictor.model
    if not model.dense:
        return predictor.classify(images)
    stride = statement_of(model.architecture).stride
    return np.concatenate(
        [predictor.field(field, stride).scores.reshape(-1, len(model.classes)) for field in images]
    )
