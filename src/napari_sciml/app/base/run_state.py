"""What the Run page shows, as one frozen snapshot. Controllers replace it; widgets draw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from napari.layers import Layer

from napari_sciml.app.base.jobs import Going, Phase
from napari_sciml.core.findings import Findings
from napari_sciml.core.plan import RunPlan


@dataclass(frozen=True)
class TechniqueChoice:
    """One technique on offer."""

    name: str
    title: str


@dataclass(frozen=True)
class ImageFacts:
    """What is known about the chosen image without reading a pixel.

    Attributes
    ----------
    line
        For people, for example ``24 × 256 × 256 (z, y, x), uint8, pixel 0.65 µm``.
    axis_names
        The spatial axes as the layer calls them, in order; a slicing axis is an index into these.
    pixel_size_um
        Edges of a pixel along the spatial axes, or None if nobody said.
    known
        Settings that the image itself states.
    """

    line: str = ""
    axis_names: tuple[str, ...] = ()
    pixel_size_um: tuple[float, ...] | None = None
    known: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RunState:
    """Everything the Run page shows.

    Attributes
    ----------
    images, image
        Image layers on offer and the chosen one. Layers, not names: names change.
    values
        Settings of the technique that differ from its defaults.
    backend_options
        What computes the scores, as far as it differs from the defaults.
    runtimes
        Libraries that can execute it, as words and name; nothing where there is no choice.
    use_text
        What that means for the chosen model.
    measuring
        Whether the fastest of these libraries is being measured.
    blocked
        Why Run is disabled, or an empty string.
    live
        Settings besides the threshold that decide at once.
    threshold_live
        Whether moving the threshold or a live setting changes a result that is on screen.
    caution
        What to expect at this threshold and these live settings, measured beforehand.
    labels
        Labels layers on offer as masks.
    findings
        What the chosen technique found last, as decided now; None before its first run.
    frame
        The frame of these findings that the viewer shows, or None.
    going
        How the run goes that is under way.
    result
        The result in one line.
    next_step
        What a person would do now.
    error
        What went wrong last, as one sentence.
    note
        What went well last, for example where files were saved.
    can_save
        Whether there is a result to save.
    """

    images: tuple[Layer, ...] = ()
    image: Layer | None = None
    facts: ImageFacts = field(default_factory=ImageFacts)
    techniques: tuple[TechniqueChoice, ...] = ()
    technique: str = ""
    models: tuple[str, ...] = ()
    model: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    backend_options: Mapping[str, Any] = field(default_factory=dict)
    runtimes: tuple[tuple[str, str], ...] = ()
    use_text: str = ""
    measuring: bool = False
    threshold: float = 0.5
    live: Mapping[str, Any] = field(default_factory=dict)
    threshold_live: bool = False
    caution: str = ""
    labels: tuple[Layer, ...] = ()
    findings: Findings | None = None
    frame: int | None = None
    plan: RunPlan = field(default_factory=RunPlan)
    blocked: str = ""
    going: Going = field(default_factory=Going)
    result: str = ""
    next_step: str = ""
    error: str = ""
    note: str = ""
    can_save: bool = False
    saving: bool = False

    @property
    def phase(self) -> Phase:
        """Whether a run is under way."""
        return self.going.phase
