"""Which function writes which network, and how pixels are fed to its graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from torch import nn

from napari_sciml.backends.graphs.dense import dense_twin, with_stride
from napari_sciml.backends.graphs.orientation import orientation_net
from napari_sciml.backends.graphs.picker import picker_net
from napari_sciml.backends.graphs.tables import lattice_net, table_iii, table_iv, table_vi, table_vii
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_import import load
from napari_sciml.networks.architectures import ARCHITECTURES
from napari_sciml.networks.codebook.fold import fold
from napari_sciml.networks.normalise.pixels import FloatArray
from napari_sciml.networks.ours.picker import CENTRE_PX as PICKER_CENTRE_PX
from napari_sciml.networks.ours.picker import COARSEST_PX
from napari_sciml.networks.ours.picker import NATIVE_STRIDE as PICKER_STRIDE
from napari_sciml.networks.receptive_window import CENTRE_PX, NATIVE_STRIDE, WINDOW_PX

Feed = dict[str, FloatArray]


def as_pixels(images: FloatArray, stride: int) -> Feed:
    """Feed images ``(n, h, w)`` as they are."""
    return {"pixels": np.ascontiguousarray(images[:, np.newaxis])}


def as_differences(images: FloatArray, stride: int) -> Feed:
    """Feed what the dense twin of Table VII looks at, which is independent of the grey scale."""
    pixels = np.asarray(images, np.float32)
    seen = np.zeros((len(pixels), 2, *pixels.shape[1:]), np.float32)
    np.subtract(pixels[:, :, 1:], pixels[:, :, :-1], out=seen[:, 0, :, :-1])
    np.subtract(pixels[:, 1:], pixels[:, :-1], out=seen[:, 1, :-1])
    return {"differences": seen, "gain": 1 / window_spread(pixels, stride)[:, np.newaxis]}


def window_spread(images: FloatArray, stride: int) -> FloatArray:
    """Return the standard deviation of each window ``(n, h', w')``, as the dense twin of Table VII does.

    Without torch, whose threads keep waiting in circles for a while and would take a core from the runtime.
    """
    wide = images.astype(np.float64)
    mean = box_mean(wide, stride)
    variance = box_mean(np.square(wide, out=wide), stride) - np.square(mean)
    spread: FloatArray = np.sqrt(np.maximum(variance, 1e-12)).astype(np.float32)
    return spread


def box_mean(images: npt.NDArray[np.float64], stride: int) -> npt.NDArray[np.float64]:
    """Average over windows, one axis after the other, from running sums."""
    for axis in (1, 2):
        count = (images.shape[axis] - WINDOW_PX) // stride + 1
        sums = np.insert(np.cumsum(images, axis=axis), 0, 0.0, axis=axis)
        starts = np.arange(count) * stride
        images = (np.take(sums, starts + WINDOW_PX, axis) - np.take(sums, starts, axis)) / WINDOW_PX
    return images


def as_multiples(images: FloatArray, stride: int) -> Feed:
    """Feed fields filled up to multiples of 8 px by their last row and column."""
    missing = [(0, -length % COARSEST_PX) for length in images.shape[1:]]
    return as_pixels(np.pad(images, [(0, 0), *missing], mode="edge"), stride)


def as_it_is(scores: FloatArray, shape: tuple[int, ...], stride: int) -> FloatArray:
    """Take every element that the graph gives."""
    return scores


def every_other(scores: FloatArray, shape: tuple[int, ...], stride: int) -> FloatArray:
    """Leave out what was filled up, and all but every `stride`-th pixel."""
    rows, columns = (-(-length // PICKER_STRIDE) for length in shape[1:])
    step = stride // PICKER_STRIDE
    return scores[..., :rows:step, :columns:step]


@dataclass(frozen=True)
class Statement:
    """How a network is stated as a graph.

    Attributes
    ----------
    write
        Gives the graph of a network without batch norms, for the stride below.
    feed
        Makes the inputs of the graph from normalised images ``(n, h, w)`` and a stride.
    trim
        Takes from the scores what belongs to images of this shape at a stride.
    at_once
        Images in one pass: as many as a processor's cache likes.
    stride, centre_px
        The network's own stride and the pixel of its first element, for dense networks.
    restride
        Gives a graph another stride, where the network has more than one.
    """

    write: Callable[[Any], onnx.ModelProto]
    feed: Callable[[FloatArray, int], Feed] = as_pixels
    trim: Callable[[FloatArray, tuple[int, ...], int], FloatArray] = as_it_is
    at_once: int = 256
    stride: int = 1
    centre_px: float = 0.0
    restride: Callable[[onnx.ModelProto, int], onnx.ModelProto] | None = None


LATTICE_NET = Statement(lattice_net)
ORIENTATION_NET = Statement(orientation_net, at_once=8)
PICKER_NET = Statement(
    picker_net, as_multiples, every_other, at_once=4, stride=PICKER_STRIDE, centre_px=PICKER_CENTRE_PX
)
TABLE_III = Statement(table_iii)
TABLE_IV = Statement(table_iv)
TABLE_VI = Statement(table_vi)
TABLE_VII = Statement(table_vii, at_once=1024)
TABLE_VII_DENSE = Statement(
    dense_twin, as_differences, at_once=1024, stride=NATIVE_STRIDE, centre_px=CENTRE_PX, restride=with_stride
)


def statement_of(architecture: str) -> Statement:
    """Return how a network is stated as a graph.

    Raises
    ------
    SciMLError
        If it cannot be.
    """
    graph = ARCHITECTURES.of(architecture).graph
    if not graph:
        raise SciMLError(f"The network {architecture} cannot be written as ONNX", "choose the runtime torch")
    statement: Statement = load(graph)
    return statement


def write_graph(architecture: str, network: nn.Module) -> onnx.ModelProto:
    """Write a network as an ONNX graph; its batch norms are folded into the convolutions, in place."""
    return statement_of(architecture).write(fold(network))


def at_stride(architecture: str, graph: bytes, stride: int) -> bytes:
    """Return a graph for another stride, where the network has more than one."""
    restride = statement_of(architecture).restride
    if restride is None:
        return graph
    changed: bytes = restride(onnx.load_from_string(graph), stride).SerializeToString()
    return changed
