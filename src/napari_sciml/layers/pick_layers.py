"""Picks of other programs as a points layer over the micrographs that are open."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from napari.layers import Image, Layer

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.layers.points import LayerData, manual_defaults, plain_feature
from napari_sciml.layers.source import source_from_layer
from napari_sciml.layers.spatial import spatial_kwargs
from napari_sciml.layers.styles import MANUAL, MODEL, style_for

LABEL = "particle"
PICKS_KEY = "napari_sciml_picks"
"""Entry in a layer's metadata: ``micrographs`` names the frames, ``optics`` holds the optics table,
``box_px`` the edge of the boxes, ``height`` the rows of the micrographs, ``notes`` what was remarked while
reading."""
BOX_DIAMETERS = 1.6
"""Edge of a box in diameters of the particle, as the recipe makes boxes: tells the diameter from a
file's boxes."""
SHARE_OF_IMAGE = 0.025
"""Diameter of a marker as a share of the shorter edge, where no file says how large particles are."""
USUAL_PX = 100.0
"""Size of a marker where neither boxes nor an image tell."""


def pick_layers(
    path: str | os.PathLike[str], image: Layer | None = None, *, alone: bool = True
) -> list[LayerData]:
    """Open a file of picks as a points layer.

    Parameters
    ----------
    path
        STAR, EMAN box or cbox, see `read_picks`.
    image
        The micrographs that were picked. Picks go to the frames by the names of the micrographs; a single
        micrograph takes the picks of a file that names only one. Without an image, frames are counted in
        the order in which the file names micrographs.
    alone
        Whether no other micrographs are open, so that a single one may have another name in the file.

    Raises
    ------
    SciMLError
        If the file cannot be read, or names none of the open micrographs.
    """
    from napari_sciml.io.picks.reading import BOX_KEY, HEIGHT_KEY, NOTES, OPTICS_KEY, read_picks

    file = Path(path)
    place: dict[str, Any] = {}
    if image is None:
        table = read_picks(file)
        names = list(dict.fromkeys(table["micrograph"]))
        ndim, size = (3 if len(names) > 1 else 2), USUAL_PX
    else:
        from napari_sciml.techniques.cryoem.write import micrograph_names

        source = source_from_layer(image)
        names, ndim = micrograph_names(source), source.ndim
        rows, columns = source.shape[-2:]
        table = read_picks(file, shape=(rows, columns), micrographs=names)
        place, size = spatial_kwargs(image), SHARE_OF_IMAGE * min(rows, columns)
        table = on_image(table, names, file, alone)
    attributes = table.attrs
    if attributes[BOX_KEY]:
        size = attributes[BOX_KEY] / BOX_DIAMETERS
    features = pick_features(table)
    style = style_for(LABEL)
    arguments: dict[str, Any] = {
        "name": f"{file.stem}: {style.many}",
        "ndim": ndim,
        "features": features,
        "feature_defaults": manual_defaults(LABEL, features),
        "border_color": style.borders(features) if len(features) else style.model_color,
        "symbol": style.symbols(features) if len(features) else "disc",
        "metadata": {
            PICKS_KEY: {
                "micrographs": names,
                "optics": attributes[OPTICS_KEY],
                "box_px": attributes[BOX_KEY],
                "notes": attributes[NOTES],
                HEIGHT_KEY: attributes[HEIGHT_KEY],
            }
        },
        **style.constants(size),
        **place,
    }
    axes = ["frame", "y", "x"] if ndim == 3 else ["y", "x"]
    return [(table[axes].to_numpy(float), arguments, "points")]


def on_image(table: pd.DataFrame, names: list[str], file: Path, alone: bool) -> pd.DataFrame:
    """Keep the picks of the open micrographs; those of others stay in the file, and a note has told it."""
    named = list(dict.fromkeys(table["micrograph"]))
    if not len(table) or (table["frame"] >= 0).all():
        return table
    if alone and len(names) == 1 and len(named) == 1:
        # One micrograph and the picks of one, whose names differ: a person has put them together.
        return table.assign(frame=0)
    if not (table["frame"] >= 0).any():
        raise SciMLError(
            f"{file.name} holds picks of {len(named)} micrograph{'' if len(named) == 1 else 's'}, none of "
            f"which is open ({', '.join(named[:3])})",
            "open the micrographs first; their names must agree",
        )
    kept = table[table["frame"] >= 0].reset_index(drop=True)
    kept.attrs = table.attrs
    return kept


def pick_features(table: pd.DataFrame) -> pd.DataFrame:
    """Return the features of picks; what has no score was picked by a person."""
    score = table["score"].to_numpy(float)
    own = [name for name in table.columns if str(name).startswith("rln")]
    return pd.DataFrame(
        {
            "score": score,
            "label": np.full(len(table), LABEL, dtype=object),
            "source": np.where(np.isfinite(score), MODEL, MANUAL).astype(object),
            **{str(name): plain_feature(table[name]) for name in own},
        }
    )


def routed_pick_layers(path: str | os.PathLike[str], layers: Sequence[Layer]) -> list[LayerData]:
    """Open picks over those micrographs that the file names, whichever layer is selected.

    Picks that belong to none of several open micrographs are told; only where a single one is open, picks of
    a single other name are put on it.

    Raises
    ------
    SciMLError
        If the file cannot be read, or names none of the open micrographs.
    """
    images = micrographs(layers)
    if len(images) < 2:
        return pick_layers(path, images[0] if images else None)
    found: list[LayerData] = []
    wrong: list[SciMLError] = []
    for image in images:
        try:
            found += pick_layers(path, image, alone=False)
        except SciMLError as error:
            wrong.append(error)
    if not found:
        raise wrong[0]
    if len(found) > 1:
        # What one micrograph lacks, another has.
        shared = set.intersection(*(set(made[1]["metadata"][PICKS_KEY]["notes"]) for made in found))
        for number, made in enumerate(found):
            notes = made[1]["metadata"][PICKS_KEY]["notes"]
            made[1]["metadata"][PICKS_KEY]["notes"] = [n for n in notes if n in shared and number == 0]
            made[1]["name"] += f" of {made[1]['metadata'][PICKS_KEY]['micrographs'][0]}"
    return found


def micrographs(layers: Sequence[Layer]) -> list[Layer]:
    """Return the images that picks may be of: those of files, not what a run has made of them."""
    return [
        layer
        for layer in layers
        if isinstance(layer, Image)
        and layer.ndim <= 3
        and not layer.rgb
        and METADATA_KEY not in layer.metadata
    ]
