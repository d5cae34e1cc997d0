"""Every network as a graph gives what it gives in torch, with random weights."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the optional extra fast is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the optional extra fast is not installed")
torch = pytest.importorskip("torch")

from napari_sciml.backends.graph_sessions import OnnxRuntimeSession, OpenVinoSession  # noqa: E402
from napari_sciml.backends.graphs import at_stride, statement_of, write_graph  # noqa: E402
from napari_sciml.backends.runtimes import installed  # noqa: E402
from napari_sciml.core.errors import SciMLError  # noqa: E402
from napari_sciml.networks.architectures import (  # noqa: E402
    ARCHITECTURES,
    ArchitectureSpec,
    architecture_names,
    new_module,
)
from napari_sciml.networks.paper import table_vii_dense  # noqa: E402

SIZES = {
    "table-vii": (16, 16),
    "lattice-net": (100, 100),
    "table-vi": (100, 100),
    "table-vi-printed": (100, 100),
}
DENSE = ("table-vii-dense", "picker-net")
RUNTIMES = [
    OnnxRuntimeSession,
    pytest.param(
        OpenVinoSession,
        marks=pytest.mark.skipif(not installed("openvino"), reason="openvino is not installed"),
    ),
]


def random_network(tag: str) -> torch.nn.Module:
    """A network with random weights and lived-in batch norms whose answers spread over most of 0 to 1."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = new_module(tag).eval()
        with torch.no_grad():
            for name, values in network.named_buffers():
                if name.endswith("running_mean"):
                    values.normal_(0, 0.3)
                elif name.endswith("running_var"):
                    values.uniform_(0.5, 2)
            if hasattr(network, "head"):
                network.head.weight *= 20
            elif tag == "table-iii":
                network.conv2.weight *= 8
    return network


def answers(tag: str, images: np.ndarray, stride: int) -> np.ndarray:
    network = random_network(tag)
    pixels = torch.from_numpy(images[:, None])
    with torch.inference_mode():
        logits = network(pixels, stride) if tag in DENSE else network(pixels)
    return logits.softmax(1).numpy()


@pytest.mark.parametrize("session", RUNTIMES)
@pytest.mark.parametrize("tag", [tag for tag in architecture_names() if tag not in DENSE])
def test_graphs_of_images(tag: str, session: type) -> None:
    statement = statement_of(tag)
    images = np.random.default_rng(0).normal(size=(5, *SIZES.get(tag, (64, 64)))).astype(np.float32)
    running = session(write_graph(tag, random_network(tag)).SerializeToString())
    expected = answers(tag, images, 1)
    for count in (5, 1):
        got = running.run(statement.feed(images[:count], 1))
        np.testing.assert_allclose(got, expected[:count], rtol=0, atol=1e-5)
    assert np.ptp(expected) > 0.3


@pytest.mark.parametrize("session", RUNTIMES)
@pytest.mark.parametrize(
    ("tag", "stride"),
    [
        ("table-vii-dense", 1),
        ("table-vii-dense", 2),
        ("table-vii-dense", 4),
        ("picker-net", 2),
        ("picker-net", 4),
    ],
)
def test_graphs_of_fields(tag: str, stride: int, session: type) -> None:
    statement = statement_of(tag)
    graph = write_graph(tag, random_network(tag)).SerializeToString()
    running = session(at_stride(tag, graph, stride))
    for shape in ((2, 50, 45), (1, 33, 64)):
        images = np.random.default_rng(1).normal(size=shape).astype(np.float32)
        expected = answers(tag, images, stride)
        got = statement.trim(running.run(statement.feed(images, stride)), shape, stride)
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5)
        assert np.ptp(expected) > 0.3


def test_a_stride_is_changed_and_changed_back() -> None:
    graph = write_graph("table-vii-dense", random_network("table-vii-dense")).SerializeToString()
    fine = at_stride("table-vii-dense", graph, 1)
    assert fine != graph
    assert at_stride("table-vii-dense", fine, 4) == graph


def test_every_network_is_stated() -> None:
    assert all(spec.graph for spec in ARCHITECTURES.specs().values())
    with (
        ARCHITECTURES.register(ArchitectureSpec("made-up", torch.nn.Identity)),
        pytest.raises(SciMLError, match="The network made-up cannot be written as ONNX"),
    ):
        statement_of("made-up")


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_the_dense_twin_is_fed_what_it_makes_in_torch(stride: int) -> None:
    """Bright and faint fields alike, and one that is flat in part."""
    rng = np.random.default_rng(4)
    fields = rng.normal(0, 1, (2, 41, 38)).astype(np.float32) * np.array([[[100]], [[0.01]]], np.float32) + 7
    fields[0, :20] = 3
    feed = statement_of("table-vii-dense").feed(fields, stride)
    pixels = torch.from_numpy(fields[:, np.newaxis])
    assert np.array_equal(feed["differences"], table_vii_dense.differences(pixels).numpy())
    spread = table_vii_dense.window_spread(pixels, stride).numpy()
    np.testing.assert_allclose(1 / feed["gain"], spread, rtol=1e-5, atol=1e-6)
