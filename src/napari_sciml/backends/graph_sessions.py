"""An ONNX graph that is ready to run, in whichever library does it."""

from __future__ import annotations

import sys
from typing import Any, Protocol

import numpy as np
import torch

from napari_sciml.backends.graphs.builder import SCORES, Graph
from napari_sciml.backends.runtimes import check_installed
from napari_sciml.backends.signal_stack import kept_signal_stack
from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.normalise.pixels import FloatArray


class Session(Protocol):
    """A loaded graph; it runs on as many threads as torch has."""

    def run(self, feed: dict[str, FloatArray]) -> FloatArray:
        """Return the scores."""
        ...


class OnnxRuntimeSession:
    """A graph in ONNX Runtime; its floating point is always in single precision."""

    def __init__(self, graph: bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        # Threads that wait by running in circles take cores from whatever prepares the next images.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def run(self, feed: dict[str, FloatArray]) -> FloatArray:
        """Return the scores."""
        scores: FloatArray = self._session.run([SCORES], feed)[0]
        return scores


class OpenVinoSession:
    """A graph in OpenVINO.

    Floating point is in single precision also between integers: in bfloat16, which OpenVINO takes by itself
    on processors that have it, the same graph gives other labels than elsewhere.
    """

    def __init__(self, graph: bytes) -> None:
        openvino = import_openvino()
        core = openvino.Core()
        settings = {
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
        }
        with kept_signal_stack():
            model = core.compile_model(core.read_model(graph, b""), "CPU", settings)
            self._request = model.create_infer_request()

    def run(self, feed: dict[str, FloatArray]) -> FloatArray:
        """Return the scores."""
        # The next call overwrites what this one gives.
        with kept_signal_stack():
            return np.array(self._request.infer(feed, share_inputs=True)[0])


def import_openvino() -> Any:
    """Import OpenVINO without the package that reports every import to its maker and writes into the home."""
    reporter = "openvino_telemetry"
    absent = reporter not in sys.modules
    if absent:
        sys.modules[reporter] = None  # type: ignore[assignment]
    try:
        import openvino
    finally:
        if absent:
            del sys.modules[reporter]
    return openvino


def failures() -> tuple[type[Exception], ...]:
    """Return what a runtime may raise while it loads; the errors of ONNX Runtime have no common base."""
    module = sys.modules.get("onnxruntime.capi.onnxruntime_pybind11_state")
    kinds = vars(module).values() if module else ()
    own = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Exception)]
    return (ImportError, OSError, RuntimeError, *own)


def probe(runtime: str) -> None:
    """Run the smallest of graphs, to see whether a runtime works on this machine.

    Raises
    ------
    SciMLError
        If it does not.
    """
    g = Graph()
    graph = g.model(g.relu(g.input("x", "n", 2)), "n", 2).SerializeToString()
    open_session(runtime, graph).run({"x": np.zeros((1, 2), np.float32)})


def open_session(runtime: str, graph: bytes) -> Session:
    """Load a graph.

    Raises
    ------
    SciMLError
        If the runtime is not installed or does not work on this machine.
    """
    check_installed(runtime)
    kinds: dict[str, type[OnnxRuntimeSession | OpenVinoSession]] = {
        "onnxruntime": OnnxRuntimeSession,
        "openvino": OpenVinoSession,
    }
    try:
        return kinds[runtime](graph)
    except failures() as error:
        # A library that is there but cannot be loaded, or that refuses the processor or the graph.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SciMLError(
            f"The runtime {runtime} does not work on this machine ({reason})", "choose the runtime torch"
        ) from error
