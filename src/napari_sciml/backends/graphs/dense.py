"""The dense twin of Table VII for any of its strides, and how to change the stride of a graph."""

from __future__ import annotations

from typing import Any

import onnx
from onnx import helper
from torch import nn

from napari_sciml.backends.graphs.builder import Graph
from napari_sciml.networks.paper.table_vii_dense import NATIVE_STRIDE, TableVIIDense, difference_kernel


def dense_twin(net: TableVIIDense, stride: int = NATIVE_STRIDE) -> onnx.ModelProto:
    """Write the dense twin of Table VII for one stride.

    Inputs ``differences`` ``(n, 2, h, w)`` and ``gain`` ``(n, 1, h', w')``, one over the spread of each
    window; output ``scores`` ``(n, 2, h', w')``.
    """
    g = Graph()
    x = g.input("differences", "n", 2, "h", "w")
    x = g.relu(g.conv(x, net.conv1, "conv1", weight=difference_kernel(net.conv1.weight)), "relu1")
    x = g.conv(g.maxpool(x, 2, name="pool1"), net.conv2, "conv2")
    x = g.relu(g.maxpool(x, 2, name="pool2"))
    x = g.add("Mul", x, g.input("gain", "n", 1, "h_out", "w_out"), name="features")
    x = g.layers(x, net.dense1, nn.ReLU(), net.dense2, nn.ReLU(), net.head)
    return with_stride(g.model(x, "n", 2, "h_out", "w_out"), stride)


def with_stride(model: onnx.ModelProto, stride: int) -> onnx.ModelProto:
    """Change the stride of a graph, in place: the weights, integers too, serve every stride.

    A pool at a finer step gives more elements, so what comes after it has to look that much farther.
    """
    step1, step2 = {1: (1, 1), 2: (2, 1), 4: (2, 2)}[stride]
    apart = [2 // step1] * 2
    changes: dict[str, dict[str, Any]] = {
        "pool1": {"strides": [step1] * 2},
        "conv2": {"dilations": apart},
        "pool2": {"strides": [step2] * 2, "dilations": apart},
    }
    for node in model.graph.node:
        change = changes.get(node.name, {})
        kept = [attribute for attribute in node.attribute if attribute.name not in change]
        del node.attribute[:]
        node.attribute.extend(kept + [helper.make_attribute(*item) for item in change.items()])
    return model
