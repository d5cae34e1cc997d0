"""`WindowSpec` and `Mark`: what the window does for one science beyond what it does for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from napari_sciml.core.lazy_import import Reference, load

if TYPE_CHECKING:
    from napari_sciml.core.findings import Findings

Color = Literal["orange", "blue", "vermilion", "green", "yellow", "purple"]
"""People with any colour vision can tell these apart on grey."""


@dataclass(frozen=True)
class Mark:
    """Describe the points of a technique: their words and their look.

    Points of the model are circles and points of a person are squares.

    Attributes
    ----------
    label
        Their class, as tables and files name it.
    one, many
        What a person calls one and several of them.
    in_slices
        What many are called where one thing is met again in every slice; empty means as `many`.
    tiles
        What the tiles are called that hold some.
    color, by_hand
        Colour of those of the model and of those of a person.
    missing
        Colour of those that were predicted and not found, which are crosses; empty where nothing is
        predicted.
    border
        Width of the ring as a share of its diameter.
    diameter
        Diameter in pixels where a table does not say it, or a reference to a function that derives it:
        ``diameter(settings, source)`` with the recorded settings and an `ImageSource` without pixels.
    """

    label: str
    one: str
    many: str
    in_slices: str = ""
    tiles: str = "positive tiles"
    color: Color = "orange"
    by_hand: Color = "blue"
    missing: Color | Literal[""] = ""
    border: float = 0.12
    diameter: float | Reference = 10.0


@dataclass(frozen=True)
class WindowSpec:
    """Describe what is special about a technique in the window.

    Attributes
    ----------
    live
        Settings besides the threshold that `Findings.at_threshold` takes by name: changing them changes a
        result at once, without a new run.
    later
        Settings of what a page makes of a result after the run; pressing Run does not look at them.
    caution
        ``caution(model, threshold, live)`` says in a sentence what to expect of a model at a threshold and
        these live settings.
    next_step
        What a person would do with a result.
    nothing
        What to do if nothing was found, although no candidates lie below the threshold.
    lower
        Whether a lower threshold would show more points.
    decided
        ``decided(findings)`` says what the program decided by itself and on what grounds, or what it measured
        where nothing was found.
    caption
        ``caption(findings, frame)`` says on the canvas what a frame shows.
    still_known
        ``still_known(known, values)`` gives what an image states and a run with these values still uses;
        everything if there is none.
    actions
        What its form may ask for beyond values: ``action(viewer, image, change)`` calls ``change(values)``
        with changed settings, at once or later.
    form
        Widget for the settings that a run needs, with ``show_state(state)``, ``values_changed(dict)`` and
        maybe ``asked(str)``: the name of an action.
    decider
        Widget that decides beside the threshold, without a new run, with ``show_state(state)`` and
        ``decided(str, object)``: a live setting and its value.
    result_page
        The words on its tab and the `ResultPage` that shows a result, there as soon as there is one.
    simulate_page
        Page with the sliders of its simulator.
    """

    live: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    caution: Reference = ""
    next_step: str = "Next: move the threshold."
    nothing: str = "Next: try another image or another model."
    lower: bool = True
    decided: Reference = ""
    caption: Reference = ""
    still_known: Reference = ""
    actions: Mapping[str, Reference] = field(default_factory=dict)
    form: Reference = ""
    decider: Reference = ""
    result_page: tuple[str, Reference] | None = None
    simulate_page: Reference = ""

    def caution_text(self, model: str, threshold: float, live: Mapping[str, Any]) -> str:
        """Return what to expect of a model at a threshold, or nothing."""
        return str(load(self.caution)(model, threshold, live)) if self.caution else ""

    def decided_text(self, findings: Findings) -> str:
        """Return what the program decided by itself, or nothing."""
        return str(load(self.decided)(findings)) if self.decided else ""

    def nothing_text(self, candidates: int) -> str:
        """Return what to do if nothing counts and so many candidates lie below the threshold."""
        if self.lower and candidates:
            return f"Next: lower the threshold; {candidates} candidates lie below it."
        return self.nothing

    def caption_text(self, findings: Findings, frame: int) -> str:
        """Return what a frame shows, or nothing."""
        return str(load(self.caption)(findings, frame)) if self.caption else ""

    def used_known(self, known: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what an image states and a run with these values still uses."""
        if not self.still_known:
            return known
        used: Mapping[str, Any] = load(self.still_known)(known, values)
        return used
