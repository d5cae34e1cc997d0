"""Pick what executes a model, or say why nothing can."""

from __future__ import annotations

from napari_sciml.backends.predictor import Predictor
from napari_sciml.backends.runtimes import check_installed
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.settings import RunSettings
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.model import Model


def check_backend(model: Model, settings: RunSettings) -> None:
    """Raise `SciMLError` if a run with these settings cannot start. Imports nothing heavy."""
    if settings.backend == "spiking":
        model.variant("eedn")


def open_for(model: Model, settings: RunSettings) -> Predictor:
    """Give what runs `model` as the settings ask, or the nearest that works; its notes say which and why.

    Raises
    ------
    SciMLError
        If nothing can run it.
    """
    check_backend(model, settings)
    if settings.backend == "codebook":
        from napari_sciml.backends.codebook import nearest_codebook

        return nearest_codebook(model, CodebookSpec.of(settings), settings.codebook)
    return open_predictor(model, settings.backend, settings.runtime)


def open_predictor(
    model: Model, backend: str = "float32", runtime: str = "torch", spec: CodebookSpec | None = None
) -> Predictor:
    """Load the weights of `model` and give what runs exactly these, without any fall-back.

    Parameters
    ----------
    model
        What to run.
    backend
        ``float32``, ``codebook``, ``int8`` or ``spiking``: which of its variants.
    runtime
        ``torch``, ``onnxruntime``, ``openvino``, or ``auto``.
    spec
        Which codebook.

    Raises
    ------
    SciMLError
        If the model has no such variant, or the runtime is not installed.
    """
    if backend == "codebook":
        from napari_sciml.backends.codebook import open_codebook

        return open_codebook(model, spec or CodebookSpec())
    if backend == "spiking":
        model.variant("eedn")
        raise SciMLError("The backend spiking is not part of this version", "choose float32")
    if runtime in ("auto", "torch") and backend == "float32":
        from napari_sciml.backends.torch_float import TorchFloat

        return TorchFloat(model)
    check_installed(runtime)
    from napari_sciml.backends.graph_predictor import GraphPredictor

    return GraphPredictor(model, backend, runtime)
