"""Tables III, IV, VI and VII, and the network of the lattices: images of one size."""

from __future__ import annotations

import onnx
from torch import nn
from torch.nn import functional as nnf

from napari_sciml.backends.graphs.builder import Graph
from napari_sciml.networks.ours.lattice import LatticeNet
from napari_sciml.networks.paper.table_iii import TableIII
from napari_sciml.networks.paper.table_iv import TableIV
from napari_sciml.networks.paper.table_vi import TableVI
from napari_sciml.networks.paper.table_vii import TableVII

PIXELS = "pixels"


def table_iii(net: TableIII) -> onnx.ModelProto:
    """Write Table III. Input ``pixels`` ``(n, 1, 64, 64)``; output ``scores`` ``(n, 84)``."""
    g = Graph()
    x = g.conv(g.input(PIXELS, "n", 1, 64, 64), net.conv1)
    x = g.conv(g.relu(g.maxpool(x, 3)), net.conv2)
    return g.model(g.add("Flatten", x), "n", 84)


def table_iv(net: TableIV) -> onnx.ModelProto:
    """Write Table IV. Input ``pixels`` ``(n, 1, 64, 64)``; output ``scores`` ``(n, 2)``."""
    g = Graph()
    x = g.conv(g.input(PIXELS, "n", 1, 64, 64), net.conv1)
    x = g.conv(g.relu(g.maxpool(x, 3)), net.conv2)
    if net.last_relu:
        x = g.relu(x)
    return g.model(g.linear(g.add("Flatten", x), net.head), "n", 2)


def table_vi(net: TableVI) -> onnx.ModelProto:
    """Write Table VI. Input ``pixels`` ``(n, 1, 100, 100)``; output ``scores`` ``(n, 7)``."""
    g = Graph()
    x = g.input(PIXELS, "n", 1, 100, 100)
    for layer, pooled in ((net.conv1, True), (net.conv2, True), (net.conv3, False)):
        x = g.conv(x, layer)
        x = g.maxpool(x, 2) if pooled else x
        # The larger of two numbers stays the larger: after the pool there is less to do.
        x = g.relu(x) if net.relu else x
    return g.model(g.linear(g.add("Flatten", x), net.head), "n", 7)


def table_vii(net: TableVII) -> onnx.ModelProto:
    """Write Table VII. Input ``pixels`` ``(n, 1, 16, 16)``; output ``scores`` ``(n, 2)``."""
    g = Graph()
    x = g.layers(g.input(PIXELS, "n", 1, 16, 16), net.convolutions)
    x = g.layers(g.add("Flatten", x), net.dense)
    return g.model(g.linear(x, net.head), "n", 2)


def lattice_net(net: LatticeNet) -> onnx.ModelProto:
    """Write the folded network of the lattices. Input ``pixels`` ``(n, 1, 100, 100)``; output ``(n, 7)``.

    The two channels with the places are the same for every image, and so is what the first convolution
    makes of them: it is added as a constant.
    """
    first = net.conv1[0]
    assert isinstance(first, nn.Conv2d)
    kernel = first.weight.detach()
    same = nnf.conv2d(net.places, kernel[:, 1:], stride=2, padding=2)
    g = Graph()
    x = g.conv(g.input(PIXELS, "n", 1, 100, 100), first, "conv1", weight=kernel[:, :1])
    x = g.relu(g.add("Add", x, g.constant(same, "places"), name="placed"), "relu1")
    x = g.maxpool(g.layers(x, net.conv2), 2)
    x = g.maxpool(g.layers(g.layers(x, net.conv3), net.conv4), 2)
    x = g.maxpool(g.layers(x, net.conv5), 2)
    x = g.maxpool(g.layers(x, net.conv6), 2)
    return g.model(g.linear(g.add("Flatten", x), net.head), "n", 7)
