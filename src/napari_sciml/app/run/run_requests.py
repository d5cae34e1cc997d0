"""`RunRequests`: what a person wants from a run, and what that comes to for the chosen image."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from napari.components import ViewerModel
from napari.layers import Layer

from napari_sciml.app.base.backend_choices import changed, without_file
from napari_sciml.app.base.run_request import Resolved, RunRequest
from napari_sciml.app.canvas.live_settings import decided, live_settings
from napari_sciml.app.run.image_choice import ImageChoice
from napari_sciml.app.run.image_settings import ImageSettings
from napari_sciml.app.run.resolve import resolve
from napari_sciml.core.errors import SciMLError, SciMLWarning
from napari_sciml.core.findings import Findings
from napari_sciml.core.technique import Technique
from napari_sciml.layers.remake import Origin, origin_of


def all_techniques() -> list[Technique]:
    """Return every technique, without importing what only a run needs; a broken one is a warning."""
    from napari_sciml.techniques import get_technique, technique_names

    found = []
    for name in technique_names():
        try:
            found.append(get_technique(name))
        except SciMLError as error:
            warnings.warn(error.sentence, SciMLWarning, stacklevel=2)
    return found


class RunRequests:
    """Collects choices; starts nothing and shows nothing.

    Parameters
    ----------
    viewer
        Whose images are on offer; it is held weakly.
    techniques
        Every technique, at least one.
    """

    def __init__(self, viewer: ViewerModel, techniques: Sequence[Technique]) -> None:
        self.image = ImageChoice(viewer)
        self.request = RunRequest()
        self._techniques = techniques
        self._settings = ImageSettings()
        self._of = self._image_now()
        self.image.changed.connect(self._follow)

    def _image_now(self) -> weakref.ref[Layer] | None:
        image = self.image.image
        return None if image is None else weakref.ref(image)

    def _follow(self) -> None:
        """Leave the settings of an image with it when another one is chosen."""
        left, taken = None if self._of is None else self._of(), self.image.image
        if left is taken:
            return
        if left is not None:
            values = self._settings.moved(self.request.values, left, taken)
            self.request = replace(self.request, values=values)
        self._of = self._image_now()

    def resolve(self) -> Resolved:
        """Decide what pressing Run would do now."""
        return resolve(self.request, self.image.image, self._techniques, self.image.labels)

    def technique(self, name: str) -> Technique:
        """Return the technique of that name."""
        return next(technique for technique in self._techniques if technique.name == name)

    def choose_technique(self, name: str) -> None:
        """Look for what this technique finds."""
        self.request = replace(
            self.request, technique=name, backend_options=without_file(self.request.backend_options)
        )

    def choose_model(self, name: str) -> None:
        """Use this model."""
        self.request = replace(
            self.request, model=name, backend_options=without_file(self.request.backend_options)
        )

    def change_values(self, technique: str, values: Mapping[str, Any]) -> None:
        """Replace a technique's own settings; those left out or None take their defaults."""
        given = {name: value for name, value in values.items() if value is not None}
        self.request = replace(self.request, values={**self.request.values, technique: given})

    def change_backend_options(self, changes: Mapping[str, Any]) -> None:
        """Let something else compute the scores, whatever the technique; None stands for the default."""
        self.request = replace(self.request, backend_options=changed(self.request.backend_options, changes))

    def set_threshold(self, threshold: float) -> None:
        """Count everything at or above `threshold`."""
        self.request = replace(self.request, threshold=threshold)

    def decided(self, findings: Findings) -> Findings:
        """Decide as the sliders stand now, if they were moved during the run."""
        values = self.request.values.get(findings.provenance.technique, {})
        threshold, live = live_settings(findings)
        wanted = {name: values.get(name, value) for name, value in live.items()}
        if (threshold, live) == (self.request.threshold, wanted):
            return findings
        return decided(findings, self.request.threshold, wanted)

    @property
    def origin(self) -> Origin | None:
        """How to make the chosen image again, if it says so."""
        image = self.image.image
        return None if image is None else origin_of(image)
