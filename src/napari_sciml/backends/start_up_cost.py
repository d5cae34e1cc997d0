"""What opening a network will cost, and what will run it, known without loading anything."""

from __future__ import annotations

import sys

from napari_sciml.backends.registry import runtimes_for
from napari_sciml.backends.runtime_choice import expected
from napari_sciml.backends.runtimes import installed
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.settings import RunSettings
from napari_sciml.networks.model import Model

LIBRARIES_S = 2.0
"""Seconds to load torch and a runtime, once in a program: the first estimate, on two idle cores."""
MEASURING_S = 2.0
"""Seconds to try every runtime on a model, once on a machine: the first estimate, on two idle cores."""
WEIGHTS_S = 0.3
"""Seconds to read the weights: the first estimate, on two idle cores."""


def expected_runtime(model: Model, settings: RunSettings) -> str:
    """Return the runtime that will run `model`; of those not measured yet, the last that is installed."""
    runtime: str = settings.runtime
    if runtime != "auto":
        return runtime
    able = runtimes_for(settings.backend) or ("torch",)
    choice = _remembered(model, settings)
    return choice or next((name for name in reversed(able) if installed(name)), "torch")


def start_up_cost(model: Model, settings: RunSettings) -> float:
    """Return the seconds that opening `model` takes, on the machine that `core.run_rate` compares with."""
    several = len(runtimes_for(settings.backend)) > 1
    measured = not several or settings.runtime != "auto" or _remembered(model, settings)
    loaded = "torch" in sys.modules
    return WEIGHTS_S + (0.0 if loaded else LIBRARIES_S) + (0.0 if measured else MEASURING_S)


def _remembered(model: Model, settings: RunSettings) -> str:
    try:
        choice = expected(model, settings.backend) if runtimes_for(settings.backend) else None
    except SciMLError:
        # Opening says what is wrong, or takes the nearest that works.
        return "torch"
    return "" if choice is None else choice.runtime
