"""Which library executes the network: what is on offer, and what is known of it before anything runs.

Imports no such library: what was measured here is read from the memory of the tuner.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from napari_sciml.backends.registry import runtimes_for
from napari_sciml.backends.runtime_choice import VARIABLE, Choice, expected
from napari_sciml.backends.runtimes import installed
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.settings import RunSettings
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model

NAMES = {"torch": "PyTorch", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
AUTO = "fastest here"
FIRST_RUN = "The fastest runtime is measured at the first run (a few seconds)."


def runtime_text(runtime: str) -> str:
    """Return the name of a runtime as its makers write it."""
    return NAMES.get(runtime, runtime)


def named(text: str) -> str:
    """Write the runtimes in a text as their makers do.

    Examples
    --------
    >>> named("onnxruntime int8; torch float32 is slower")
    'ONNX Runtime int8; PyTorch float32 is slower'
    """
    return re.sub(rf"\b({'|'.join(NAMES)})\b", lambda found: NAMES[found[0]], text)


def able_runtime(backend: str, runtime: str) -> str:
    """Return `runtime` if it can execute `backend` at all, else ``auto``."""
    return runtime if runtime in runtimes_for(backend) else "auto"


def runtime_choices(backend: str) -> tuple[tuple[str, str], ...]:
    """Return words and runtime of all that can execute `backend`; nothing where there is no choice."""
    able = runtimes_for(backend)
    if len(able) < 2:
        return ()
    missing = {name: "" if installed(name) else " (not installed)" for name in able}
    return ((AUTO, "auto"), *((runtime_text(name) + missing[name], name) for name in able))


def runtime_use_text(model_name: str, values: Mapping[str, Any]) -> str:
    """Return which runtime a run with these choices would use and why, or nothing without a choice."""
    backend = values.get("backend", RunSettings.model_fields["backend"].default)
    able = runtimes_for(backend)
    if len(able) < 2:
        return ""
    wanted = able_runtime(backend, values.get("runtime", "auto"))
    if wanted != "auto":
        return "" if installed(wanted) else _missing_text(backend, wanted)
    try:
        model = get_model(model_name)
    except SciMLError:
        # The plan says so.
        return ""
    try:
        return _auto_text(model, backend)
    except SciMLError as error:
        return error.sentence


def _missing_text(backend: str, wanted: str) -> str:
    """Return what runs instead of a runtime that is not here; for integers the backend says it."""
    instead = next((name for name in runtimes_for(backend) if installed(name)), None)
    if instead is None:
        return ""
    return f"{runtime_text(wanted)} is not installed: {runtime_text(instead)} will run instead."


def _auto_text(model: Model, backend: str) -> str:
    if backend == "int8":
        runs = any(variant.kind == backend for variant in model.variants)
        if not runs or not any(installed(name) for name in runtimes_for(backend)):
            # Float32 will run instead, as the text of the backend says.
            backend = "float32"
    choice = expected(model, backend)
    if choice is None:
        return FIRST_RUN
    if backend == "int8" and choice.runtime == "torch":
        return f"Integers bring nothing on this machine, float32 will run instead ({named(choice.why)})."
    return f"{sentence_of(choice.why)}."


def sentence_of(why: str) -> str:
    """Begin with a capital letter and without a full stop; name runtimes as their makers do."""
    text = why.strip().rstrip(".")
    if not text.startswith(VARIABLE):
        # The value of the variable is to be read as it was typed.
        text = named(text)
    return text[:1].upper() + text[1:]


def measured_text(choices: Iterable[Choice]) -> str:
    """Return what measuring again has found, in few words; the figures stand with the choice."""
    found = [
        f"{choice.backend} brings nothing"
        if choice.backend == "int8" and choice.runtime == "torch"
        else f"{choice.backend} by {runtime_text(choice.runtime)}"
        for choice in choices
    ]
    return f"Measured again. Fastest here: {', '.join(found)}."
