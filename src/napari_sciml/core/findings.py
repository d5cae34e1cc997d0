"""`Findings`: what a run found, as tables, lazy maps and a record. Files and layers are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.context import Context
from napari_sciml.core.corrections import Corrections
from napari_sciml.core.provenance import Provenance
from napari_sciml.core.settings import RunSettings, with_values
from napari_sciml.core.source import ImageSource
from napari_sciml.core.technique_lookup import technique_of, techniques_module


@dataclass(frozen=True)
class FieldMap:
    """A map of scores over the image, computed only where it is looked at.

    Element ``i`` of the map along an axis sits at source pixel ``i * scale + translate`` (pixel centres
    at integers). `array` is array-like: shape, dtype and indexing; ``numpy.asarray`` computes it whole.
    """

    array: Any
    scale: tuple[float, ...]
    translate: tuple[float, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of elements along each axis."""
        return tuple(int(n) for n in self.array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of an element."""
        dtype: np.dtype[Any] = np.dtype(self.array.dtype)
        return dtype

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        return np.asarray(self.array[index])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.asarray(self.array, dtype=dtype)


@dataclass(frozen=True)
class Product:
    """An array that a run made and that does not lie on the image: class averages, a 3-D map.

    Attributes
    ----------
    array
        Pixels or voxels; a stack counts its images along the first axis.
    axes
        One name for each dimension, for example ``("z", "y", "x")`` or ``("view", "y", "x")``.
    pixel_size_A
        Edge of a pixel in Angstrom, or None if nobody said.
    """

    array: npt.NDArray[Any]
    axes: tuple[str, ...]
    pixel_size_A: float | None = None


@dataclass(frozen=True)
class PointsOverlay:
    """Says that rows of a table are points on the image.

    Attributes
    ----------
    table
        Key into `Findings.tables`.
    columns
        Columns that give the position, one for each axis of the source, in the source's order.
    label
        What each point is, for example ``"fiber"``.
    diameter_px
        Size of the thing in source pixels; the edge draws the marker from it.
    found
        Column that says whether the image shows what was predicted there; empty for points that were found
        and not predicted. Every other column of such a table travels with its points.
    """

    table: str
    columns: tuple[str, ...]
    label: str
    diameter_px: float
    found: str = ""


@dataclass(frozen=True)
class PathsOverlay:
    """Says that a table holds polylines on the image, and what each of them is.

    Attributes
    ----------
    table
        Key into `Findings.tables`; one row for each corner, in order along its line. The column ``feature``
        gives the row of the thing in `things`.
    columns
        Columns that give the position in both tables, one for each axis of the source, in its order.
    label
        What the things are, for example ``"feature"``.
    things
        Key into `Findings.tables`; one row for each thing, its column ``kind`` says which look it gets. A
        thing without a line is a point at its own position.
    """

    table: str
    columns: tuple[str, ...]
    label: str
    things: str


@dataclass(frozen=True)
class TilesOverlay:
    """Says that a map holds one score for each tile of a grid over every frame.

    Attributes
    ----------
    map
        Key into `Findings.maps`; its last two axes are rows and columns of tiles, an earlier one counts
        frames. The map's `scale` and `translate` put a tile's centre on the image.
    label
        What a positive tile holds, for example ``"bragg"``; a tile counts from the run's threshold on.
    """

    map: str
    label: str


@dataclass(frozen=True, repr=False)
class Findings:
    """The result of one run, as data: it can be sent to another process, saved and opened again.

    What is done with it is looked up by the name of its technique: deciding, writing, the words.

    Attributes
    ----------
    tables
        Every table by name.
    main
        Name of the table that answers the technique's question.
    candidates
        Everything above the lowest threshold, from which `Technique.decide` made the tables. Sliders and
        the review queue call `at_threshold` instead of running the network again.
    overlays
        How the tables lie on the image.
    provenance
        The run record.
    settings
        What the person asked for, as decided now.
    context
        What deciding and writing need besides candidates and settings.
    source
        The image. Its file is opened again when pixels are asked for; `ImageSource.absent` where it is gone.
    maps
        Lazy maps by name.
    tiles
        Maps that are grids of tiles.
    paths
        Tables that are lines on the image.
    products
        Arrays that do not lie on the image, by name.
    corrections
        What a person changed in the points of an overlay, by the overlay's table.
    """

    tables: Mapping[str, pd.DataFrame]
    main: str
    candidates: pd.DataFrame
    overlays: tuple[PointsOverlay, ...]
    provenance: Provenance
    settings: RunSettings
    context: Context
    source: ImageSource = field(repr=False)
    maps: Mapping[str, FieldMap] = field(default_factory=dict)
    tiles: tuple[TilesOverlay, ...] = ()
    paths: tuple[PathsOverlay, ...] = ()
    products: Mapping[str, Product] = field(default_factory=dict, repr=False)
    corrections: Mapping[str, Corrections] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        record = self.provenance
        tables = ", ".join(f"{name}: {len(table)} rows" for name, table in self.tables.items())
        stopped = f", stopped after {record.units_done} of {record.units_total}" if self.partial else ""
        return (
            f"<Findings of {record.technique} in {record.source.name}: {tables}; {record.model}, "
            f"threshold {self.settings.threshold}{stopped}>"
        )

    @property
    def table(self) -> pd.DataFrame:
        """The main table."""
        return self.tables[self.main]

    @property
    def partial(self) -> bool:
        """Whether the run was stopped before its end."""
        return self.provenance.partial

    @property
    def summary(self) -> str:
        """What was found, in one clause; empty where counting the main table's rows says it."""
        summary: str = technique_of(self.provenance.technique).summarise(self)
        return summary

    def at_threshold(self, threshold: float, **others: Any) -> Findings:
        """Decide again at another threshold, without touching a pixel.

        `others` are further settings that decide, for example ``min_tiles=5``.

        Raises
        ------
        SciMLError
            If a setting is unknown or outside its range.
        """
        settings = with_values(self.settings, {"threshold": threshold, **others})
        decide = technique_of(self.provenance.technique).decide
        record = self.provenance.model_copy(update={"settings": settings.model_dump(mode="json")})
        tables = decide(self.candidates, settings, self.context)
        return replace(self, tables=tables, settings=settings, provenance=record)

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``findings.csv``, the field's own format, ``run.json`` and ``overlay.png``.

        Raises
        ------
        SciMLError
            If the folder cannot be written.
        """
        written: list[Path] = techniques_module().save_run(self, folder)
        return written
