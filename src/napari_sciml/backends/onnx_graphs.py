"""Table IV, Table VII and its dense twin as ONNX graphs, written out node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from napari_sciml.networks.table_vii_dense import difference_kernel

OPSET = 17
IR_VERSION = 8
"""Old enough for every onnxruntime that the package allows."""


def dense_graph(weights: Mapping[str, Tensor], stride: int) -> onnx.ModelProto:
    """Write the dense twin for one stride.

    Inputs ``differences`` ``(n, 2, h, w)`` and ``gain`` ``(n, 1, h', w')``, one over the spread of each
    window; output ``scores`` ``(n, 2, h', w')``, probabilities.
    """
    step1, step2 = {1: (1, 1), 2: (2, 1), 4: (2, 2)}[stride]
    dilation = 2 // step1
    constants = {**weights, "conv1.weight": difference_kernel(weights["conv1.weight"])}
    nodes = [
        helper.make_node("Conv", ["differences", "conv1.weight"], ["c1"]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("MaxPool", ["r1"], ["p1"], kernel_shape=[2, 2], strides=[step1, step1]),
        helper.make_node("Conv", ["p1", "conv2.weight"], ["c2"], dilations=[dilation, dilation]),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node(
            "MaxPool",
            ["r2"],
            ["p2"],
            kernel_shape=[2, 2],
            strides=[step2, step2],
            dilations=[dilation, dilation],
        ),
        helper.make_node("Mul", ["p2", "gain"], ["features"]),
        helper.make_node("Conv", ["features", "dense1.weight", "dense1.bias"], ["d1"]),
        helper.make_node("Relu", ["d1"], ["a1"]),
        helper.make_node("Conv", ["a1", "dense2.weight", "dense2.bias"], ["d2"]),
        helper.make_node("Relu", ["d2"], ["a2"]),
        helper.make_node("Conv", ["a2", "head.weight", "head.bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["scores"], axis=1),
    ]
    inputs = {"differences": ("n", 2, "h", "w"), "gain": ("n", 1, "h_out", "w_out")}
    return write_graph(nodes, constants, inputs, ("n", 2, "h_out", "w_out"))


def patch_graph(weights: Mapping[str, Tensor]) -> onnx.ModelProto:
    """Write Table VII. Input ``pixels`` ``(n, 1, 16, 16)``; output ``scores`` ``(n, 2)``, probabilities."""
    nodes = []
    last = "pixels"
    for layer in (0, 3):
        name = f"convolutions.{layer}"
        nodes += [
            helper.make_node(
                "Conv", [last, f"{name}.weight", f"{name}.bias"], [f"c{layer}"], pads=[2, 2, 2, 2]
            ),
            helper.make_node("Relu", [f"c{layer}"], [f"r{layer}"]),
            helper.make_node("MaxPool", [f"r{layer}"], [f"p{layer}"], kernel_shape=[2, 2], strides=[2, 2]),
        ]
        last = f"p{layer}"
    nodes.append(helper.make_node("Flatten", [last], ["flat"]))
    last = "flat"
    for name in ("dense.0", "dense.2"):
        nodes += [
            helper.make_node("Gemm", [last, f"{name}.weight", f"{name}.bias"], [f"g{name}"], transB=1),
            helper.make_node("Relu", [f"g{name}"], [f"a{name}"]),
        ]
        last = f"a{name}"
    nodes += [
        helper.make_node("Gemm", [last, "head.weight", "head.bias"], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], ["scores"], axis=1),
    ]
    return write_graph(nodes, weights, {"pixels": ("n", 1, 16, 16)}, ("n", 2))


def tile_graph(weights: Mapping[str, Tensor], *, last_relu: bool) -> onnx.ModelProto:
    """Write Table IV. Input ``pixels`` ``(n, 1, 64, 64)``; output ``scores`` ``(n, 2)``, probabilities."""
    nodes = [
        helper.make_node("Conv", ["pixels", "conv1.weight", "conv1.bias"], ["c1"], strides=[3, 3]),
        helper.make_node("MaxPool", ["c1"], ["p1"], kernel_shape=[3, 3], strides=[3, 3]),
        helper.make_node("Relu", ["p1"], ["r1"]),
        helper.make_node("Conv", ["r1", "conv2.weight", "conv2.bias"], ["c2"]),
        helper.make_node("Relu" if last_relu else "Identity", ["c2"], ["signature"]),
        helper.make_node("Flatten", ["signature"], ["flat"]),
        helper.make_node("Gemm", ["flat", "head.weight", "head.bias"], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], ["scores"], axis=1),
    ]
    return write_graph(nodes, weights, {"pixels": ("n", 1, 64, 64)}, ("n", 2))


def write_graph(
    nodes: Sequence[onnx.NodeProto],
    constants: Mapping[str, Tensor],
    inputs: Mapping[str, tuple[str | int, ...]],
    output: tuple[str | int, ...],
) -> onnx.ModelProto:
    """Put nodes, weights and shapes together."""
    graph = helper.make_graph(
        list(nodes),
        "network",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
            for name, shape in inputs.items()
        ],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, list(output))],
        [numpy_helper.from_array(value.numpy(), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
