"""`MicroCT`: every fibre cross-section of a volume, slice by slice and tile by tile."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy.typing as npt
import pandas as pd

from napari_sciml.backends import Predictor, check_backend, open_for, recorded
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.examples import Examples
from napari_sciml.core.findings import FieldMap, Findings, PointsOverlay
from napari_sciml.core.plan import RunPlan
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.provenance import SourceRecord
from napari_sciml.core.settings import RunSettings
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.cut import centre_windows
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.microct.context import MicroCTContext
from napari_sciml.techniques.microct.files import write
from napari_sciml.techniques.microct.job import resolve
from napari_sciml.techniques.microct.maps import fiber_map
from napari_sciml.techniques.microct.pace import PACE, estimate_memory_gb, estimate_seconds
from napari_sciml.techniques.microct.score_map import POSITIVE, map_tiles
from napari_sciml.techniques.microct.search import PlaneSearch
from napari_sciml.techniques.microct.settings import MicroCTSettings
from napari_sciml.techniques.microct.spec import SPEC
from napari_sciml.techniques.microct.tables import MAIN, axis_columns, decide, gather

LOWEST_FLOOR = 0.05
"""Maxima below this are not kept as candidates, unless the threshold itself is lower."""
TILE_PX = 272
"""256 px and the rim of a window: of the sizes tried, the one whose layers make best use of the cache."""
STRIDE = 2

Opener = Callable[[Model, RunSettings], Predictor]


@dataclass(frozen=True)
class MicroCT:
    """Finds the fibres of ceramic-matrix composites in microCT slices.

    Attributes
    ----------
    stride
        Distance of neighbouring elements of the map, in pixels after rescaling: 1, 2 or 4.
    tile_px
        Largest edge of a tile, in pixels after rescaling.
    opener
        Gives the predictor for a model and settings.
    """

    name: ClassVar[str] = SPEC.name
    title: ClassVar[str] = SPEC.title
    settings_type: ClassVar[type[MicroCTSettings]] = MicroCTSettings
    context_type: ClassVar[type[MicroCTContext]] = MicroCTContext
    apart: ClassVar[bool] = False
    models: ClassVar[tuple[str, ...]] = ("microct-fiber-dense",)

    stride: int = STRIDE
    tile_px: int = TILE_PX
    opener: Opener = field(default=open_for, repr=False)

    def accepts(self, source: ImageSource) -> str:
        """Say why this source cannot be used at all, or give an empty string. Reads no pixels."""
        if min(sorted(source.shape)[-2:]) < 2:
            return f"{source.name} is a line of pixels (shape {source.shape}), not an image."
        return ""

    def model(self, settings: MicroCTSettings) -> Model:
        """Give the model that a run with these settings uses.

        Raises
        ------
        SciMLError
            If it is not there, cannot label a field or does not know fibres.
        """
        model = get_model(settings.model or self.models[0])
        if not model.dense or POSITIVE not in model.classes:
            raise SciMLError(
                f"The model {model.name} cannot mark fibres in a whole image",
                f"choose {self.models[0]} or a model trained from it",
            )
        return model

    def prepare(self, model: Model, images: npt.NDArray[Any], settings: MicroCTSettings) -> npt.NDArray[Any]:
        """Give raw images ``(n, h, w)`` of the model's size as they are, of larger ones the centre."""
        return centre_windows(model, images)

    def examples(self, model: Model, count: int, seed: int) -> Generator[Progress, None, Examples]:
        """Make training images of `model` again, normalised, by the same simulation.

        Raises
        ------
        SciMLError
            If its card does not tell how they were made.
        """
        from napari_sciml.techniques.microct.examples import examples

        return examples(model, count, seed)

    def plan(self, source: ImageSource, settings: MicroCTSettings) -> RunPlan:
        """Say what a run would cost, or why it cannot start. Reads no pixels and imports no torch."""
        try:
            model = self.model(settings)
            check_backend(model, settings)
            job = resolve(source, settings)
        except SciMLError as error:
            return RunPlan(problem=error.sentence)
        return RunPlan(
            tiles=job.planes.count * len(map_tiles(job, self.stride, self.tile_px)),
            seconds=estimate_seconds(job, self.stride),
            memory_gb=estimate_memory_gb(source, job, self.tile_px),
            normalisation=model.rule.sentence,
            notes=job.notes,
            problem=self.accepts(source),
        )

    def run(
        self, source: ImageSource, settings: MicroCTSettings, cancel: CancelToken | None = None
    ) -> Generator[Progress, None, Findings]:
        """Yield progress tile by tile and return the findings; partial ones if `cancel` was raised.

        Raises
        ------
        SciMLError
            If the run cannot start, or not one slice could be used.
        """
        if reason := self.accepts(source):
            raise SciMLError(reason)
        job = resolve(source, settings)
        model = self.model(settings)
        began = datetime.now(UTC).isoformat(timespec="seconds")
        started = time.perf_counter()
        predictor = self.opener(model, settings)
        floor = min(settings.threshold, LOWEST_FLOOR)
        search = PlaneSearch(source, job, predictor, self.stride, self.tile_px, floor)
        try:
            yield from search.run(cancel or CancelToken())
        finally:
            predictor.close()
        seconds = time.perf_counter() - started
        PACE.learn(search.elements, seconds)
        candidates = gather(search.found, job.planes)
        return Findings(
            tables=self.decide(candidates, settings, context := MicroCTContext(job.mean_diameter_px)),
            main=MAIN,
            candidates=candidates,
            overlays=(PointsOverlay(MAIN, axis_columns(job.planes), POSITIVE, context.diameter_px),),
            provenance=recorded(
                predictor,
                technique=self.name,
                model=model.name,
                normalisation=model.normalisation,
                settings=settings.model_dump(mode="json"),
                source=SourceRecord.of(source),
                units_done=search.done,
                units_total=search.total,
                seconds=seconds,
                started=began,
                notes=job.notes,
                problems=tuple(search.problems),
            ),
            settings=settings,
            context=context,
            source=source,
            maps=self.maps(source, settings),
        )

    def maps(self, source: ImageSource, settings: MicroCTSettings) -> dict[str, FieldMap]:
        """Return the probabilities over the whole image, computed where somebody looks."""
        opener = partial(self.opener, self.model(settings), settings)
        job = resolve(source, settings)
        return {POSITIVE: fiber_map(source, job, opener, self.stride, self.tile_px)}

    def decide(
        self, candidates: pd.DataFrame, settings: MicroCTSettings, context: MicroCTContext
    ) -> dict[str, pd.DataFrame]:
        """Return the fibres among the candidates."""
        return decide(candidates, settings.threshold, settings.fiber_contrast)

    def write(self, findings: Findings, folder: Path) -> list[Path]:
        """Write the tables and the picture."""
        return write(findings, folder)

    def summarise(self, findings: Findings) -> str:
        """Say nothing: the number of fibres says it."""
        return ""
