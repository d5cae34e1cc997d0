"""Which libraries can execute a network, and whether they are here. Imports none of them."""

from __future__ import annotations

from importlib.util import find_spec

from napari_sciml.core.errors import SciMLError

GRAPH_RUNTIMES = ("onnxruntime", "openvino")
"""What executes ONNX graphs, in the order in which they are tried."""
NEEDS = {"torch": (), "onnxruntime": ("onnx", "onnxruntime"), "openvino": ("onnx", "openvino")}
"""Runtime -> packages that it needs."""


def installed(runtime: str) -> bool:
    """Return whether the packages of a runtime are here; they may still be broken."""
    return all(find_spec(package) is not None for package in NEEDS[runtime])


def check_installed(runtime: str) -> None:
    """Raise `SciMLError` if the packages of a runtime are not here."""
    if not installed(runtime):
        raise SciMLError(
            f"The runtime {runtime} is not installed",
            'type: pip install "napari-sciml[fast]", or choose the runtime torch',
        )


def no_graph_runtime() -> str:
    """Return that nothing is installed that executes ONNX graphs, or nothing."""
    if any(installed(name) for name in GRAPH_RUNTIMES):
        return ""
    return 'neither ONNX Runtime nor OpenVINO is installed; type: pip install "napari-sciml[fast]"'
