"""`MicroCT`: every fibre cross-section of a volume, slice by slice and tile by tile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import pandas as pd

from napari_sciml.backends import Predictor
from napari_sciml.core.findings import FieldMap, Findings, PointsOverlay
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.model import Model
from napari_sciml.techniques.microct.context import MicroCTContext
from napari_sciml.techniques.microct.costs import memory_gb, seconds
from napari_sciml.techniques.microct.decide import MAIN, axis_columns, decide, gather
from napari_sciml.techniques.microct.lazy_score_map import fiber_map
from napari_sciml.techniques.microct.run_geometry import RunGeometry, resolve
from napari_sciml.techniques.microct.score_map import POSITIVE, map_tiles
from napari_sciml.techniques.microct.search import SliceSearch
from napari_sciml.techniques.microct.settings import MicroCTSettings
from napari_sciml.techniques.microct.spec import SPEC
from napari_sciml.techniques.microct.write import write
from napari_sciml.techniques.network_technique import NetworkTechnique
from napari_sciml.techniques.searched_run import Cost, NetworkRun

LOWEST_FLOOR = 0.05
"""Maxima below this are not kept as candidates, unless the threshold itself is lower."""
TILE_PX = 272
"""256 px and the rim of a window: of the sizes tried, the one whose layers make best use of the cache."""
STRIDE = 2
"""Pixels between neighbouring windows of the network: the default, four times faster than each pixel."""


@dataclass(frozen=True)
class MicroCT(NetworkTechnique[MicroCTSettings, RunGeometry, SliceSearch]):
    """Finds the fibres of ceramic-matrix composites in microCT slices.

    Attributes
    ----------
    stride
        Distance of neighbouring elements of the map, in pixels after rescaling: 1, 2 or 4.
    tile_px
        Largest edge of a tile, in pixels after rescaling.
    """

    name: ClassVar[str] = SPEC.name
    title: ClassVar[str] = SPEC.title
    settings_type: ClassVar[type[MicroCTSettings]] = MicroCTSettings
    context_type: ClassVar[type[MicroCTContext]] = MicroCTContext
    independent_frames: ClassVar[bool] = False
    models: ClassVar[tuple[str, ...]] = ("microct-fiber-dense",)
    what: ClassVar[str] = "tiles"
    ability: ClassVar[str] = "mark fibres in a whole image"

    stride: int = STRIDE
    tile_px: int = TILE_PX

    def refusal(self, source: ImageSource) -> str:
        """Return why this source cannot be used at all, or an empty string. Reads no pixels."""
        if min(sorted(source.shape)[-2:]) < 2:
            return f"{source.name} is a line of pixels (shape {source.shape}), not an image."
        return ""

    def can_use(self, model: Model) -> bool:
        """Whether a model labels a field and knows fibres."""
        return model.dense and POSITIVE in model.classes

    def cost(self, source: ImageSource, settings: MicroCTSettings, runtime: str) -> Cost:
        """Return what a run will cost: it grows with the elements of the map."""
        geometry = resolve(source, settings)
        return Cost(
            units=geometry.slicing.count * len(map_tiles(geometry, self.stride, self.tile_px)),
            seconds=seconds(geometry, self.stride, settings.backend, runtime),
            memory_gb=memory_gb(source, geometry, self.tile_px),
            notes=geometry.notes,
        )

    def setup(self, source: ImageSource, settings: MicroCTSettings) -> RunGeometry:
        """Settle how the image is cut and rescaled."""
        return resolve(source, settings)

    def search(
        self,
        source: ImageSource,
        settings: MicroCTSettings,
        geometry: RunGeometry,
        predictor: Predictor | None,
    ) -> SliceSearch:
        """Return the search for fibres, plane by plane."""
        assert predictor is not None
        floor = min(settings.threshold, LOWEST_FLOOR)
        return SliceSearch(source, geometry, predictor, self.stride, self.tile_px, floor)

    def findings(self, run: NetworkRun[MicroCTSettings, RunGeometry, SliceSearch]) -> Findings:
        """Return the fibres, and the map of their probability."""
        candidates = gather(run.search.found, run.setup.slicing)
        context = MicroCTContext(run.setup.mean_diameter_px)
        return Findings(
            tables=self.decide(candidates, run.settings, context),
            main=MAIN,
            candidates=candidates,
            overlays=(PointsOverlay(MAIN, axis_columns(run.setup.slicing), POSITIVE, context.diameter_px),),
            provenance=run.record(
                notes=(*run.setup.notes, *run.search.notes), problems=other_kind(candidates, run.settings)
            ),
            settings=run.settings,
            context=context,
            source=run.source,
            maps=self.maps(run.source, run.settings),
        )

    def maps(self, source: ImageSource, settings: MicroCTSettings) -> dict[str, FieldMap]:
        """Return the probabilities over the whole image, computed where somebody looks."""
        opener = partial(self.opener, self.model(settings), settings)
        geometry = resolve(source, settings)
        return {POSITIVE: fiber_map(source, geometry, opener, self.stride, self.tile_px)}

    def decide(
        self, candidates: pd.DataFrame, settings: MicroCTSettings, context: MicroCTContext
    ) -> dict[str, pd.DataFrame]:
        """Return the fibres among the candidates."""
        return decide(candidates, settings.threshold, settings.fiber_contrast)

    def write(self, findings: Findings, folder: Path) -> list[Path]:
        """Write the tables and the picture."""
        return write(findings, folder)

    def summarise(self, findings: Findings) -> str:
        """Return nothing: the number of fibres says it."""
        return ""


def other_kind(candidates: pd.DataFrame, settings: MicroCTSettings) -> tuple[str, ...]:
    """Return what to do where fibres were found, but none of the kind that was asked for."""
    counting = int((candidates["score"] >= settings.threshold).sum())
    if not counting or len(decide(candidates, settings.threshold, settings.fiber_contrast)[MAIN]):
        return ()
    kind = settings.fiber_contrast
    return (f"No {kind} fibre was found; with fiber_contrast any there would be {counting}: set it to any.",)
