"""`PointFinder`: the base of a science that looks for things in image after image, without a network."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.backends import recorded
from napari_sciml.core.context import Context
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import FieldMap, Findings, PointsOverlay
from napari_sciml.core.frames import frame_count, frame_shape, raw_frame
from napari_sciml.core.image_loop import Series
from napari_sciml.core.plan import RunPlan
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.provenance import SourceRecord
from napari_sciml.core.settings import RunSettings
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.registry import mark_of

MAIN = "points"
COST_PER_PIXEL_S = 1e-7
"""Seconds on one core for a few passes of numpy over a pixel; only the estimate before a run uses it."""
COPIES = 4
"""Copies of an image in double precision that a search is taken to hold at once, by the plan; set by hand."""


class PointFinder:
    """A `Technique` of which only the search is left to write.

    A subclass states `name`, `title` and `settings_type` and overrides `find`. What the points are called and
    how they look stands in the `Mark` of its spec. Everything above the threshold counts.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    settings_type: ClassVar[type[RunSettings]] = RunSettings
    context_type: ClassVar[type[Context]] = Context
    models: ClassVar[tuple[str, ...]] = ()
    independent_frames: ClassVar[bool] = True

    def find(self, image: npt.NDArray[Any], settings: Any) -> pd.DataFrame:
        """Return all candidates in an image ``(h, w)``, also those below the threshold.

        Columns: ``y, x`` in pixels, ``score`` from 0 to 1, and whatever else shall be in the table. A
        `SciMLError` leaves this image out and goes on with the next.
        """
        raise NotImplementedError

    def diameter_px(self, settings: Any) -> float:
        """Return the size of a marker in pixels; by default that of the spec's mark."""
        diameter = mark_of(self.name).diameter
        return float(diameter) if isinstance(diameter, int | float) else 10.0

    def refusal(self, source: ImageSource) -> str:
        """Return why this source cannot be used at all, or an empty string."""
        return "" if source.ndim in (2, 3) else "Choose an image, or a series or stack of images."

    def plan(self, source: ImageSource, settings: Any) -> RunPlan:
        """Return what a run would cost, or why it cannot start."""
        pixels = float(np.prod(frame_shape(source)))
        return RunPlan(
            tiles=frame_count(source),
            seconds=frame_count(source) * pixels * COST_PER_PIXEL_S,
            memory_gb=COPIES * 8 * pixels / 1e9,
            normalisation="Pixel values are used as they are.",
            problem=self.refusal(source),
            what="images",
        )

    def run(
        self, source: ImageSource, settings: Any, cancel: CancelToken | None = None
    ) -> Generator[Progress, None, Findings]:
        """Yield progress image by image and return the findings; partial ones if `cancel` was raised.

        Raises
        ------
        SciMLError
            If the source cannot be used, or not one image of it.
        """
        if reason := self.refusal(source):
            raise SciMLError(reason)
        began, started = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
        columns = source.axes
        series = Series(source.name, frame_count(source), "images")
        found = [pd.DataFrame(columns=[*columns, "score"], dtype=float)]

        def search(number: int) -> Iterator[None]:
            table = self.find(raw_frame(source, number), settings)
            if len(columns) == 3:
                table.insert(0, columns[0], number)
            if len(table):
                found.append(table)
            yield

        yield from series.each(range(frame_count(source)), search, cancel)
        # An empty table beside others would decide about their types.
        candidates = pd.concat(found[1:] or found, ignore_index=True)
        context = self.context_type()
        return Findings(
            tables=self.decide(candidates, settings, context),
            main=MAIN,
            candidates=candidates,
            overlays=(PointsOverlay(MAIN, columns, mark_of(self.name).label, self.diameter_px(settings)),),
            provenance=recorded(
                None,
                technique=self.name,
                model="none",
                normalisation="none",
                settings=settings.model_dump(mode="json"),
                source=SourceRecord.of(source),
                units_done=series.done,
                units_total=series.total,
                what=series.what,
                seconds=time.perf_counter() - started,
                started=began,
                problems=tuple(series.problems),
            ),
            settings=settings,
            context=context,
            source=source,
        )

    def decide(self, candidates: pd.DataFrame, settings: Any, context: Any) -> dict[str, pd.DataFrame]:
        """Keep the candidates with at least the score that counts."""
        return {MAIN: candidates[candidates["score"] >= settings.threshold].reset_index(drop=True)}

    def write(self, findings: Findings, folder: Path) -> list[Path]:
        """Write ``findings.csv``, ``points.csv`` and, as long as the image is there, ``overlay.png``."""
        from napari_sciml.figures.overlay import save_overlay
        from napari_sciml.io.saving.tables import write_csv, write_points_csv

        (overlay,), table, source = findings.overlays, findings.table, findings.source
        written = [
            write_csv(table, folder / "findings.csv"),
            write_points_csv(table, overlay.columns, folder / "points.csv"),
        ]
        if source.absent:
            return written
        # The image with the most.
        number = int(table[source.axes[0]].mode().min()) if source.ndim == 3 and len(table) else 0
        here = table if source.ndim == 2 else table[table[source.axes[0]] == number]
        picture = save_overlay(
            raw_frame(source, number),
            here[["y", "x"]].to_numpy(float),
            folder / "overlay.png",
            diameter_px=overlay.diameter_px,
            title=f"{len(here)} {mark_of(self.name).many} in {source.name}",
            caption=f"threshold {findings.settings.threshold:g}",
        )
        return [*written, picture]

    def summarise(self, findings: Findings) -> str:
        """Return nothing: the number of points says it."""
        return ""

    def maps(self, source: ImageSource, settings: Any) -> Mapping[str, FieldMap]:
        """Return nothing: there is no network that scores every pixel."""
        return {}

    def prepare(self, model: Any, images: npt.NDArray[Any], settings: Any) -> npt.NDArray[Any]:
        """Refuse: there is no network to prepare images for.

        Raises
        ------
        SciMLError
            Always.
        """
        raise SciMLError(f"{self.title} needs no network", "call run instead of classify")
