"""Runs that were saved before candidates were: their tables are all there is, so sliders only take away.

The one place that knows what earlier versions wrote for each technique.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import Findings, PathsOverlay, PointsOverlay, Product, TilesOverlay
from napari_sciml.core.provenance import Provenance
from napari_sciml.core.settings import RunSettings, parse_settings
from napari_sciml.core.source import ImageSource
from napari_sciml.core.technique import Technique

NOTE = "saved by an earlier version: candidates below the threshold of that run are not there"


def open_version_1(folder: Path, record: Provenance, technique: Technique, source: ImageSource) -> Findings:
    """Open a folder of format version 1.

    Raises
    ------
    SciMLError
        If its tables are missing or are no tables of this technique.
    """
    from napari_sciml.io.saving.tables import read_csv

    known = {
        key: value for key, value in record.settings.items() if key in technique.settings_type.model_fields
    }
    # A mask that was painted was only described.
    if str(known.get("mask", "")).startswith("array of "):
        known["mask"] = None
    settings = parse_settings(technique.settings_type, known)
    if record.technique not in OPENERS:
        raise SciMLError(f"{folder} was saved without its candidates", "run again")
    main = read_csv(folder / "findings.csv")
    try:
        found = OPENERS[record.technique](folder, main, record, settings, source)
    except KeyError as error:
        raise SciMLError(
            f"The tables in {folder} lack the column {error}", "choose another folder"
        ) from error
    return replace(found, provenance=record.model_copy(update={"notes": (*record.notes, NOTE)}))


def fibers(
    folder: Path, main: pd.DataFrame, record: Provenance, settings: Any, source: ImageSource
) -> Findings:
    """Open fibres."""
    from napari_sciml.techniques.microct.context import MicroCTContext
    from napari_sciml.techniques.microct.decide import MAIN, axis_columns
    from napari_sciml.techniques.microct.run_geometry import resolve

    geometry = resolve(source, settings)
    # Those of the other kind were left out already.
    kind = -1.0 if settings.fiber_contrast == "dark" else 1.0
    context = MicroCTContext(geometry.mean_diameter_px)
    overlay = PointsOverlay(MAIN, axis_columns(geometry.slicing), "fiber", context.diameter_px)
    candidates = main.assign(contrast=kind)
    return Findings({MAIN: main}, MAIN, candidates, (overlay,), record, settings, context, source)


def frames(
    folder: Path, main: pd.DataFrame, record: Provenance, settings: Any, source: ImageSource
) -> Findings:
    """Open diffraction frames; of single tiles, the scores of those with spots were saved."""
    from napari_sciml.techniques.diffraction.context import DiffractionContext
    from napari_sciml.techniques.diffraction.decide import MAIN, SPOTS, gather
    from napari_sciml.techniques.diffraction.grid import BOX_PX, grid_shape
    from napari_sciml.techniques.diffraction.recipe import POSITIVE, TILES, tile_map

    lost = main["score"].isna()
    whole = main.assign(
        hit=main["hit"].fillna(False).astype(bool),
        **{name: main[name].fillna(0).astype("int64") for name in ("bragg_tiles", "suspect_tiles")},
    )
    columns = place(source)
    spots = points(folder, columns)
    # An empty word is an empty cell in the file.
    spots["suspect"] = [word if isinstance(word, str) else "" for word in spots["suspect"]]
    context = DiffractionContext(len(main), tuple(int(number) for number in main.loc[lost, "frame"]))
    candidates = gather([spots])
    overlay = PointsOverlay(SPOTS, columns, "bragg", float(BOX_PX + 4))
    tables = {MAIN: whole, SPOTS: candidates}
    scores = np.full((record.units_total, *grid_shape(source.shape[-2:])), np.nan, np.float32)
    frame, row, column = (candidates[name].to_numpy() for name in ("frame", "tile_row", "tile_column"))
    scores[frame, row, column] = candidates["score"]
    return Findings(
        tables,
        MAIN,
        candidates,
        (overlay,),
        record,
        settings,
        context,
        source,
        maps={TILES: tile_map(scores)},
        tiles=(TilesOverlay(TILES, POSITIVE),),
    )


def lattices(
    folder: Path, main: pd.DataFrame, record: Provenance, settings: Any, source: ImageSource
) -> Findings:
    """Open GISAXS frames; of features their places were saved, not their lines."""
    from napari_sciml.io.saving.tables import read_csv
    from napari_sciml.techniques.gisaxs.context import GisaxsContext
    from napari_sciml.techniques.gisaxs.decide import (
        EXPLAINED,
        FEATURE_LINE_COLUMNS,
        FEATURE_LINES,
        FEATURES,
        MAIN,
        SPOT_COLUMNS,
        SPOTS,
        joined,
    )

    columns = place(source)
    spots = points(folder, columns)
    spots = spots.reindex(columns=list(SPOT_COLUMNS)).astype({"found": bool, "mirrored": bool})
    explained = read_csv(folder / "explained.csv")
    explored = (folder / "features.csv").is_file()
    features = read_csv(folder / "features.csv") if explored else None
    lines = joined([], FEATURE_LINE_COLUMNS) if explored else None
    context = GisaxsContext(spots, explained, features, lines, outlier_limit=float(main["outlier"].max()))
    overlay = PointsOverlay(SPOTS, columns, "spot", max(5.0, 0.03 * min(source.shape[-2:])), found="found")
    candidates = main.drop(columns=["label", "probability", "unknown"])
    tables = {MAIN: main, SPOTS: spots, EXPLAINED: explained}
    if features is not None and lines is not None:
        tables |= {FEATURES: features, FEATURE_LINES: lines}
    paths = (PathsOverlay(FEATURE_LINES, columns, "feature", FEATURES),) if explored else ()
    return Findings(tables, MAIN, candidates, (overlay,), record, settings, context, source, paths=paths)


def particles(
    folder: Path, main: pd.DataFrame, record: Provenance, settings: Any, source: ImageSource
) -> Findings:
    """Open picks, and the views and the map that were made of them."""
    from napari_sciml.io import open_image
    from napari_sciml.io.saving.tables import read_csv
    from napari_sciml.techniques.cryoem.context import CryoEMContext
    from napari_sciml.techniques.cryoem.decide import FSC, MAIN, VIEWS, decide
    from napari_sciml.techniques.cryoem.pick_scale import pick_scale
    from napari_sciml.techniques.cryoem.write import PRODUCTS

    scale = pick_scale(source, settings)
    made = {name: folder / f"{name}.csv" for name in (VIEWS, FSC)}
    tables = {name: read_csv(file) if file.is_file() else None for name, file in made.items()}
    context = CryoEMContext(
        scale.diameter_px, scale.pixel_size_A, views=tables[VIEWS], fsc=tables[FSC], method=settings.views
    )
    products = {}
    for name, file in PRODUCTS.items():
        if (folder / file).is_file():
            with_size = open_image(folder / file)
            size = None if with_size.pixel_size is None else with_size.pixel_size[-1] * 1e4
            axes = ("z", "y", "x") if name == "map" else ("view", "y", "x")
            products[name] = Product(with_size.read((slice(None),) * 3), axes, size)
            with_size.close()
    overlay = PointsOverlay(MAIN, place(source), "particle", scale.diameter_px)
    found = decide(main, 0.0, context)
    return Findings(found, MAIN, main, (overlay,), record, settings, context, source, products=products)


OPENERS: dict[str, Callable[[Path, pd.DataFrame, Provenance, RunSettings, ImageSource], Findings]] = {
    "cryoem": particles,
    "diffraction": frames,
    "gisaxs": lattices,
    "microct": fibers,
}


def place(source: ImageSource) -> tuple[str, ...]:
    """Return the columns that give a position in a series of frames."""
    return ("frame", "y", "x") if source.ndim == 3 else ("y", "x")


def points(folder: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read ``points.csv`` with the positions as columns of these names."""
    from napari_sciml.io.saving.tables import read_points_csv

    positions, features = read_points_csv(folder / "points.csv")
    if positions.shape[1] != len(columns):
        raise SciMLError(
            f"{folder / 'points.csv'} has {positions.shape[1]} coordinates but the image of the run has "
            f"{len(columns)} axes",
            "choose the record that was saved with this table",
        )
    table = features.assign(**{name: positions[:, axis] for axis, name in enumerate(columns)})
    return table if "frame" in table else table.assign(frame=0)
