"""One rounding for graphs of integers, whichever library computes them.

Left alone, ONNX Runtime divides by the step, rounds and adds the zero point; OpenVINO adds the zero point
before it rounds, and divides in another way: a number half-way between two steps may come out a step apart,
and a label differ.
"""

from __future__ import annotations

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import GraphProto, NodeProto, helper, numpy_helper

from napari_sciml.backends.graphs.builder import SCORES
from napari_sciml.core.errors import SciMLError

QUANTISE, RESTORE = "QuantizeLinear", "DequantizeLinear"
AFTER_LAYERS = ("Softmax", "Flatten")
"""What may stand between the last layer and the scores."""


def with_one_rounding(graph: bytes) -> bytes:
    """Return a graph of integers that libraries round alike; its weights and steps stay as they are.

    Raises
    ------
    SciMLError
        If it cannot be read.
    """
    try:
        model = onnx.load_from_string(graph)
    except DecodeError as error:
        raise SciMLError(
            f"The graph of integers cannot be read ({error})", "make it again: napari-sciml quantize"
        ) from error
    leave_scores_exact(model.graph)
    make_zero_points_even(model.graph)
    round_before_quantising(model.graph)
    changed: bytes = model.SerializeToString()
    return changed


def leave_scores_exact(graph: GraphProto) -> None:
    """Drop what rounds after the last layer: one of its 256 steps is up to 0.15 of a logarithm of the odds.

    A number that falls on another side in another library would move a score by as much, and equal scores of
    two classes would be common.
    """
    made_by, name = makers(graph), SCORES
    while (node := made_by.get(name)) is not None and node.op_type in (*AFTER_LAYERS, RESTORE):
        name = node.input[0]
        if node.op_type != RESTORE or name not in made_by:
            continue
        rounding = made_by[name]
        before = made_by[rounding.input[0]]
        before.output[0] = node.output[0]
        graph.node.remove(rounding)
        graph.node.remove(node)
        made_by[name := before.output[0]] = before


def make_zero_points_even(graph: GraphProto) -> None:
    """Move odd zero points of what passes between layers down by one: rounding to even is then one thing.

    The range moves by a step, so that the lowest numbers seen in calibration are clipped by one step, never
    the highest, which decide labels. Zero points that stored numbers refer to stay.
    """
    stored = {constant.name: constant for constant in graph.initializer}
    steps = [node for node in graph.node if node.op_type in (QUANTISE, RESTORE) and len(node.input) > 2]
    passing = {node.input[2] for node in steps if node.input[0] not in stored}
    for name in passing - {node.input[2] for node in steps if node.input[0] in stored}:
        zero = numpy_helper.to_array(stored[name])
        stored[name].CopyFrom(numpy_helper.from_array(np.asarray(zero - zero % 2, zero.dtype), name))


def round_before_quantising(graph: GraphProto) -> None:
    """State as nodes how numbers that come from floating point are rounded: times 1 / step, half to even.

    What comes out of integers stays as it is: libraries round it inside the layer, which is what makes them
    fast.
    """
    made_by = makers(graph)
    stored = {constant.name: constant for constant in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type == QUANTISE and not from_integers(made_by.get(node.input[0]), made_by, stored):
            name, step = node.input[0], numpy_helper.to_array(stored[node.input[1]])
            per_step, one, steps, whole = (f"{name}_{part}" for part in ("per_step", "one", "steps", "whole"))
            graph.initializer.append(numpy_helper.from_array(np.asarray(1 / step, step.dtype), per_step))
            graph.initializer.append(numpy_helper.from_array(np.ones_like(step), one))
            nodes.append(helper.make_node("Mul", [name, per_step], [steps], name=steps))
            nodes.append(helper.make_node("Round", [steps], [whole], name=whole))
            node.input[0], node.input[1] = whole, one
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)


def from_integers(
    maker: NodeProto | None, made_by: dict[str, NodeProto], stored: dict[str, onnx.TensorProto]
) -> bool:
    """Whether a node works on integers, that is on restored ones and constants only."""
    return maker is not None and all(
        not name or name in stored or (name in made_by and made_by[name].op_type == RESTORE)
        for name in maker.input
    )


def makers(graph: GraphProto) -> dict[str, NodeProto]:
    """Return the node that makes each tensor."""
    return {output: node for node in graph.node for output in node.output}
