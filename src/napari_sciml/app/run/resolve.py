"""From what a person requests and what the image is to what a run would do, or why it cannot start.

Pure and instant: no pixel is read, no network is loaded. The order of precedence is: what the person
chose, if the image allows it; then what the image is likely meant for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from napari.layers import Layer

from napari_sciml.app.base.backend_choices import used
from napari_sciml.app.base.run_request import Resolved, RunRequest
from napari_sciml.app.base.run_state import ImageFacts, TechniqueChoice
from napari_sciml.app.forms.mask_layer import LayerMask, without_layers
from napari_sciml.app.run.guess_technique import guess_technique
from napari_sciml.app.run.text import NO_IMAGE, image_line
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.settings import parse_settings
from napari_sciml.core.source import SPATIAL_AXES, ImageSource
from napari_sciml.core.technique import Technique
from napari_sciml.layers.source import source_from_layer


def resolve(
    request: RunRequest, image: Layer | None, techniques: Sequence[Technique], layers: Collection[Layer] = ()
) -> Resolved:
    """Decide what pressing Run would do.

    Parameters
    ----------
    request
        What the person chose.
    image
        The chosen image layer, or None.
    techniques
        Every technique, at least one.
    layers
        The layers that can stand for a setting, for example as a mask.
    """
    try:
        source = None if image is None else source_from_layer(image)
        problem = NO_IMAGE if source is None else ""
    except SciMLError as error:
        source, problem = None, error.sentence
    refusals = {} if source is None else {t.name: t.refusal(source) for t in techniques}
    fitting = [t for t in techniques if not refusals.get(t.name)] or list(techniques)
    technique = next((t for t in fitting if t.name == request.technique), None)
    technique = technique or guess_technique(image, source, fitting)
    own = next(iter(technique.models), "")
    model = request.model if request.model in technique.models else own
    found = Resolved(
        offered=tuple(TechniqueChoice(t.name, t.title) for t in fitting),
        technique=technique,
        model=model,
        values=_values(request, technique, model, source),
        facts=_facts(image, source),
        source=source,
        blocked=problem or refusals.get(technique.name, ""),
    )
    return _planned(found, layers) if source is not None and not found.blocked else found


def _planned(found: Resolved, layers: Collection[Layer]) -> Resolved:
    assert found.source is not None
    for value in found.values.values():
        if isinstance(value, LayerMask) and (problem := value.problem(found.source, layers)):
            return replace(found, blocked=problem)
    try:
        settings = parse_settings(found.technique.settings_type, without_layers(found.values))
        plan = found.technique.plan(found.source, settings)
    except SciMLError as error:
        return replace(found, blocked=error.sentence)
    return replace(found, settings=settings, plan=plan, blocked=plan.problem)


def _values(
    request: RunRequest, technique: Technique, model: str, source: ImageSource | None
) -> dict[str, Any]:
    """Collect the settings that differ from the defaults, in the order in which a person would say them."""
    values = dict(request.values.get(technique.name, {}))
    if source is not None and len(set(source.axes) & set(SPATIAL_AXES)) < 3:
        # A flat image has no axis to choose; the choice made for a volume waits for the next volume.
        values.pop("axis", None)
    if request.threshold != technique.settings_type.model_fields["threshold"].default:
        values["threshold"] = request.threshold
    if model != next(iter(technique.models), ""):
        values["model"] = model
    return {**values, **used(request.backend_options)}


def _facts(image: Layer | None, source: ImageSource | None) -> ImageFacts:
    if image is None or source is None:
        return ImageFacts()
    spatial = [i for i, axis in enumerate(source.axes) if axis in SPATIAL_AXES]
    labels = [image.axis_labels[i] for i in spatial]
    # napari's own labels are "-3", "-2", "-1"; the axis letters say more.
    plain = any(label.lstrip("-").isdigit() for label in labels)
    size = source.pixel_size
    return ImageFacts(
        line=image_line(source),
        axis_names=tuple(
            source.axes[i] if plain else label for i, label in zip(spatial, labels, strict=True)
        ),
        pixel_size_um=None if size is None else tuple(size[i] for i in spatial),
        known=source.known,
    )
