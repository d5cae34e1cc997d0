"""`Gisaxs`: which lattice each image shows, and the spots that it predicts; one frame in memory at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.backends import Predictor, check_backend, open_for, recorded
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.examples import Examples
from napari_sciml.core.findings import FieldMap, Findings, PathsOverlay, PointsOverlay
from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.plan import RunPlan
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.provenance import SourceRecord
from napari_sciml.core.settings import RunSettings
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.gisaxs.axes_choice import axes_problem
from napari_sciml.techniques.gisaxs.canonical import SIZE_PX
from napari_sciml.techniques.gisaxs.context import GisaxsContext
from napari_sciml.techniques.gisaxs.files import write
from napari_sciml.techniques.gisaxs.lattice import CLASSES
from napari_sciml.techniques.gisaxs.reading import Reader
from napari_sciml.techniques.gisaxs.search import LatticeSearch
from napari_sciml.techniques.gisaxs.settings import GisaxsSettings
from napari_sciml.techniques.gisaxs.spec import SPEC
from napari_sciml.techniques.gisaxs.tables import (
    EXPLAINED_COLUMNS,
    FAILED,
    FEATURE_COLUMNS,
    FEATURE_LINE_COLUMNS,
    FEATURE_LINES,
    FEATURES,
    MAIN,
    SPOT_COLUMNS,
    SPOTS,
    candidates,
    decide,
    joined,
)

LEAST_PX = 24
SECONDS_PER_FRAME = 0.15
SECONDS_PER_MEGAPIXEL = 0.5
BYTES_PER_PIXEL = 60

Opener = Callable[[Model, RunSettings], Predictor]


@dataclass(frozen=True)
class Gisaxs:
    """Names the lattice and orientation of each GISAXS image.

    Attributes
    ----------
    opener
        Gives the predictor for a model and settings.
    """

    name: ClassVar[str] = SPEC.name
    title: ClassVar[str] = SPEC.title
    settings_type: ClassVar[type[GisaxsSettings]] = GisaxsSettings
    context_type: ClassVar[type[GisaxsContext]] = GisaxsContext
    models: ClassVar[tuple[str, ...]] = ("gisaxs-lattice", "gisaxs-lattice-hipgisaxs")
    apart: ClassVar[bool] = True

    opener: Opener = field(default=open_for, repr=False)

    def accepts(self, source: ImageSource) -> str:
        """Say why this source cannot be used at all, or give an empty string. Reads no pixels."""
        if source.ndim not in (2, 3):
            return f"{source.name} has {source.ndim} dimensions; an image has 2, a series of images 3."
        if min(frame_shape(source)) < LEAST_PX:
            height, width = frame_shape(source)
            return (
                f"{source.name} has images of {height} x {width} px; at least {LEAST_PX} x {LEAST_PX} count."
            )
        return ""

    def model(self, settings: GisaxsSettings) -> Model:
        """Give the model that a run with these settings uses.

        Raises
        ------
        SciMLError
            If it is not there, or does not name lattices.
        """
        model = get_model(settings.model or self.models[0])
        if model.input != (SIZE_PX, SIZE_PX) or model.classes != CLASSES:
            raise SciMLError(
                f"The model {model.name} does not name lattices",
                f"choose {self.models[0]} or a model trained from it",
            )
        return model

    def plan(self, source: ImageSource, settings: GisaxsSettings) -> RunPlan:
        """Say what a run would cost, or why it cannot start. Reads no pixels and imports no torch."""
        try:
            model = self.model(settings)
            check_backend(model, settings)
        except SciMLError as error:
            return RunPlan(problem=error.sentence)
        if reason := self.accepts(source) or axes_problem(settings, source):
            return RunPlan(problem=reason)
        count, (rows, columns) = frame_count(source), frame_shape(source)
        pixels = rows * columns
        return RunPlan(
            tiles=count,
            what="frames",
            seconds=count * (SECONDS_PER_FRAME + SECONDS_PER_MEGAPIXEL * pixels / 1e6),
            memory_gb=pixels * BYTES_PER_PIXEL / 1e9,
            normalisation=model.rule.sentence,
            notes=(f"{count} images of {rows} x {columns} px",),
        )

    def prepare(
        self, model: Model, images: npt.NDArray[Any], settings: GisaxsSettings
    ) -> npt.NDArray[np.float32]:
        """Give the network's square ``(100, 100)`` of each raw image ``(n, rows, columns)``.

        Raises
        ------
        SciMLError
            If an image cannot be used; the message says which.
        """
        reader = Reader.of(ImageSource.from_array(images, name="The array"), settings)
        squares = np.empty((len(images), SIZE_PX, SIZE_PX), np.float32)
        for number, image in enumerate(images):
            try:
                squares[number] = reader.square(reader.look(image)[0])
            except SciMLError as error:
                raise SciMLError(f"Image {number}: {error.message}", error.hint) from error
        return squares

    def examples(self, model: Model, count: int, seed: int) -> Generator[Progress, None, Examples]:
        """Make training images of `model` again, normalised, by the same simulation.

        Raises
        ------
        SciMLError
            If its card does not tell how they were made.
        """
        from napari_sciml.techniques.gisaxs.examples import examples

        return examples(model, count, seed)

    def run(
        self, source: ImageSource, settings: GisaxsSettings, cancel: CancelToken | None = None
    ) -> Generator[Progress, None, Findings]:
        """Yield progress frame by frame and return the findings; partial ones if `cancel` was raised.

        Raises
        ------
        SciMLError
            If the run cannot start, or not one frame could be used.
        """
        if reason := self.accepts(source):
            raise SciMLError(reason)
        model = self.model(settings)
        began = datetime.now(UTC).isoformat(timespec="seconds")
        started = time.perf_counter()
        reader = Reader.of(source, settings)
        yield Progress(0, frame_count(source), "frames")
        predictor = self.opener(model, settings)
        search = LatticeSearch(source, reader, predictor, explore=settings.explore)
        try:
            yield from search.run(cancel or CancelToken())
        finally:
            predictor.close()
        explained = joined(search.explained, EXPLAINED_COLUMNS)
        context = GisaxsContext(
            spots=joined(search.spots, SPOT_COLUMNS),
            explained=explained,
            features=joined(search.features, FEATURE_COLUMNS) if settings.explore else None,
            feature_lines=joined(search.feature_lines, FEATURE_LINE_COLUMNS) if settings.explore else None,
            outlier_limit=float(model.card["training"].get("outlier_limit", 1.0)),
        )
        table = candidates(range(search.done), search.probabilities, explained)
        place = ("frame", "y", "x") if source.ndim == 3 else ("y", "x")
        return Findings(
            tables=decide(table, settings.threshold, context),
            main=MAIN,
            candidates=table,
            overlays=(PointsOverlay(SPOTS, place, "spot", search.marker_px, found="found"),),
            paths=(PathsOverlay(FEATURE_LINES, place, "feature", FEATURES),) if settings.explore else (),
            provenance=recorded(
                predictor,
                technique=self.name,
                model=model.name,
                normalisation=model.normalisation,
                settings=settings.model_dump(mode="json"),
                source=SourceRecord.of(source),
                units_done=search.done,
                units_total=search.total,
                what="frames",
                seconds=time.perf_counter() - started,
                started=began,
                notes=(*reader.notes, *search.notes),
                problems=(*reader.cautions, *search.problems),
            ),
            settings=settings,
            context=context,
            source=source,
        )

    def maps(self, source: ImageSource, settings: GisaxsSettings) -> dict[str, FieldMap]:
        """Return nothing: a frame is one answer."""
        return {}

    def decide(
        self, candidates: pd.DataFrame, settings: GisaxsSettings, context: GisaxsContext
    ) -> dict[str, pd.DataFrame]:
        """Return the frames with their names, and what explains them."""
        return decide(candidates, settings.threshold, context)

    def write(self, findings: Findings, folder: Path) -> list[Path]:
        """Write the tables and the picture."""
        return write(findings, folder)

    def summarise(self, findings: Findings) -> str:
        """Say which lattices were found: ``FCC111 in 12, HCP in 3, 9 unknown of 24 frames``."""
        explored = findings.tables.get(FEATURES)
        more = "" if explored is None else f"; {len(explored)} peaks, rings, arcs and lines"
        return f"{named(findings)}{more}"


def named(findings: Findings) -> str:
    """Say which lattices were found."""
    table = findings.table
    known = table.loc[~table["unknown"], "label"].value_counts()
    unknown = int((table["unknown"] & (table["label"] != FAILED)).sum())
    failed = int((table["label"] == FAILED).sum())
    if len(table) == 1 and not failed:
        row = table.iloc[0]
        doubt = "unknown, at best " if row["unknown"] else ""
        chance = "> 99 %" if row["probability"] > 0.99 else f"{100 * row['probability']:.0f} %"
        return f"{doubt}{row['label']} ({chance})"
    parts = [f"{label} in {count}" for label, count in known.items()]
    parts += [f"{unknown} unknown"] if unknown else []
    parts += [f"{failed} left out"] if failed else []
    return f"{', '.join(parts)} of {len(table)} frames"
