"""A technique without a network that answers like cryo-EM does: picks, views and a map that are made up."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from fakes import AsTheReal
from napari_sciml.app.views.state import MapChoice
from napari_sciml.app.views.work import BuildOrder, OnMap, Science, SortOrder
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import FieldMap, Findings, PointsOverlay
from napari_sciml.core.plan import RunPlan
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.provenance import Provenance, SourceRecord
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.cryoem.context import CryoEMContext
from napari_sciml.techniques.cryoem.particles import NO_VIEW, Particles
from napari_sciml.techniques.cryoem.recipe import CryoEM
from napari_sciml.techniques.cryoem.results import Reconstruction, ViewsResult
from napari_sciml.techniques.cryoem.scale import pick_scale
from napari_sciml.techniques.cryoem.settings import CryoEMSettings
from napari_sciml.techniques.cryoem.tables import decide
from napari_sciml.techniques.cryoem.views import view_angles

FRAMES = 3
EDGE_PX = 256
PIXEL_A = 4.0
DIAMETER_A = 120.0
PER_FRAME = 24
BOX_PX = 16
VIEWS = 84
MASK_STEP = 8


def micrographs(frames: int = FRAMES, pixel_A: float | None = PIXEL_A) -> ImageSource:
    """Noise with dark discs; `frames` of 0 gives one flat micrograph."""
    pixels = np.random.default_rng(0).normal(0, 1, (max(frames, 1), EDGE_PX, EDGE_PX)).astype(np.float32)
    row, column = np.ogrid[:EDGE_PX, :EDGE_PX]
    for frame, plane in enumerate(pixels):
        for y, x in places(frame):
            plane[(row - y) ** 2 + (column - x) ** 2 < 15**2] -= 1.5
    size = None if pixel_A is None else (pixel_A * 1e-4,) * (3 if frames else 2)
    axes = ("z", "y", "x") if frames else ("y", "x")
    data = pixels if frames else pixels[0]
    unit = "pixel" if pixel_A is None else "um"
    return ImageSource.from_array(data, axes=axes, pixel_size=size, unit=unit, name="grid square")


def places(frame: int) -> np.ndarray:
    """Where the particles of a frame are ``(PER_FRAME, 2)``: y, x."""
    grid = np.stack(np.meshgrid(np.arange(4), np.arange(6), indexing="ij"), -1).reshape(-1, 2)
    wobble = np.random.default_rng(100 + frame).uniform(-4, 4, (PER_FRAME, 2))
    return np.round(grid * (55, 40) + (35, 28) + wobble, 1)


def candidates(frames: int) -> pd.DataFrame:
    rows = []
    for frame in range(max(frames, 1)):
        scores = np.random.default_rng(200 + frame).uniform(0.3, 1.0, PER_FRAME).round(3)
        rows += [(frame, y, x, score) for (y, x), score in zip(places(frame), scores, strict=True)]
    return pd.DataFrame(rows, columns=["frame", "y", "x", "score"]).astype({"frame": np.int64})


class PickTechnique(AsTheReal):
    """Gives the table above, whatever the pixels are."""

    real: ClassVar[type] = CryoEM
    name: ClassVar[str] = "cryoem"
    title: ClassVar[str] = "Cryo-EM particles"
    settings_type: ClassVar[type[CryoEMSettings]] = CryoEMSettings
    models: ClassVar[tuple[str, ...]] = ("made-up",)
    apart: ClassVar[bool] = True

    def __init__(self) -> None:
        self.seen: list[CryoEMSettings] = []

    def accepts(self, source: ImageSource) -> str:
        return ""

    def plan(self, source: ImageSource, settings: CryoEMSettings) -> RunPlan:
        try:
            pick_scale(source, settings)
        except SciMLError as error:
            return RunPlan(problem=error.sentence)
        return RunPlan(tiles=max(source.ndim == 3 and source.shape[0], 1), seconds=1.0, what="micrographs")

    def run(
        self, source: ImageSource, settings: CryoEMSettings, cancel: CancelToken | None = None
    ) -> Generator[Progress, None, Findings]:
        self.seen.append(settings)
        yield Progress(1, 1, "micrographs")
        return findings(source, settings)


def findings(source: ImageSource, settings: CryoEMSettings) -> Findings:
    frames = source.shape[0] if source.ndim == 3 else 0
    table = candidates(frames)
    columns = ("frame", "y", "x") if frames else ("y", "x")
    masked = np.zeros((max(frames, 1), EDGE_PX // MASK_STEP, EDGE_PX // MASK_STEP), np.uint8)
    masked[0, :, -5:] = 1
    half = (MASK_STEP - 1) / 2
    scale = pick_scale(source, settings)
    context = CryoEMContext(scale.diameter_px, scale.pixel_size_A)
    return Findings(
        tables=decide(table, settings.threshold, context),
        main="particles",
        candidates=table,
        overlays=(PointsOverlay("particles", columns, "particle", scale.diameter_px),),
        maps={"mask": FieldMap(masked, (1.0, MASK_STEP, MASK_STEP), (0.0, half, half))},
        provenance=Provenance(
            technique="cryoem",
            model="made-up",
            weights_sha256="",
            backend="float32",
            runtime="numpy",
            normalisation="none",
            settings=settings.model_dump(mode="json"),
            source=SourceRecord.of(source),
            units_done=max(frames, 1),
            units_total=max(frames, 1),
            what="micrographs",
            seconds=1.0,
        ),
        settings=settings,
        context=context,
        source=source,
    )


def blob(box: int, y: float, x: float, width: float) -> np.ndarray:
    row, column = np.ogrid[:box, :box]
    return np.exp(-((row - y) ** 2 + (column - x) ** 2) / (2 * width**2)).astype(np.float32)


def views_result(
    table: pd.DataFrame, *, method: str = "network", map_name: str = "three lobes", crowded: bool = False
) -> ViewsResult:
    """Sort particles into views by their row: every tenth is none; the last ten views stay empty."""
    count = len(table)
    rows = np.arange(count)
    view = rows % (6 if crowded else VIEWS - 10)
    view[rows % 10 == 9] = NO_VIEW
    sorted_table = table.copy()
    sorted_table["view"] = view
    sorted_table["view_probability"] = np.where(view == NO_VIEW, 0.1, 0.9)
    sorted_table["mirrored"] = False
    for name in ("psi_deg", "shift_y", "shift_x"):
        sorted_table[name] = 0.0
    sorted_table["half"] = rows % 2
    sorted_table["mirrored"] = rows % 3 == 0
    counts = np.bincount(view[view >= 0], minlength=VIEWS)
    angles = view_angles()
    views = pd.DataFrame(
        {
            "view": np.arange(VIEWS),
            "rot_deg": angles[:, 0],
            "tilt_deg": angles[:, 1],
            "count": counts,
            "share": counts / max(counts.sum(), 1),
            "correlation": np.where(counts > 0, 0.95 - 0.004 * np.arange(VIEWS), np.nan),
        }
    )
    middle = BOX_PX / 2
    references = np.stack(
        [blob(BOX_PX, middle + 3 * np.cos(np.radians(rot)), middle + tilt / 30, 2.5) for rot, tilt in angles]
    )
    noise = np.random.default_rng(3).normal(0, 0.1, references.shape).astype(np.float32)
    averages = np.where(counts[:, np.newaxis, np.newaxis] > 0, references + noise, 0).astype(np.float32)
    particles = Particles(
        np.random.default_rng(4).normal(0, 1, (count, BOX_PX, BOX_PX)).astype(np.float32), table, 16.0
    )
    unsorted = int((view == NO_VIEW).sum())
    return ViewsResult(
        particles=particles,
        table=sorted_table,
        views=views,
        averages=averages,
        references=references,
        pixel_size_A=16.0,
        map_name=map_name,
        method=method,
        notes=(f"{unsorted} particles are none of the 84",),
    )


def reconstruction(result: ViewsResult, keep: Collection[int]) -> Reconstruction:
    """A ball and curves that fall; the controls stay low."""
    axis = np.arange(BOX_PX) - BOX_PX // 2
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    volume = np.exp(-(z**2 + y**2 + 2 * x**2) / 20.0).astype(np.float32)
    shells = np.arange(1, BOX_PX // 2 + 1)
    resolution = BOX_PX * result.pixel_size_A / shells
    fsc = pd.DataFrame(
        {
            "resolution_A": resolution,
            "half_sets": 1 / (1 + np.exp(shells - 5.0)),
            "truth": np.full(len(shells), np.nan),
            "noise": np.full(len(shells), 0.08),
            "phase_randomised": np.full(len(shells), 0.1),
        }
    )
    return Reconstruction(
        volume=volume,
        pixel_size_A=result.pixel_size_A,
        fsc=fsc,
        resolution_A={"half_sets": 38.0, "truth": float("nan")},
        kept=tuple(sorted(keep)),
        cautions=("10 views hold no particle",),
    )


def options() -> Mapping[str, Any]:
    """Settings with which a run starts."""
    return {"particle_diameter_A": DIAMETER_A}


class MadeUpScience:
    """Sorts and builds at once; remembers what it was asked for."""

    def __init__(self) -> None:
        self.orders: list[SortOrder] = []
        self.builds: list[BuildOrder] = []
        self.fail: SciMLError | None = None

    @property
    def science(self) -> Science:
        return Science(self.sort, self.build, self.train, self.look)

    def sort(self, order: SortOrder, cancel: CancelToken) -> Generator[Progress, None, ViewsResult | None]:
        self.orders.append(order)
        if self.fail is not None:
            raise self.fail
        for step in (1, 2):
            if cancel.cancelled:
                return None
            yield Progress(step, 2, "particles")
        return None if cancel.cancelled else views_result(order.table, method=order.settings.views)

    def build(
        self, order: BuildOrder, on_map: OnMap, cancel: CancelToken
    ) -> Generator[Progress, None, Reconstruction | None]:
        self.builds.append(order)
        counts = order.result.views["count"]
        made = reconstruction(order.result, [view for view in order.keep if counts[view] > 0])
        for step in (1, 2, 3):
            if cancel.cancelled:
                return None
            on_map(made.volume * step / 3)
            yield Progress(step, 3, "views")
        return made

    def train(self, choice: MapChoice, folder: Path, cancel: CancelToken) -> Generator[Progress, None, Path]:
        yield Progress(1, 1, "epochs")
        return folder

    def look(self, choice: MapChoice) -> MapChoice:
        if choice.path.endswith("bad.mrc"):
            raise SciMLError("bad.mrc has 4 x 5 x 6 voxels and is not a cube")
        return choice
