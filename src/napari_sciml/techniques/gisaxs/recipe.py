"""`Gisaxs`: which lattice each image shows, and the spots that it predicts; one frame in memory at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.backends import Predictor
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import Findings, PathsOverlay, PointsOverlay
from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.model import Model
from napari_sciml.techniques.gisaxs.axes.choose import axes_problem
from napari_sciml.techniques.gisaxs.context import GisaxsContext
from napari_sciml.techniques.gisaxs.costs import memory_gb, seconds_per_frame
from napari_sciml.techniques.gisaxs.decide import (
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
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.network_square import SIZE_PX
from napari_sciml.techniques.gisaxs.prepare import Reader
from napari_sciml.techniques.gisaxs.search import LatticeSearch
from napari_sciml.techniques.gisaxs.settings import GisaxsSettings
from napari_sciml.techniques.gisaxs.spec import SPEC
from napari_sciml.techniques.gisaxs.write import write
from napari_sciml.techniques.network_technique import NetworkTechnique
from napari_sciml.techniques.searched_run import Cost, NetworkRun

LEAST_PX = 24
"""Shorter edge of an image in pixels below which it is refused: its spots cannot be told apart."""


@dataclass(frozen=True)
class Gisaxs(NetworkTechnique[GisaxsSettings, Reader, LatticeSearch]):
    """Names the lattice and orientation of each GISAXS image."""

    name: ClassVar[str] = SPEC.name
    title: ClassVar[str] = SPEC.title
    settings_type: ClassVar[type[GisaxsSettings]] = GisaxsSettings
    context_type: ClassVar[type[GisaxsContext]] = GisaxsContext
    independent_frames: ClassVar[bool] = True
    models: ClassVar[tuple[str, ...]] = ("gisaxs-lattice", "gisaxs-lattice-hipgisaxs")
    ability: ClassVar[str] = "name lattices"

    def refusal(self, source: ImageSource) -> str:
        """Return why this source cannot be used at all, or an empty string. Reads no pixels."""
        if source.ndim not in (2, 3):
            return f"{source.name} has {source.ndim} dimensions; an image has 2, a series of images 3."
        if min(frame_shape(source)) < LEAST_PX:
            height, width = frame_shape(source)
            return (
                f"{source.name} has images of {height} x {width} px; at least {LEAST_PX} x {LEAST_PX} count."
            )
        return ""

    def run_refusal(self, source: ImageSource, settings: GisaxsSettings) -> str:
        """Return why a run cannot start: also where the geometry is not known."""
        return self.refusal(source) or axes_problem(settings, source)

    def can_use(self, model: Model) -> bool:
        """Whether a model names the lattices."""
        return model.input == (SIZE_PX, SIZE_PX) and model.classes == CLASSES

    def cost(self, source: ImageSource, settings: GisaxsSettings, runtime: str) -> Cost:
        """Return what a run will cost: one frame as the other."""
        count, (rows, columns) = frame_count(source), frame_shape(source)
        return Cost(
            units=count,
            seconds=count * seconds_per_frame(source, settings.explore, runtime),
            memory_gb=memory_gb(source),
            notes=(f"{count} images of {rows} x {columns} px",),
        )

    def prepare(
        self, model: Model, images: npt.NDArray[Any], settings: GisaxsSettings
    ) -> npt.NDArray[np.float32]:
        """Return the network's square ``(100, 100)`` of each raw image ``(n, rows, columns)``.

        Raises
        ------
        SciMLError
            If an image cannot be used; the message says which.
        """
        reader = Reader.of(ImageSource.from_array(images, name="The array"), settings)
        squares = np.empty((len(images), SIZE_PX, SIZE_PX), np.float32)
        for number, image in enumerate(images):
            try:
                squares[number] = reader.square(reader.look(image, number)[0])
            except SciMLError as error:
                raise SciMLError(f"Image {number}: {error.message}", error.hint) from error
        return squares

    def setup(self, source: ImageSource, settings: GisaxsSettings) -> Reader:
        """Settle where pixels lie in q, and which are ignored."""
        return Reader.of(source, settings)

    def search(
        self, source: ImageSource, settings: GisaxsSettings, setup: Reader, predictor: Predictor | None
    ) -> LatticeSearch:
        """Return the search that names and explains, frame by frame."""
        assert predictor is not None
        return LatticeSearch(source, setup, predictor, explore=settings.explore)

    def findings(self, run: NetworkRun[GisaxsSettings, Reader, LatticeSearch]) -> Findings:
        """Return the lattice of each frame, and the spots that it predicts."""
        search, explore = run.search, run.settings.explore
        explained = joined(search.explained, EXPLAINED_COLUMNS)
        context = GisaxsContext(
            spots=joined(search.spots, SPOT_COLUMNS),
            explained=explained,
            features=joined(search.features, FEATURE_COLUMNS) if explore else None,
            feature_lines=joined(search.feature_lines, FEATURE_LINE_COLUMNS) if explore else None,
            outlier_limit=float(run.model.card["training"].get("outlier_limit", 1.0)),
        )
        table = candidates(range(search.done), search.probabilities, explained)
        # What stands on its head is no picture that the network knows, whatever it is called.
        table.loc[table["frame"].isin(search.upside_down), "outlier"] = np.inf
        return Findings(
            tables=self.decide(table, run.settings, context),
            main=MAIN,
            candidates=table,
            overlays=(PointsOverlay(SPOTS, run.place, "spot", search.marker_px, found="found"),),
            paths=(PathsOverlay(FEATURE_LINES, run.place, "feature", FEATURES),) if explore else (),
            provenance=run.record(
                notes=(*run.setup.notes, *search.notes), problems=(*run.setup.cautions, *search.cautions)
            ),
            settings=run.settings,
            context=context,
            source=run.source,
        )

    def decide(
        self, candidates: pd.DataFrame, settings: GisaxsSettings, context: GisaxsContext
    ) -> dict[str, pd.DataFrame]:
        """Return the frames with their names, and what explains them."""
        return decide(candidates, settings.threshold, context)

    def write(self, findings: Findings, folder: Path) -> list[Path]:
        """Write the tables and the picture."""
        return write(findings, folder)

    def summarise(self, findings: Findings) -> str:
        """Return which lattices were found: ``FCC111 in 12, HCP in 3, 9 unknown of 24 frames``."""
        explored = findings.tables.get(FEATURES)
        more = "" if explored is None else f"; {len(explored)} peaks, rings, arcs and lines"
        return f"{named(findings)}{more}"


def named(findings: Findings) -> str:
    """Return which lattices were found."""
    table = findings.table
    known = table.loc[~table["unknown"], "label"].value_counts()
    unknown = int((table["unknown"] & (table["label"] != FAILED)).sum())
    failed = int((table["label"] == FAILED).sum())
    if len(table) == 1 and not failed:
        row = table.iloc[0]
        unsure = "unknown, at best " if row["unknown"] else ""
        chance = "> 99 %" if row["probability"] > 0.99 else f"{100 * row['probability']:.0f} %"
        return f"{unsure}{row['label']} ({chance})"
    parts = [f"{label} in {count}" for label, count in known.items()]
    parts += [f"{unknown} unknown"] if unknown else []
    parts += [f"{failed} left out"] if failed else []
    return f"{', '.join(parts)} of {len(table)} frames"
