"""`Diffraction`: which frames hold Bragg peaks, and in which tiles; one frame in memory at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.backends import Predictor
from napari_sciml.core.findings import FieldMap, Findings, PointsOverlay, TilesOverlay
from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.model import Model
from napari_sciml.techniques.diffraction.context import DiffractionContext
from napari_sciml.techniques.diffraction.costs import memory_gb, seconds_per_frame
from napari_sciml.techniques.diffraction.decide import MAIN, NO_HIT, SPOTS, decide, gather
from napari_sciml.techniques.diffraction.frame_survey import looks
from napari_sciml.techniques.diffraction.grid import BOX_PX, TILE_PX
from napari_sciml.techniques.diffraction.run_setup import RunSetup, look_ahead
from napari_sciml.techniques.diffraction.search import LOWEST_FLOOR, FrameScorer, FrameSearch
from napari_sciml.techniques.diffraction.settings import DiffractionSettings
from napari_sciml.techniques.diffraction.spec import SPEC
from napari_sciml.techniques.diffraction.usable_frames import refusal
from napari_sciml.techniques.diffraction.write import write
from napari_sciml.techniques.network_technique import NetworkTechnique
from napari_sciml.techniques.searched_run import Cost, NetworkRun

POSITIVE = "bragg"
TILES = "tiles"


@dataclass(frozen=True)
class Diffraction(NetworkTechnique[DiffractionSettings, RunSetup, FrameSearch]):
    """Finds the frames with Bragg peaks in a series of stills."""

    name: ClassVar[str] = SPEC.name
    title: ClassVar[str] = SPEC.title
    settings_type: ClassVar[type[DiffractionSettings]] = DiffractionSettings
    context_type: ClassVar[type[DiffractionContext]] = DiffractionContext
    independent_frames: ClassVar[bool] = True
    models: ClassVar[tuple[str, ...]] = ("diffraction-bragg",)
    ability: ClassVar[str] = "tell Bragg tiles from others"

    def refusal(self, source: ImageSource) -> str:
        """Return why this source cannot be used at all, or an empty string. Reads no pixels."""
        return refusal(source)

    def can_use(self, model: Model) -> bool:
        """Whether a model labels tiles and knows Bragg spots."""
        return model.input == (TILE_PX, TILE_PX) and POSITIVE in model.classes

    def cost(self, source: ImageSource, settings: DiffractionSettings, runtime: str) -> Cost:
        """Return what a run will cost: it grows with the pixels; a few frames are looked at before."""
        count, shape = frame_count(source), frame_shape(source)
        each, ahead = seconds_per_frame(source), looks(count)
        return Cost(
            units=count,
            seconds=count * each,
            memory_gb=memory_gb(source),
            notes=(f"{count} frames of {shape[0]} x {shape[1]} px",),
            ahead_seconds=ahead * each,
            ahead_images=ahead,
        )

    def setup(self, source: ImageSource, settings: DiffractionSettings) -> RunSetup:
        """Settle which pixels are ignored and where the beam is, from a few frames."""
        return look_ahead(source, settings)

    def search(
        self,
        source: ImageSource,
        settings: DiffractionSettings,
        setup: RunSetup,
        predictor: Predictor | None,
    ) -> FrameSearch:
        """Return the search for Bragg spots, frame by frame."""
        assert predictor is not None
        scorer = FrameScorer(predictor, predictor.model.classes.index(POSITIVE))
        floor = min(settings.threshold, LOWEST_FLOOR)
        return FrameSearch(source, scorer, setup.mask, floor, setup.beam, setup.stated)

    def findings(self, run: NetworkRun[DiffractionSettings, RunSetup, FrameSearch]) -> Findings:
        """Return the frames with their spots, and the scores of all tiles."""
        search = run.search
        candidates = gather(search.found)
        context = DiffractionContext(search.done, tuple(search.failed))
        tables = self.decide(candidates, run.settings, context)
        fewer = run.settings.model_copy(update={"min_tiles": 1})
        advice = () if tables[MAIN]["hit"].any() else nearly(self.decide(candidates, fewer, context)[MAIN])
        return Findings(
            tables=tables,
            main=MAIN,
            candidates=candidates,
            overlays=(PointsOverlay(SPOTS, run.place, POSITIVE, float(BOX_PX + 4)),),
            provenance=run.record(
                notes=(*run.setup.notes, *search.notes, *advice),
                problems=(*run.setup.cautions, *search.cautions),
            ),
            settings=run.settings,
            context=context,
            source=run.source,
            maps={TILES: tile_map(search.scores)},
            tiles=(TilesOverlay(TILES, POSITIVE),),
        )

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
        """Return how many frames are hits: ``20 hits in 200 frames (10.0 %)``, without those left out."""
        return hits_in(findings)


def nearly(frames: pd.DataFrame) -> tuple[str, ...]:
    """Return what to do where no frame is a hit, but these would be with one tile."""
    hits = int(frames["hit"].sum())
    return (f"{NO_HIT}; with min_tiles 1 there would be {hits}",) if hits else ()


def tile_map(scores: npt.NDArray[np.float32]) -> FieldMap:
    """Return the map of the scores ``(frames, rows, columns)`` of all tiles."""
    middle = (TILE_PX - 1) / 2
    return FieldMap(scores, (1.0, TILE_PX, TILE_PX), (0.0, middle, middle))


def hits_in(findings: Findings) -> str:
    """Return how many frames are hits."""
    hits, count = int(findings.table["hit"].sum()), int(findings.table["score"].notna().sum())
    share = f" ({100 * hits / count:.1f} %)" if count > 1 else ""
    lost = len(findings.table) - count
    more = f", {lost} left out" if lost else ""
    return f"{hits} hit{'' if hits == 1 else 's'} in {count} frame{'' if count == 1 else 's'}{share}{more}"
