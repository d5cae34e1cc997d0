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
    return images(64, 84, net.conv1, nn.MaxPool2d(3), nn.ReLU(), net.conv2, nn.Flatten())


def table_iv(net: TableIV) -> onnx.ModelProto:
    """Write Table IV. Input ``pixels`` ``(n, 1, 64, 64)``; output ``scores`` ``(n, 2)``."""
    last = nn.ReLU() if net.last_relu else nn.Identity()
    return images(64, 2, net.conv1, nn.MaxPool2d(3), nn.ReLU(), net.conv2, last, nn.Flatten(), net.head)


def table_vi(net: TableVI) -> onnx.ModelProto:
    """Write Table VI. Input ``pixels`` ``(n, 1, 100, 100)``; output ``scores`` ``(n, 7)``.

    The larger of two numbers stays the larger: a ReLU after the pool has less to do.
    """
    pool, bend = nn.MaxPool2d(2), nn.ReLU() if net.relu else nn.Identity()
    convolutions = (net.conv1, pool, bend, net.conv2, pool, bend, net.conv3, bend)
    return images(100, 7, *convolutions, nn.Flatten(), net.head)


def table_vii(net: TableVII) -> onnx.ModelProto:
    """Write Table VII. Input ``pixels`` ``(n, 1, 16, 16)``; output ``scores`` ``(n, 2)``."""
    return images(16, 2, net.convolutions, nn.Flatten(), net.dense, net.head)


def images(size_px: int, classes: int, *layers: nn.Module) -> onnx.ModelProto:
    """Write layers that follow one another, for square images."""
    g = Graph()
    return g.model(g.layers(g.input(PIXELS, "n", 1, size_px, size_px), *layers), "n", classes)


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
    pool = net.pool
    rest = (net.conv2, pool, net.conv3, net.conv4, pool, net.conv5, pool, net.conv6, pool)
    return g.model(g.layers(x, *rest, nn.Flatten(), net.head), "n", 7)
