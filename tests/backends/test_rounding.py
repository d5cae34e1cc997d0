"""Graphs of integers give the same answers whichever library computes them."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the optional extra fast is not installed")
pytest.importorskip("onnxruntime", reason="the optional extra fast is not installed")
pytest.importorskip("openvino", reason="the optional extra fast is not installed")

import onnx
from onnx import TensorProto, helper, numpy_helper

from napari_sciml.backends import open_predictor
from napari_sciml.backends.graph_sessions import open_session
from napari_sciml.backends.graphs.rounding import with_one_rounding
from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import WEIGHTS_FOLDER, open_model

LIBRARIES = ("onnxruntime", "openvino")
SHIPPED = sorted(file.parent.name for file in WEIGHTS_FOLDER.glob("*/int8*.onnx"))
IMAGES, FIELDS = 84, 3


def rounding_graph(step: float, zero: int, *, last: bool = False) -> bytes:
    """Quantise ``pixels`` and restore them; `last` makes that the end of the graph."""
    constants = [
        numpy_helper.from_array(np.array(step, np.float32), "step"),
        numpy_helper.from_array(np.array(zero, np.uint8), "zero"),
    ]
    restored = "scores" if last else "restored"
    nodes = [
        helper.make_node("Neg", ["pixels"], ["turned"]),
        helper.make_node("QuantizeLinear", ["turned", "step", "zero"], ["steps"]),
        helper.make_node("DequantizeLinear", ["steps", "step", "zero"], [restored]),
    ]
    if not last:
        nodes.append(helper.make_node("Neg", [restored], ["scores"]))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in ("pixels", "scores")]
    graph = helper.make_graph(nodes, "rounding", ends[:1], ends[1:], constants)
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


def both(graph: bytes, pixels: np.ndarray) -> list[np.ndarray]:
    return [open_session(library, graph).run({"pixels": pixels}) for library in LIBRARIES]


@pytest.mark.parametrize("step", [0.25, 0.1, 0.04110753536224365])
@pytest.mark.parametrize("zero", [88, 89])
def test_half_way_is_rounded_to_even(step: float, zero: int) -> None:
    pixels = ((np.arange(-70, 70) + 0.5) * np.float32(step)).astype(np.float32)
    ours, theirs = both(with_one_rounding(rounding_graph(step, zero)), pixels)
    np.testing.assert_array_equal(ours, theirs)
    steps = np.round(pixels * (1 / np.float32(step)))
    np.testing.assert_allclose(ours, steps * step, rtol=1e-6)


def test_the_libraries_alone_round_half_way_apart() -> None:
    pixels = ((np.arange(-70, 70) + 0.5) * 0.25).astype(np.float32)
    ours, theirs = both(rounding_graph(0.25, 89), pixels)
    assert np.abs(ours - theirs).max() == pytest.approx(0.25)


def test_the_range_loses_its_lowest_step_only() -> None:
    pixels = np.array([-100.0, 100.0], np.float32)
    for scores in both(with_one_rounding(rounding_graph(1.0, 89)), pixels):
        # Turned round twice: 255 - 88 upwards, 88 downwards.
        np.testing.assert_array_equal(scores, [-100.0, 88.0])


def test_scores_are_not_rounded() -> None:
    pixels = np.array([0.1, -0.3], np.float32)
    for scores in both(with_one_rounding(rounding_graph(1.0, 0, last=True)), pixels):
        np.testing.assert_array_equal(scores, -pixels)


@pytest.mark.parametrize("name", SHIPPED)
def test_nothing_is_rounded_after_the_last_layer(name: str) -> None:
    graph = onnx.load_from_string(with_one_rounding(open_model(WEIGHTS_FOLDER / name).variant("int8").read()))
    made_by = {output: node for node in graph.graph.node for output in node.output}
    node = made_by["scores"]
    assert node.op_type == "Softmax"
    while node.op_type in ("Softmax", "Flatten"):
        node = made_by[node.input[0]]
    assert node.op_type in ("Conv", "Gemm", "Mul")


def test_zero_points_of_stored_numbers_stay() -> None:
    model = onnx.load_from_string(rounding_graph(1.0, 89))
    model.graph.initializer.append(numpy_helper.from_array(np.array([90], np.uint8), "stored"))
    model.graph.node.append(helper.make_node("DequantizeLinear", ["stored", "step", "zero"], ["one"]))
    changed = onnx.load_from_string(with_one_rounding(model.SerializeToString())).graph
    assert {c.name: numpy_helper.to_array(c) for c in changed.initializer}["zero"] == 89


def test_a_damaged_graph_is_one_sentence() -> None:
    with pytest.raises(SciMLError, match="The graph of integers cannot be read"):
        with_one_rounding(b"no graph")


def coarsest_and_first_step(model: Model) -> tuple[float, float]:
    """Return the coarsest step of a stored graph and that of its input, 0 where that stays as it is."""
    graph = onnx.load_from_string(model.variant("int8").read()).graph
    stored = {constant.name: numpy_helper.to_array(constant) for constant in graph.initializer}
    steps = {n.input[0]: float(stored[n.input[1]]) for n in graph.node if n.op_type == "QuantizeLinear"}
    return max(steps.values()), steps.get("pixels", 0.0)


def answers(model: Model, library: str, images: np.ndarray) -> np.ndarray:
    predictor = open_predictor(model, "int8", library)
    if not model.dense:
        return predictor.classify(images)
    maps = [predictor.field(field, 4).scores for field in images]
    return np.concatenate([scores.reshape(-1, scores.shape[-1]) for scores in maps])


@pytest.mark.parametrize("half_way", [False, True])
@pytest.mark.parametrize("name", SHIPPED)
def test_libraries_agree_on_every_shipped_graph(name: str, half_way: bool) -> None:
    model = open_model(WEIGHTS_FOLDER / name)
    coarsest, first = coarsest_and_first_step(model)
    images = model.calibration_images()[: FIELDS if model.dense else IMAGES]
    if half_way:
        if not first:
            pytest.skip("its pixels are not quantised")
        images = ((np.floor(images / first) + 0.5) * first).astype(np.float32)
    ours, theirs = (answers(model, library, images) for library in LIBRARIES)
    # Sure: the best class leads by more, as a logarithm, than two of the graph's coarsest steps: one step up
    # for one class and one down for another.
    odds = np.sort(np.log(np.maximum(ours, 1e-12)), axis=1)
    sure = odds[:, -1] - odds[:, -2] > 2 * coarsest
    assert sure.mean() > 0.5
    same = ours.argmax(axis=1) == theirs.argmax(axis=1)
    assert same[sure].all()
    assert same.mean() >= 0.999
    assert np.abs(ours - theirs).mean() < 2e-5
