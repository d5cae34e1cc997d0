"""Measure again which runtime is the fastest: what was chosen on a busy machine would stay for ever."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from napari_sciml.backends import runtime_choice
from napari_sciml.backends.registry import backend_specs
from napari_sciml.backends.runtime_choice import Choice
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.networks.model import Model


def measurable(models: Sequence[Model]) -> list[tuple[Model, str]]:
    """Return each model with each backend whose weights it has and that more than one runtime can execute."""
    return [
        (model, spec.name)
        for model in models
        for spec in backend_specs()
        if len(spec.runtimes) > 1 and any(variant.kind == spec.variant for variant in model.variants)
    ]


def measure_again(
    models: Sequence[Model], cancel: CancelToken | None = None
) -> Generator[Progress, None, list[Choice]]:
    """Measure and remember anew, whatever was remembered; yields before each measurement.

    What is known of a model is dropped only when there is something better, so that a stop loses nothing.

    Raises
    ------
    SciMLError
        If the weights of a model are missing or damaged.
    """
    pairs = measurable(models)
    choices: list[Choice] = []
    for done, (model, backend) in enumerate(pairs):
        yield Progress(done, len(pairs), f"{model.name}, {backend}")
        if cancel is not None and cancel.cancelled:
            return choices
        choice = runtime_choice.measure(model, backend)
        runtime_choice.forget(model, backend)
        runtime_choice.remember(runtime_choice.remembered_at(model, backend), choice)
        choices.append(choice)
    return choices
