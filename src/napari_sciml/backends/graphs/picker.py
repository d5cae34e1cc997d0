"""The particle picker as an ONNX graph."""

from __future__ import annotations

import onnx

from napari_sciml.backends.graphs.builder import Graph
from napari_sciml.networks.ours.picker import PickerNet


def picker_net(net: PickerNet) -> onnx.ModelProto:
    """Write the folded picker.

    Input ``pixels`` ``(n, 1, h, w)``, ``h`` and ``w`` multiples of 8; output ``scores`` ``(n, 3, h/2, w/2)``.
    """
    g = Graph()
    fine = g.layers(g.input("pixels", "n", 1, "h", "w"), net.stem, net.fine)
    middle = g.layers(fine, net.down1, net.middle)
    coarse = g.layers(middle, net.down2, net.coarse)
    middle = g.layers(g.concat(g.enlarge(coarse), middle), net.up1)
    fine = g.layers(g.concat(g.enlarge(middle), fine), net.up2)
    return g.model(g.layers(fine, net.head), "n", 3, "h_out", "w_out")
