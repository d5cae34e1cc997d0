"""`RunRequest` and `Resolved`: what a person chose for a run, and what that comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_sciml.app.base.run_state import ImageFacts, TechniqueChoice
from napari_sciml.app.forms.mask_layer import with_pixels
from napari_sciml.core.plan import RunPlan
from napari_sciml.core.settings import RunSettings, parse_settings
from napari_sciml.core.source import ImageSource
from napari_sciml.core.technique import Technique
from napari_sciml.techniques.registry import window_of


@dataclass(frozen=True)
class RunRequest:
    """What a person chose so far.

    `values` holds each technique's settings that differ from defaults; `backend_options` what computes the
    scores, which is one choice for all techniques.
    """

    technique: str = ""
    model: str = ""
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    backend_options: Mapping[str, Any] = field(default_factory=dict)
    threshold: float = 0.5


@dataclass(frozen=True)
class Resolved:
    """What a run would do.

    `settings`, which leave out what layers stand for, and `source` are None exactly when the run is blocked
    before planning.
    """

    offered: tuple[TechniqueChoice, ...]
    technique: Technique
    model: str
    values: dict[str, Any]
    facts: ImageFacts = field(default_factory=ImageFacts)
    source: ImageSource | None = None
    settings: RunSettings | None = None
    plan: RunPlan = field(default_factory=RunPlan)
    blocked: str = ""

    def run_values(self) -> dict[str, Any]:
        """Return the chosen settings as plain values, with the pixels of layers that stand for some."""
        return with_pixels(self.values)

    def start_settings(self) -> RunSettings:
        """Return the settings of a run that starts now."""
        return parse_settings(self.technique.settings_type, self.run_values())

    def live(self) -> dict[str, Any]:
        """Return the settings besides the threshold that decide at once, whether chosen or by default."""
        fields = self.technique.settings_type.model_fields
        return {
            name: self.values.get(name, fields[name].default) for name in window_of(self.technique.name).live
        }
