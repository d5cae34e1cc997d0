"""Open exactly what is asked for, or say why that cannot be."""

from __future__ import annotations

from napari_sciml.backends.predictor import Predictor
from napari_sciml.backends.runtimes import RUNTIMES_FOR, check_installed, installed
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.settings import RunSettings
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.model import Model


def check_backend(model: Model, settings: RunSettings) -> None:
    """Raise `SciMLError` if a run with these settings cannot start. Imports nothing heavy."""
    if settings.backend == "spiking":
        model.variant("eedn")


def open_predictor(
    model: Model,
    backend: str = "float32",
    runtime: str = "torch",
    spec: CodebookSpec | None = None,
    path: str | None = None,
) -> Predictor:
    """Load the weights of `model` and give what runs exactly these, without any fall-back.

    Parameters
    ----------
    model
        What to run.
    backend
        ``float32``, ``codebook``, ``int8`` or ``spiking``: which of its variants.
    runtime
        ``torch``, ``onnxruntime``, ``openvino``, or ``auto`` for the first that can, without measuring.
    spec, path
        Which codebook: the one made like this, or the one in a file.

    Raises
    ------
    SciMLError
        If the model has no such variant, or the runtime is not installed or cannot run it.
    """
    if backend == "spiking":
        model.variant("eedn")
        raise SciMLError("The backend spiking is not part of this version", "choose float32")
    able = RUNTIMES_FOR[backend]
    if backend == "int8":
        model.variant(backend)
    if runtime == "auto":
        runtime = next((name for name in able if installed(name)), able[0])
    if runtime not in able:
        raise SciMLError(
            f"The runtime {runtime} cannot run the backend {backend}", f"choose {' or '.join(able)}"
        )
    check_installed(runtime)
    if backend == "codebook":
        from napari_sciml.backends.codebook import open_codebook

        return open_codebook(model, spec or CodebookSpec(), path)
    if runtime == "torch":
        from napari_sciml.backends.torch_float import TorchFloat

        return TorchFloat(model)
    from napari_sciml.backends.graph_predictor import GraphPredictor

    return GraphPredictor(model, backend, runtime)
