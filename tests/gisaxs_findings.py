"""A technique without a network that answers like GISAXS does: six small frames whose answers are made up."""

from __future__ import annotations

from collections.abc import Generator
from typing import ClassVar

import numpy as np
import pandas as pd

from fakes import AsTheReal
from napari_sciml.core.findings import Findings, PathsOverlay, PointsOverlay
from napari_sciml.core.plan import RunPlan
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.provenance import Provenance, SourceRecord
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.gisaxs.context import GisaxsContext
from napari_sciml.techniques.gisaxs.lattice import CLASSES
from napari_sciml.techniques.gisaxs.recipe import Gisaxs
from napari_sciml.techniques.gisaxs.settings import GisaxsSettings
from napari_sciml.techniques.gisaxs.tables import decide

FRAMES = 6
EDGE_PX = 64
SURE = {0: ("HCP", 0.97), 1: ("HCP", 0.8), 2: ("FCC111", 0.62), 3: ("BCC100", 0.41), 4: ("BCC100", 0.99)}
"""Frame -> its most probable class; frame 5 could not be used."""
STRANGE = 4
"""This one is like none of the classes, however probable the best is."""
LIMIT = 0.9
KNOWN = {"qy_range": (-1.0, 1.0), "qz_range": (0.0, 1.0), "energy_kev": 10.0}


def candidates(count: int = FRAMES) -> pd.DataFrame:
    rows = []
    for frame in range(count):
        if frame not in SURE:
            rows.append([frame, *[np.nan] * len(CLASSES), np.nan])
            continue
        name, probability = SURE[frame]
        rest = (1 - probability) / (len(CLASSES) - 1)
        rows.append(
            [frame, *(probability if c == name else rest for c in CLASSES), 0.95 if frame == STRANGE else 0.1]
        )
    table = pd.DataFrame(rows, columns=["frame", *(f"p_{name}" for name in CLASSES), "outlier"])
    return table.assign(agreement=np.nan)


def spots(count: int = FRAMES) -> pd.DataFrame:
    """Four spots in each usable frame: the upper two are mirrored, the last one is missing."""
    rows = []
    for frame in range(count):
        if frame not in SURE:
            continue
        for n, (y, x) in enumerate([(40, 20), (40, 44), (30, 20), (30, 44)]):
            q_y, q_z = -1 + 2 * x / (EDGE_PX - 1), 1 - y / (EDGE_PX - 1)
            rows.append((frame, y, x, q_y, q_z, n >= 2, n < 3, 5.0 - n, (5 - n) / 20, SURE[frame][0]))
    names = ["frame", "y", "x", "q_y", "q_z", "mirrored", "found", "contrast", "score", "label"]
    return pd.DataFrame(rows, columns=names)


def explained(count: int = FRAMES) -> pd.DataFrame:
    rows = [
        (f, SURE[f][0], 24.0 - f, 23.0 - f, 25.0 - f, 0.13, 0.15, 3, 4, 0.75)
        for f in range(count)
        if f in SURE
    ]
    names = ["frame", "label", "spacing_nm", "spacing_low", "spacing_high", "horizon", "incidence_deg"]
    return pd.DataFrame(rows, columns=[*names, "found", "predicted", "agreement"])


def features() -> pd.DataFrame:
    rows = [
        (0, "peak", -0.37, 0.52, 0.64, 0.02, 0.03, np.nan, 9.0, 30.0, 20.0),
        (0, "ring", 0.0, 0.0, 0.5, 0.04, 180.0, 0.0, 4.0, 63.0, 32.0),
        (1, "line", 0.37, 0.3, 0.5, 0.02, 0.4, 90.0, 3.0, 40.0, 44.0),
    ]
    names = ["frame", "kind", "q_y", "q_z", "q", "width", "extent", "angle_deg", "strength", "y", "x"]
    return pd.DataFrame(rows, columns=names)


def feature_lines() -> pd.DataFrame:
    turns = np.linspace(0, np.pi, 20)
    ring = [(0, 1, 63 - 20 * np.sin(turn), 32 - 20 * np.cos(turn)) for turn in turns]
    return pd.DataFrame([*ring, (1, 2, 60, 44), (1, 2, 20, 44)], columns=["frame", "feature", "y", "x"])


class LatticeTechnique(AsTheReal):
    """Gives the tables above, whatever the pixels are."""

    real: ClassVar[type] = Gisaxs
    name: ClassVar[str] = "gisaxs"
    title: ClassVar[str] = "GISAXS lattice"
    settings_type: ClassVar[type[GisaxsSettings]] = GisaxsSettings
    models: ClassVar[tuple[str, ...]] = ("made-up",)
    apart: ClassVar[bool] = True

    def __init__(self) -> None:
        self.seen: list[GisaxsSettings] = []

    def accepts(self, source: ImageSource) -> str:
        return ""

    def plan(self, source: ImageSource, settings: GisaxsSettings) -> RunPlan:
        if not source.known and settings.qy_range is None:
            return RunPlan(problem="The geometry is unknown: give the q ranges.")
        return RunPlan(tiles=count_of(source), seconds=1.0, what="frames")

    def run(
        self, source: ImageSource, settings: GisaxsSettings, cancel: CancelToken | None = None
    ) -> Generator[Progress, None, Findings]:
        self.seen.append(settings)
        count = count_of(source)
        yield Progress(count, count, "frames")
        yield from ()
        return findings(source, settings)


def count_of(source: ImageSource) -> int:
    return source.shape[0] if source.ndim == 3 else 1


def findings(source: ImageSource, settings: GisaxsSettings) -> Findings:
    count = count_of(source)
    place = ("frame", "y", "x") if source.ndim == 3 else ("y", "x")
    paths = (PathsOverlay("feature_lines", place, "feature", "features"),) if settings.explore else ()
    context = GisaxsContext(
        spots=spots(count),
        explained=explained(count),
        features=features() if settings.explore else None,
        feature_lines=feature_lines() if settings.explore else None,
        outlier_limit=LIMIT,
    )
    table = candidates(count)
    return Findings(
        tables=decide(table, settings.threshold, context),
        main="frames",
        candidates=table,
        overlays=(PointsOverlay("spots", place, "spot", 9.0, found="found"),),
        paths=paths,
        provenance=Provenance(
            technique="gisaxs",
            model="made-up",
            weights_sha256="",
            backend="float32",
            runtime="numpy",
            normalisation="none",
            settings=settings.model_dump(mode="json"),
            source=SourceRecord.of(source),
            units_done=count,
            units_total=count,
            what="frames",
            seconds=1.0,
        ),
        settings=settings,
        context=context,
        source=source,
    )


def small_series(known: dict[str, object] | None = None) -> ImageSource:
    """Six frames of noise that state their q ranges, or what is `known` instead."""
    pixels = np.random.default_rng(0).poisson(3.0, (FRAMES, EDGE_PX, EDGE_PX)).astype(np.int32)
    stated = KNOWN if known is None else known
    return ImageSource.from_array(pixels, axes=("t", "y", "x"), name="series", known=stated)
