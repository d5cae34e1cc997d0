"""A saved run in the window again: its layers become a result, and the page is set as it was for the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from napari.layers import Layer

from napari_sciml.app.base.backend_choices import NAMES, changed
from napari_sciml.app.base.run_request import RunRequest
from napari_sciml.app.canvas.result import Result
from napari_sciml.io.saving.file_sets import open_set
from napari_sciml.layers.run_layers import Part
from napari_sciml.layers.saved_run import OpenedRun, taken_up
from napari_sciml.techniques.registry import window_of
from napari_sciml.techniques.saved_runs import MASK

ELSEWHERE = {*NAMES, "model", "threshold"}
"""Settings that a request holds beside the technique's own."""


def result_of(run: OpenedRun, layers: Sequence[tuple[Part, Layer]], image: Layer | None) -> Result:
    """Take the layers of a saved run, which a viewer shows by now, as a result on `image`."""
    result = Result.adopt(
        [(part, layer) for part, layer in layers if part.role != "image"], run.findings, run.place, image
    )
    result.settings = run.findings.settings
    result.saved = run.saved
    for _, layer in layers:
        taken_up(layer)
    return result


def image_of(run: OpenedRun, layers: Sequence[tuple[Part, Layer]], present: Sequence[Layer]) -> Layer | None:
    """Return the image layer of a saved run: the one that was open, or the one that came with it."""
    came = next((layer for part, layer in layers if part.role == "image"), None)
    image = came if run.image is None else run.image()
    return image if image in present else None


def request_of(run: OpenedRun, before: RunRequest) -> RunRequest:
    """Return what a person would have to choose so that Run repeats a saved run."""
    settings, technique = run.findings.settings, run.findings.provenance.technique
    later = window_of(technique).later
    values: dict[str, Any] = {}
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, np.ndarray):
            # What was painted lies in a file now.
            value = str(open_set(run.folder).outer(MASK))
        if (
            name not in ELSEWHERE
            and name not in later
            and value != field.get_default(call_default_factory=True)
        ):
            values[name] = value
    return replace(
        before,
        technique=technique,
        model=settings.model or run.findings.provenance.model,
        values={**before.values, technique: values},
        backend_options=changed({}, {name: getattr(settings, name) for name in NAMES}),
        threshold=settings.threshold,
    )
