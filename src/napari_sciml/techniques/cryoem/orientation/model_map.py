"""The map that an orientation model was trained for, as it fills the model's box."""

from __future__ import annotations

from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.model import Model
from napari_sciml.techniques.cryoem.density.density_map import DensityMap, built_in_map, fit_box, load_map

MAP_FILE = "map.mrc"
BUILT_IN_TAG = "built-in"


def map_of(model: Model) -> DensityMap:
    """Return the map whose projections name the views of `model`, already fitted to the box of 64.

    Raises
    ------
    SciMLError
        If the model is not an orientation model, or its map is missing.
    """
    record = model.card["training"]
    kind = record.get("map")
    if kind == BUILT_IN_TAG:
        return fit_box(built_in_map())
    if kind != MAP_FILE:
        raise SciMLError(
            f"The model {model.name} does not say which map it was trained for",
            "choose a model that `napari-sciml train cryoem` has written",
        )
    path = model.attachment(MAP_FILE)
    if not path.is_file():
        raise SciMLError(
            f"The map {MAP_FILE} is missing beside the model {model.name}",
            "train the model for your map again, or put the file back",
        )
    return load_map(path, float(record["pixel_size_A"]))
