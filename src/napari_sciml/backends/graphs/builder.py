"""`Graph`: write an ONNX graph from the layers of a torch module, a line for each step."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

OPSET = 17
"""Version of the ONNX operator set that the graphs are written in."""
IR_VERSION = 8
"""Old enough for every onnxruntime that the package allows."""
SCORES = "scores"


class Graph:
    """Grows by one node with each call; a call gives the name of what it adds.

    Nodes are named after their outputs. What is not named is named after its operator and numbered.
    """

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, *shape: str | int) -> str:
        """Declare an input."""
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)))
        return name

    def constant(self, value: Any, name: str = "") -> str:
        """Add numbers: a tensor as it is, lists of integers for shapes and axes."""
        array = value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value)
        name = name or f"constant{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(self, op: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """Add a node of any operator."""
        name = name or f"{op.lower()}{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def conv(self, x: str, layer: nn.Conv2d, name: str = "", weight: Tensor | None = None) -> str:
        """Add a convolution with the stride, dilation, padding and weights of `layer`, or other weights."""
        pads = [int(side) for side in layer.padding] * 2
        if layer.padding_mode == "replicate":
            around = self.constant([0, 0, *pads[:2], 0, 0, *pads[2:]])
            x, pads = self.add("Pad", x, around, mode="edge"), [0] * 4
        name = name or f"conv{len(self._nodes)}"
        weights = [self.constant(layer.weight if weight is None else weight, f"{name}.weight")]
        if layer.bias is not None:
            weights.append(self.constant(layer.bias, f"{name}.bias"))
        strides, dilations = list(layer.stride), list(layer.dilation)
        return self.add("Conv", x, *weights, name=name, strides=strides, dilations=dilations, pads=pads)

    def linear(self, x: str, layer: nn.Linear) -> str:
        """Add a fully connected layer."""
        name = f"linear{len(self._nodes)}"
        weights = [self.constant(values, f"{name}.{part}") for part, values in layer.named_parameters()]
        return self.add("Gemm", x, *weights, name=name, transB=1)

    def relu(self, x: str, name: str = "") -> str:
        """Add a ReLU."""
        return self.add("Relu", x, name=name)

    def maxpool(self, x: str, size: int, name: str = "") -> str:
        """Add a max-pool of ``size x size`` elements that do not overlap, without padding."""
        return self.add(
            "MaxPool", x, name=name, kernel_shape=[size] * 2, strides=[size] * 2, dilations=[1, 1]
        )

    def concat(self, *parts: str, axis: int = 1) -> str:
        """Join parts along an axis."""
        return self.add("Concat", *parts, axis=axis)

    def enlarge(self, x: str) -> str:
        """Double rows and columns, each element becoming four."""
        scales = self.constant(np.array([1, 1, 2, 2], np.float32))
        how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return self.add("Resize", x, "", scales, mode="nearest", **how)

    def layers(self, x: str, *layers: nn.Module) -> str:
        """Add layers one after the other, as in evaluation mode; batch norms must have been folded."""
        for layer in layers:
            match layer:
                case nn.Conv2d():
                    x = self.conv(x, layer)
                case nn.Linear():
                    x = self.linear(x, layer)
                case nn.ReLU():
                    x = self.relu(x)
                case nn.MaxPool2d(kernel_size=int(size)):
                    x = self.maxpool(x, size)
                case nn.Flatten():
                    x = self.add("Flatten", x)
                case nn.Sequential():
                    x = self.layers(x, *layer)
                case nn.Identity():
                    pass
                case other:
                    raise TypeError(f"No ONNX for {type(other).__name__}")
        return x

    def model(self, logits: str, *shape: str | int) -> onnx.ModelProto:
        """Finish with probabilities along axis 1, of this shape."""
        self._nodes.append(helper.make_node("Softmax", [logits], [SCORES], name=SCORES, axis=1))
        outputs = [helper.make_tensor_value_info(SCORES, TensorProto.FLOAT, list(shape))]
        graph = helper.make_graph(self._nodes, "network", self._inputs, outputs, self._constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
