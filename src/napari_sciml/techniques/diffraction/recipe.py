"""`Diffraction`: which frames hold Bragg peaks, and in which tiles; one frame in memory at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy.typing as npt
import pandas as pd

from napari_sciml.backends import Predictor, check_backend, open_for, recorded
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.examples import Examples
from napari_sciml.core.findings import FieldMap, Findings, PointsOverlay, TilesOverlay
from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.plan import RunPlan
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.provenance import SourceRecord
from napari_sciml.core.settings import RunSettings
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.cut import centre_windows
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.diffraction.context import DiffractionContext
from napari_sciml.techniques.diffraction.files import write
from napari_sciml.techniques.diffraction.frames import refusal
from napari_sciml.techniques.diffraction.grid import BOX_PX, TILE_PX
from napari_sciml.techniques.diffraction.outlook import look_ahead
from napari_sciml.techniques.diffraction.pace import PACE, estimate_memory_gb
from napari_sciml.techniques.diffraction.search import LOWEST_FLOOR, FrameScorer, FrameSearch
from napari_sciml.techniques.diffraction.settings import DiffractionSettings
from napari_sciml.techniques.diffraction.spec import SPEC
from napari_sciml.techniques.diffraction.tables import MAIN, SPOTS, decide, gather

POSITIVE = "bragg"
TILES = "tiles"

Opener = Callable[[Model, RunSettings], Predictor]


@dataclass(frozen=True)
class Diffraction:
    """Finds the frames with Bragg peaks in a series of stills.

    Attributes
    ----------
    opener
        Gives the predictor for a model and settings.
    """

    name: ClassVar[str] = SPEC.name
    title: ClassVar[str] = SPEC.title
    settings_type: ClassVar[type[DiffractionSettings]] = DiffractionSettings
    context_type: ClassVar[type[DiffractionContext]] = DiffractionContext
    models: ClassVar[tuple[str, ...]] = ("diffraction-bragg",)
    apart: ClassVar[bool] = True

    opener: Opener = field(default=open_for, repr=False)

    def accepts(self, source: ImageSource) -> str:
        """Say why this source cannot be used at all, or give an empty string. Reads no pixels."""
        return refusal(source)

    def model(self, settings: DiffractionSettings) -> Model:
        """Give the model that a run with these settings uses.

        Raises
        ------
        SciMLError
            If it is not there, or does not label tiles.
        """
        model = get_model(settings.model or self.models[0])
        if model.input != (TILE_PX, TILE_PX) or POSITIVE not in model.classes:
            raise SciMLError(
                f"The model {model.name} cannot tell Bragg tiles from others",
                f"choose {self.models[0]} or a model trained from it",
            )
        return model

    def prepare(
        self, model: Model, images: npt.NDArray[Any], settings: DiffractionSettings
    ) -> npt.NDArray[Any]:
        """Give raw images ``(n, h, w)`` of the model's size as they are, of larger ones the centre."""
        return centre_windows(model, images)

    def examples(self, model: Model, count: int, seed: int) -> Generator[Progress, None, Examples]:
        """Make training images of `model` again, normalised, by the same simulation.

        Raises
        ------
        SciMLError
            If its card does not tell how they were made.
        """
        from napari_sciml.techniques.diffraction.examples import examples

        return examples(model, count, seed)

    def plan(self, source: ImageSource, settings: DiffractionSettings) -> RunPlan:
        """Say what a run would cost, or why it cannot start. Reads no pixels and imports no torch."""
        try:
            model = self.model(settings)
            check_backend(model, settings)
        except SciMLError as error:
            return RunPlan(problem=error.sentence)
        if reason := self.accepts(source):
            return RunPlan(problem=reason)
        count, shape = frame_count(source), frame_shape(source)
        return RunPlan(
            tiles=count,
            what="frames",
            seconds=PACE.estimate(count, shape),
            memory_gb=estimate_memory_gb(source),
            normalisation=model.rule.sentence,
            notes=(f"{count} frames of {shape[0]} x {shape[1]} px",),
        )

    def run(
        self, source: ImageSource, settings: DiffractionSettings, cancel: CancelToken | None = None
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
        yield Progress(0, frame_count(source), "frames")
        outlook = look_ahead(source, settings)
        predictor = self.opener(model, settings)
        scorer = FrameScorer(predictor, model.classes.index(POSITIVE))
        floor = min(settings.threshold, LOWEST_FLOOR)
        search = FrameSearch(source, scorer, outlook.mask, floor, outlook.beam)
        searching = time.perf_counter()
        try:
            yield from search.run(cancel or CancelToken())
        finally:
            predictor.close()
        PACE.learn(search.done, frame_shape(source), time.perf_counter() - searching)
        candidates = gather(search.found)
        context = DiffractionContext(search.done, tuple(search.failed))
        columns = ("frame", "y", "x") if source.ndim == 3 else ("y", "x")
        middle = (TILE_PX - 1) / 2
        return Findings(
            tables=self.decide(candidates, settings, context),
            main=MAIN,
            candidates=candidates,
            overlays=(PointsOverlay(SPOTS, columns, POSITIVE, float(BOX_PX + 4)),),
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
                notes=outlook.notes,
                problems=(*outlook.cautions, *search.problems),
            ),
            settings=settings,
            context=context,
            source=source,
            maps={TILES: FieldMap(search.scores, (1.0, TILE_PX, TILE_PX), (0.0, middle, middle))},
            tiles=(TilesOverlay(TILES, POSITIVE),),
        )

    def maps(self, source: ImageSource, settings: DiffractionSettings) -> dict[str, FieldMap]:
        """Return nothing: the scores of the tiles are made by the run."""
        return {}

    def decide(
        self, candidates: pd.DataFrame, settings: DiffractionSettings, context: DiffractionContext
    ) -> dict[str, pd.DataFrame]:
        """Return the frames, which of them are hits, and the spots that count."""
        frames = range(context.frames)
        return decide(
            candidates, settings.threshold, settings.min_tiles, frames=frames, failed=context.failed
        )

    def write(self, findings: Findings, folder: Path) -> list[Path]:
        """Write tables, peaks, lists of hits and the picture."""
        return write(findings, folder)

    def summarise(self, findings: Findings) -> str:
        """Say how many frames are hits: ``20 hits in 200 frames (10.0 %)``; those left out do not count."""
        return hits_in(findings)


def hits_in(findings: Findings) -> str:
    """Say how many frames are hits."""
    hits, count = int(findings.table["hit"].sum()), int(findings.table["score"].notna().sum())
    share = f" ({100 * hits / count:.1f} %)" if count > 1 else ""
    lost = len(findings.table) - count
    more = f", {lost} left out" if lost else ""
    return f"{hits} hit{'' if hits == 1 else 's'} in {count} frame{'' if count == 1 else 's'}{share}{more}"
