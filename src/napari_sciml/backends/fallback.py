"""Pick what executes a model as the settings ask, or the nearest to it that works here."""

from __future__ import annotations

from napari_sciml.backends.opening import check_backend, open_predictor
from napari_sciml.backends.predictor import Predictor
from napari_sciml.backends.registry import backend_of, runtimes_for
from napari_sciml.backends.runtime_choice import choose
from napari_sciml.backends.runtimes import installed
from napari_sciml.backends.spec import Opened
from napari_sciml.core.backend_options import CodebookOptions, RuntimeOptions
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.settings import RunSettings
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.model import Model


def open_for(model: Model, settings: RunSettings) -> Predictor:
    """Return what runs `model` as the settings ask, or the nearest that works; its notes say which and why.

    Raises
    ------
    SciMLError
        If nothing can run it.
    """
    from napari_sciml.backends.metered import Metered

    check_backend(model, settings)
    opened = backend_of(settings.backend).open(model, settings)
    return Metered(opened.predictor, notes=opened.notes, choice=opened.choice)


def nearest_float(model: Model, options: RuntimeOptions, notes: tuple[str, ...] = ()) -> Opened:
    """Return what runs the floating point weights, by the runtime asked for or else another."""
    opened = _with_fallback(model, "float32", options.runtime, notes)
    return opened if isinstance(opened, Opened) else Opened(open_predictor(model), opened)


def nearest_integers(model: Model, options: RuntimeOptions) -> Opened:
    """Return what runs the integers, or floating point with a note that says why."""
    try:
        model.variant("int8").read()
    except SciMLError as error:
        note = f"{error.message}; float32 was used instead of integers."
        return nearest_float(model, options, (note,))
    opened = _with_fallback(model, "int8", options.runtime, ())
    if isinstance(opened, Opened):
        return opened
    note = "No runtime for integers could be used; float32 was used instead."
    return nearest_float(model, options, (*opened, note))


def nearest_low_bit(model: Model, options: CodebookOptions) -> Opened:
    """Return the low-bit network that was asked for, or else one quantised just now."""
    from napari_sciml.backends.codebook import open_codebook

    spec, notes = CodebookSpec.of(options, model.normalisation), []
    if options.runtime not in ("auto", "torch"):
        notes.append(
            f"The runtime {options.runtime} cannot run the backend codebook; torch was used instead."
        )
    try:
        return Opened(open_codebook(model, spec, options.codebook), tuple(notes))
    except SciMLError as error:
        if options.codebook is not None or spec.method == "constrain":
            raise
        notes.append(f"{error.message}; its weights were quantised after training instead.")
    return Opened(open_codebook(model, spec.model_copy(update={"method": "constrain"})), tuple(notes))


def _with_fallback(
    model: Model, backend: str, asked: str, notes: tuple[str, ...]
) -> Opened | tuple[str, ...]:
    """Try the runtime that was asked for or chosen, then the others; give notes alone if none works."""
    able = runtimes_for(backend)
    warned, failures, choice, wanted = list(notes), [], "", asked
    if asked == "auto":
        chosen = choose(model, backend)
        wanted, choice = chosen.runtime, chosen.why
        if backend == "int8" and wanted == "torch":
            warned.append(f"Integers bring nothing on this machine ({choice}).")
    if wanted not in able:
        if asked == "auto":
            return tuple(warned)
        failures.append(f"The runtime {wanted} cannot run the backend {backend}")
    for runtime in dict.fromkeys((wanted, *able)):
        if runtime not in able or (runtime != wanted and not installed(runtime)):
            continue
        try:
            found = open_predictor(model, backend, runtime)
        except SciMLError as error:
            failures.append(error.message)
            continue
        warned += [f"{failure}; {runtime} was used instead." for failure in failures]
        return Opened(found, tuple(warned), choice)
    return (*warned, *(f"{failure}." for failure in failures))
