"""Open exactly what is asked for, or say why that cannot be."""

from __future__ import annotations

from napari_sciml.backends.predictor import Predictor
from napari_sciml.backends.registry import backend_of, runtimes_for
from napari_sciml.backends.runtimes import check_installed, installed
from napari_sciml.core.backend_options import CodebookOptions, RuntimeOptions
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_import import load
from napari_sciml.core.settings import RunSettings
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.model import Model


def check_backend(model: Model, settings: RunSettings) -> None:
    """Raise `SciMLError` if a run with these settings cannot start. Imports nothing heavy."""
    spec = backend_of(settings.backend)
    if not spec.nearest and (why := spec.why_not()):
        raise SciMLError(f"The backend {spec.name} cannot run here", why)


def open_predictor(
    model: Model,
    backend: str = "float32",
    runtime: str = "torch",
    spec: CodebookSpec | None = None,
    path: str | None = None,
) -> Predictor:
    """Load the weights of `model` and return what runs exactly these, without any fall-back.

    Parameters
    ----------
    model
        What to run.
    backend
        Which of its variants, and how.
    runtime
        ``torch``, ``onnxruntime``, ``openvino``, or ``auto`` for the first that can, without measuring. A
        backend without runtimes does not look at it.
    spec, path
        Which codebook: the one made like this, or the one in a file.

    Raises
    ------
    SciMLError
        If the model has no such variant, or the runtime is not installed or cannot run it.
    """
    found = backend_of(backend)
    if backend == "codebook":
        from napari_sciml.backends.codebook import open_codebook

        able_runtime(backend, runtime)
        return open_codebook(model, spec or CodebookSpec(), path)
    options = {"runtime": runtime} if "runtime" in found.option_names else {}
    predictor: Predictor = load(found.predictor)(model, found.options(backend=backend, **options))
    return predictor


def able_runtime(backend: str, runtime: str) -> str:
    """Return the runtime that executes a backend; ``auto`` is the first that is installed.

    Raises
    ------
    SciMLError
        If it cannot, or is not installed.
    """
    able = runtimes_for(backend)
    if runtime == "auto":
        runtime = next((name for name in able if installed(name)), able[0])
    if runtime not in able:
        raise SciMLError(
            f"The runtime {runtime} cannot run the backend {backend}", f"choose {' or '.join(able)}"
        )
    check_installed(runtime)
    return runtime


def exact_network(model: Model, options: RuntimeOptions) -> Predictor:
    """Return what runs the floating point or the integer weights of a model."""
    # What is missing of the model is told before what is missing on this machine.
    model.variant(options.backend)
    runtime = able_runtime(options.backend, options.runtime)
    if runtime == "torch":
        from napari_sciml.backends.torch_float import TorchFloat

        return TorchFloat(model)
    from napari_sciml.backends.graph_predictor import GraphPredictor

    return GraphPredictor(model, options.backend, runtime)


def exact_low_bit(model: Model, options: CodebookOptions) -> Predictor:
    """Return the low-bit network that the options ask for."""
    from napari_sciml.backends.codebook import open_codebook

    able_runtime(options.backend, options.runtime)
    return open_codebook(model, CodebookSpec.of(options, model.normalisation), options.codebook)
