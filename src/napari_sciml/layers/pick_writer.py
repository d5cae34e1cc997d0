"""Save a points layer as picks for RELION (STAR) or EMAN (boxes)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.provenance import METADATA_KEY, SourceRecord
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.notify import remark, tell
from napari_sciml.layers.pick_layers import BOX_DIAMETERS, PICKS_KEY


def write_picks(path: str | os.PathLike[str], data: Any, meta: dict[str, Any]) -> list[str]:
    """Write a points layer for napari's save dialog; what is wrong is told in one sentence."""
    try:
        return [str(file) for file in save_picks(path, data, meta, remark)]
    except SciMLError as error:
        tell(error)
        return []


def save_picks(
    path: str | os.PathLike[str], data: Any, meta: dict[str, Any], say: Callable[[str], None] | None = None
) -> list[Path]:
    """Write positions as picks: ``.star`` for all micrographs, ``.box`` for one or one file for each.

    Parameters
    ----------
    path
        Ends in ``.star`` or ``.box``. Boxes of several micrographs get their names appended; they replace
        those that were saved under the same name before, but no file of others.
    data
        Positions (n, 2) or (n, 3) in pixels of the image, frames first.
    meta
        The layer's arguments, as napari hands them to writers. Names of micrographs, optics and pixel size
        come from the file that the picks were read from, or from the record of the run that found them.
    say
        Is told where a file went if its place was taken.

    Raises
    ------
    SciMLError
        If a file cannot be written, or the points lie in more than three dimensions.
    """
    from napari_sciml.io.picks.reading import HEIGHT_KEY, OPTICS_KEY
    from napari_sciml.io.picks.rows import is_tiff
    from napari_sciml.io.picks.writing import Optics, tiff_grid, write_box, write_boxes, write_star
    from napari_sciml.io.saving.file_sets import new_set

    positions = np.asarray(data, dtype=float)
    if positions.shape[1] > 3:
        raise SciMLError(
            f"Points in {positions.shape[1]} dimensions are no picks", "choose points on micrographs"
        )
    target, metadata = Path(path), meta.get("metadata", {})
    known: Mapping[str, Any] = metadata.get(PICKS_KEY, {})
    features = pd.DataFrame(meta.get("features", {}))
    table = pd.DataFrame({"frame": 0, "y": positions[:, -2], "x": positions[:, -1]})
    if positions.shape[1] == 3:
        # A point lies in a frame, wherever between two of them it was set down.
        table["frame"] = np.round(positions[:, 0]).astype(int)
    for name in features.columns:
        if name == "score" or str(name).startswith("rln"):
            table[name] = features[name].to_numpy()
    record = metadata.get(METADATA_KEY)
    source = None if record is None else source_of(record)
    names = list(known.get("micrographs", [])) or names_for(table, source, str(meta.get("name", "points")))
    table.attrs = {OPTICS_KEY: known.get("optics", [])}
    height = known.get(HEIGHT_KEY) if known else None if source is None else source.shape[-2]
    heights = None if height is None else [height] * len(names)
    if say is not None and height is None and any(map(is_tiff, names)):
        say(f"{target.name} counts rows from the top, RELION and EMAN2 count those of a TIFF from the bottom")
    if target.suffix.lower() == ".star":
        optics = Optics(pixel_size_A=None if record is None else recorded_pixel_A(record))
        return [write_star(table, target, micrographs=names, optics=optics, heights=heights)]
    box_px = known.get("box_px") or 2 * round(BOX_DIAMETERS * float(np.max(meta.get("size", 10.0))) / 2)
    if table["frame"].nunique() <= 1:
        return [write_box(table, target, box_px, grid=tiff_grid(table, names, heights))]
    with new_set(target.parent, f"{target.stem}.boxes.json", f"{target.stem}.boxes") as draft:
        written = write_boxes(table, draft.publish, names, box_px, prefix=f"{target.stem}_", heights=heights)
        draft.record = {"box_px": box_px, "micrographs": names}
    for note in draft.saved.notes:
        if say is not None:
            say(note)
    return [draft.placed(file) for file in written]


def names_for(table: pd.DataFrame, source: ImageSource | None, layer_name: str) -> list[str]:
    """Name the micrograph of each frame, by the image of the run or else by the layer."""
    from napari_sciml.techniques.cryoem.write import micrograph_names

    count = int(table["frame"].max()) + 1 if len(table) else 1
    if source is not None and len(names := micrograph_names(source)) >= count:
        return names
    return [layer_name] if count == 1 else [f"{frame + 1:06d}@{layer_name}" for frame in range(count)]


def source_of(record: Mapping[str, Any]) -> ImageSource:
    """Describe the image of a run without its pixels."""
    source = SourceRecord.model_validate(record["source"])
    blank = np.broadcast_to(np.zeros((), dtype=source.dtype), source.shape)
    return ImageSource(data=blank, axes=source.axes, name=source.name, path=source.path)


def recorded_pixel_A(record: Mapping[str, Any]) -> float | None:
    """Return the pixel size of a run: what a person said, else what the image states."""
    from napari_sciml.techniques.cryoem.pick_scale import UNIT_A

    said = record.get("settings", {}).get("pixel_size_A")
    sizes, unit = record["source"].get("pixel_size"), record["source"].get("unit")
    if said:
        return float(said)
    return float(f"{sizes[-1] * UNIT_A[unit]:.9g}") if sizes and unit in UNIT_A else None
