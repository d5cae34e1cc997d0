"""What the window does for one technique beyond what it does for all: the one place that knows them by name.

The views have a registry of their own, `widgets.forms`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_sciml.app.mask_layer import new_mask_layer


def no_caution(model: str, threshold: float, live: Mapping[str, Any]) -> str:
    """Say nothing."""
    return ""


@dataclass(frozen=True)
class Traits:
    """What is special about a technique in the window.

    Attributes
    ----------
    live
        Settings besides the threshold that `Findings.at_threshold` takes by name: changing them changes a
        result at once, without a new run.
    caution
        Says in a sentence what to expect of a model at a threshold and these live settings.
    next_step
        What a person would do with a result.
    nothing
        What to do if nothing was found, although no candidates lie below the threshold.
    actions
        What its form may ask for beyond values: ``action(viewer, image)`` gives changed settings.
    """

    live: tuple[str, ...] = ()
    caution: Callable[[str, float, Mapping[str, Any]], str] = no_caution
    next_step: str = "Next: move the threshold."
    nothing: str = "Next: try another image or another model."
    actions: Mapping[str, Callable[[Any, Any], dict[str, Any]]] = field(default_factory=dict)


def false_hits(model: str, threshold: float, live: Mapping[str, Any]) -> str:
    """Say how many blank frames a model would call hits."""
    from napari_sciml.networks.registry import get_model
    from napari_sciml.techniques.diffraction.false_hits import expected_false_hits

    expected = expected_false_hits(get_model(model), threshold, int(live["min_tiles"]))
    if expected is None:
        return "How many blank frames this would call hits was not measured for this model and threshold."
    return f"Expect {expected.sentence}."


TRAITS: dict[str, Traits] = {
    "microct": Traits(
        next_step="Next: move the threshold, or add missed ones by hand with the + tool of the points layer.",
        nothing="Next: check the size of the fibres and the axis along which they run.",
    ),
    "diffraction": Traits(
        live=("min_tiles",),
        caution=false_hits,
        next_step="Next: look through the frames in the tab Hits, move the sliders, save the hit list.",
        nothing="Next: see whether the mask hides the spots, and whether the frames are diffraction at all.",
        actions={"new_mask": new_mask_layer},
    ),
}

COMMON = Traits()


def traits_of(technique: str) -> Traits:
    """Give the traits of a technique; one that nobody described has the common ones."""
    return TRAITS.get(technique, COMMON)
