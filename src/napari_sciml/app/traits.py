"""What the window does for one technique beyond what it does for all: the one place that knows them by name.

The views have a registry of their own, `widgets.forms`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_sciml.app.forms.lattice_axes import still_known
from napari_sciml.app.forms.mask_layer import new_mask_layer
from napari_sciml.app.forms.measure import measure_diameter
from napari_sciml.app.lattice.frames import caption
from napari_sciml.core.findings import Findings


def no_caution(model: str, threshold: float, live: Mapping[str, Any]) -> str:
    """Say nothing."""
    return ""


def no_words(findings: Findings, frame: int) -> str:
    """Say nothing about a frame."""
    return ""


def all_known(known: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Use all that an image states."""
    return known


Action = Callable[[Any, Any, Callable[[dict[str, Any]], None]], None]


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
    lower
        Whether a lower threshold would show more points.
    words
        Says in a few words, on the canvas, what a frame shows: ``words(findings, frame)``.
    still_known
        ``still_known(known, values)`` gives what an image states and a run with these values still uses.
    actions
        What its form may ask for beyond values: ``action(viewer, image, change)`` calls ``change(values)``
        with changed settings, at once or later.
    """

    live: tuple[str, ...] = ()
    caution: Callable[[str, float, Mapping[str, Any]], str] = no_caution
    next_step: str = "Next: move the threshold."
    nothing: str = "Next: try another image or another model."
    lower: bool = True
    words: Callable[[Findings, int], str] = no_words
    still_known: Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]] = all_known
    actions: Mapping[str, Action] = field(default_factory=dict)


def false_hits(model: str, threshold: float, live: Mapping[str, Any]) -> str:
    """Say how many blank frames a model would call hits."""
    from napari_sciml.networks.registry import get_model
    from napari_sciml.techniques.diffraction.false_hits import expected_false_hits

    expected = expected_false_hits(get_model(model), threshold, int(live["min_tiles"]))
    if expected is None:
        return "How many blank frames this would call hits was not measured for this model and threshold."
    return f"Expect {expected.sentence}."


def diameter_known(known: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Use the diameter that an image states unless a person said one; the rest is no setting of a run."""
    name = "particle_diameter_A"
    if name not in known or {name, "particle_diameter_px"} & set(values):
        return {}
    return {name: known[name]}


def particles_in(findings: Findings, frame: int) -> str:
    """Say how many particles a micrograph holds, for the canvas."""
    count = int((findings.table["frame"] == frame).sum())
    return f"{count} particle{'' if count == 1 else 's'}"


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
    "gisaxs": Traits(
        lower=False,
        words=caption,
        still_known=still_known,
        next_step=(
            "Next: check the predicted spots on the image, frame by frame in the tab Lattice: "
            "blue rings are found, orange crosses are missing."
        ),
        nothing="Next: see the probabilities in the tab Lattice; check the q ranges or the geometry.",
        actions={"new_mask": new_mask_layer},
    ),
    "cryoem": Traits(
        next_step=(
            "Next: look at the rings, move the threshold, add or remove picks by hand; then sort them in the "
            "tab Views."
        ),
        nothing="Next: check the diameter, the pixel size and the contrast of the particles.",
        words=particles_in,
        still_known=diameter_known,
        actions={"measure": measure_diameter},
    ),
}

COMMON = Traits()


def traits_of(technique: str) -> Traits:
    """Give the traits of a technique; one that nobody described has the common ones."""
    return TRAITS.get(technique, COMMON)
