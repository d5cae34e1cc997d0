"""`Technique`: what every science offers, so that window, command line and scripts treat all alike."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy.typing as npt
import pandas as pd

from napari_sciml.core.context import Context
from napari_sciml.core.findings import FieldMap, Findings
from napari_sciml.core.plan import RunPlan
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.settings import RunSettings
from napari_sciml.core.source import ImageSource


class Technique(Protocol):
    """One science: it plans a run, runs it tile by tile and decides what counts."""

    name: ClassVar[str]
    """Short name used in calls and on the command line, for example ``microct``."""
    title: ClassVar[str]
    """What a person calls it, for example ``MicroCT fibres``."""
    settings_type: ClassVar[type[RunSettings]]
    """The pydantic model of its settings."""
    context_type: ClassVar[type[Context]]
    """What its decisions need besides candidates and settings."""
    models: ClassVar[tuple[str, ...]]
    """Names of the models that `run` can use, the default one first."""
    independent_frames: ClassVar[bool]
    """Whether the images of a series do not depend on each other: a bad one then costs only itself."""

    def refusal(self, source: ImageSource) -> str:
        """Return why this source cannot be used at all, or an empty string. Reads no pixels."""
        ...

    def prepare(self, model: Any, images: npt.NDArray[Any], settings: Any) -> npt.NDArray[Any]:
        """Bring raw images ``(n, h, w)`` to the size that `model` labels, before their normalisation.

        Raises
        ------
        SciMLError
            If they cannot be labelled.
        """
        ...

    def plan(self, source: ImageSource, settings: Any) -> RunPlan:
        """Return what a run would cost, or why it cannot start. Reads no pixels and imports no torch."""
        ...

    def run(
        self, source: ImageSource, settings: Any, cancel: CancelToken | None = None
    ) -> Generator[Progress, None, Findings]:
        """Yield progress tile by tile and return the findings; partial ones if `cancel` was raised."""
        ...

    def maps(self, source: ImageSource, settings: Any) -> Mapping[str, FieldMap]:
        """Return the maps that are computed where somebody looks; those of a run are in its findings."""
        ...

    def decide(self, candidates: pd.DataFrame, settings: Any, context: Any) -> dict[str, pd.DataFrame]:
        """Return the tables that follow from the candidates. Pure and instant; reads no pixels."""
        ...

    def write(self, findings: Findings, folder: Path) -> list[Path]:
        """Write the technique's own files into a folder and return their paths; not the run record.

        Where the image is not there any more, what needs pixels is left out.
        """
        ...

    def summarise(self, findings: Findings) -> str:
        """Return in one clause what was found; empty where counting the main table's rows says it."""
        ...
