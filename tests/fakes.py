"""A search without a network: bright pixels are fibres, one tile is one slice. Instant and exact.

Its findings are those of microCT, so that they are decided and written as fibres are.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import FieldMap, Findings, PointsOverlay
from napari_sciml.core.plan import RunPlan
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.provenance import Provenance, SourceRecord
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.microct.context import MicroCTContext
from napari_sciml.techniques.microct.recipe import MicroCT
from napari_sciml.techniques.microct.settings import MicroCTSettings


def spots(seed: int = 0, shape: tuple[int, ...] = (6, 40, 50), count: int = 30) -> np.ndarray:
    """A dark uint8 volume with single bright pixels of many grey values."""
    random = np.random.default_rng(seed)
    image = np.zeros(shape, np.uint8)
    image.reshape(-1)[random.choice(image.size, count, replace=False)] = random.integers(60, 250, count)
    return image


class AsTheReal:
    """Decides, writes and sums up as the real technique does."""

    real: ClassVar[type]

    def maps(self, source: ImageSource, settings: Any) -> dict[str, FieldMap]:
        return {}

    def decide(self, candidates: pd.DataFrame, settings: Any, context: Any) -> dict[str, pd.DataFrame]:
        return self.real().decide(candidates, settings, context)

    def write(self, findings: Findings, folder: Path) -> list[Path]:
        return self.real().write(findings, folder)

    def summarise(self, findings: Findings) -> str:
        return self.real().summarise(findings)


class SpotTechnique(AsTheReal):
    """Every pixel above `floor` is a candidate with score grey / 255.

    `gate` holds the work before each slice until it is set, so that a test can act in the middle.
    """

    real: ClassVar[type] = MicroCT
    name: ClassVar[str] = "microct"
    title: ClassVar[str] = "MicroCT fibres"
    settings_type: ClassVar[type[MicroCTSettings]] = MicroCTSettings
    models: ClassVar[tuple[str, ...]] = ("spots", "spots-2")
    apart: ClassVar[bool] = False

    def __init__(self, gate: threading.Semaphore | None = None, fail: Exception | None = None) -> None:
        self.gate = gate
        self.fail = fail
        self.seen: list[MicroCTSettings] = []
        self.slices_done = 0
        self.floor = 50

    def accepts(self, source: ImageSource) -> str:
        return "Spots need a volume." if source.ndim == 4 else ""

    def plan(self, source: ImageSource, settings: MicroCTSettings) -> RunPlan:
        if settings.fiber_diameter_um is not None and source.pixel_size is None:
            return RunPlan(problem="The image does not say how large a pixel is.")
        return RunPlan(tiles=source.shape[0], seconds=12.0, memory_gb=0.4, normalisation="left as they are")

    def run(
        self, source: ImageSource, settings: MicroCTSettings, cancel: CancelToken | None = None
    ) -> Generator[Progress, None, Findings]:
        self.seen.append(settings)
        volume = np.asarray(source.data).reshape((-1, *source.shape[-2:]))
        rows: list[tuple[float, ...]] = []
        done = 0
        for z, plane in enumerate(volume):
            if cancel is not None and cancel.cancelled:
                break
            if self.gate is not None:
                assert self.gate.acquire(timeout=20)
            if self.fail is not None and z == 1:
                raise self.fail
            rows += [(z, y, x, plane[y, x] / 255) for y, x in np.argwhere(plane > self.floor)]
            done = self.slices_done = z + 1
            yield Progress(done, len(volume), "slices")
        candidates = pd.DataFrame(rows, columns=["z", "y", "x", "score"], dtype=float).assign(contrast=1.0)
        columns = ("z", "y", "x")[3 - source.ndim :]
        context = MicroCTContext(13.5)
        return Findings(
            tables=MicroCT().decide(candidates, settings, context),
            main="fibers",
            candidates=candidates,
            overlays=(PointsOverlay("fibers", columns, "fiber", 13.5),),
            provenance=Provenance(
                technique=self.name,
                model="spots",
                weights_sha256="",
                backend=settings.backend,
                runtime="numpy",
                normalisation="none",
                settings=settings.model_dump(mode="json"),
                source=SourceRecord.of(source),
                units_done=done,
                units_total=len(volume),
                what="slices",
                seconds=1.0,
            ),
            settings=settings,
            context=context,
            source=source,
        )

    def decide(self, *told: Any) -> dict[str, pd.DataFrame]:
        return MicroCT().decide(*told)

    def write(self, findings: Findings, folder: Path) -> list[Path]:
        return MicroCT().write(findings, folder)

    def summarise(self, findings: Findings) -> str:
        return MicroCT().summarise(findings)

    def maps(self, source: ImageSource, settings: MicroCTSettings) -> dict[str, FieldMap]:
        return {}


def bad_pixels() -> SciMLError:
    return SciMLError("The image holds NaN", "replace it first")
