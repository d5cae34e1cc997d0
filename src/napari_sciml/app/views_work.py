"""The long work behind the page Views, as generators that know neither window nor viewer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.app.views_state import MapChoice
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.cryoem.results import Reconstruction, ViewsResult
from napari_sciml.techniques.cryoem.settings import CryoEMSettings

if TYPE_CHECKING:
    from napari_sciml.networks.model import Model
    from napari_sciml.techniques.cryoem.maps import DensityMap

OnMap = Callable[[npt.NDArray[np.float32]], None]


SHIPPED = "cryoem-orientation-realistic"
"""The model that sorts picked particles of the built-in map."""


@dataclass(frozen=True)
class SortOrder:
    """What is to be sorted, and how.

    Attributes
    ----------
    source, table
        The micrographs, and the picks in them: ``frame, y, x, score``.
    pixel_size_A
        Edge of a pixel of a micrograph.
    contrast
        Whether particles are darker or lighter than the ice.
    map, method, ctf
        As the page says.
    """

    source: ImageSource
    table: pd.DataFrame
    pixel_size_A: float
    contrast: Literal["dark", "light"]
    map: MapChoice
    method: Literal["network", "correlation"]
    ctf: str = ""


@dataclass(frozen=True)
class Science:
    """Where the long work is done; tests hand in something quick."""

    sort: Callable[[SortOrder, CancelToken], Generator[Progress, None, ViewsResult | None]]
    build: Callable[
        [ViewsResult, Collection[int], OnMap, CancelToken], Generator[Progress, None, Reconstruction | None]
    ]
    train: Callable[[MapChoice, Path, CancelToken], Generator[Progress, None, Path | None]]
    look: Callable[[MapChoice], MapChoice]


def sort(order: SortOrder, cancel: CancelToken) -> Generator[Progress, None, ViewsResult | None]:
    """Cut the particles out, name their views and average each view; None if it was stopped.

    Raises
    ------
    SciMLError
        If the map, the model or the CTFs cannot be used.
    """
    from napari_sciml.techniques.cryoem.extract import extract
    from napari_sciml.techniques.cryoem.sorting import sort_into_views

    # Files are opened before the first step, so that a wrong one is told at once.
    particle_map, model = map_and_model(order.map, order.method)
    ctfs = None
    if order.ctf:
        from napari_sciml.techniques.cryoem.ctf_files import read_ctfs

        ctfs = read_ctfs(order.ctf, micrograph_names(order.source))
    particles = yield from extract(
        order.source,
        order.table,
        box_px=particle_map.box_px,
        field_px=particle_map.box_px * particle_map.pixel_size_A / order.pixel_size_A,
        contrast=order.contrast,
        pixel_size_A=order.pixel_size_A,
        ctfs=ctfs,
        cancel=cancel,
    )
    if cancel.cancelled:
        return None
    result = yield from sort_into_views(
        particles, particle_map, method=order.method, model=model, cancel=cancel
    )
    return None if cancel.cancelled else result


def map_and_model(
    choice: MapChoice, method: Literal["network", "correlation"]
) -> tuple[DensityMap, Model | None]:
    """Give the map whose projections name the views, in the frame of the networks, and the network.

    Raises
    ------
    SciMLError
        If one of them cannot be used.
    """
    from napari_sciml.networks.registry import get_model
    from napari_sciml.techniques.cryoem.maps import fit_box, load_map
    from napari_sciml.techniques.cryoem.orientation.maps import map_of

    if choice.kind == "map" and method == "correlation":
        return fit_box(load_map(choice.path, choice.pixel_size_A)), None
    folder = {"built-in": SHIPPED, "map": choice.model, "model": choice.path}[choice.kind]
    model = get_model(folder)
    return map_of(model), model if method == "network" else None


def build(
    result: ViewsResult, keep: Collection[int], on_map: OnMap, cancel: CancelToken
) -> Generator[Progress, None, Reconstruction | None]:
    """Make the 3-D map; None if it was stopped."""
    from napari_sciml.techniques.cryoem.reconstruct import rebuild

    made = yield from rebuild(result, keep=keep, on_map=on_map, cancel=cancel)
    return None if cancel.cancelled else made


def look(choice: MapChoice) -> MapChoice:
    """Open the map or the model that was chosen and note what its file states. Reads no voxels.

    Raises
    ------
    SciMLError
        If it can be none.
    """
    if choice.kind != "map":
        return choice
    from napari_sciml.io import open_image
    from napari_sciml.techniques.cryoem.scale import pixel_size_A

    source = open_image(choice.path)
    try:
        if source.ndim != 3 or len(set(source.shape)) != 1:
            shape = " x ".join(str(n) for n in source.shape)
            raise SciMLError(f"{source.name} has {shape} voxels and is not a cube", "choose a density map")
        stated = pixel_size_A(source, CryoEMSettings.model_validate({}))
    finally:
        source.close()
    return replace(choice, stated_A=None if stated is None else float(f"{stated:.6g}"))


def micrograph_names(source: ImageSource) -> list[str]:
    """Name the file of each micrograph, as a STAR file lists them."""
    from napari_sciml.core.frames import frame_count
    from napari_sciml.io import open_image

    count = frame_count(source)
    if source.path is None:
        return [source.name] * count
    opened = open_image(source.path)
    opened.close()
    place = opened.place
    if place is None or opened.shape != source.shape:
        return [Path(source.path).name] * count
    return [Path(place(number)[0]).name for number in range(count)]


def train(choice: MapChoice, folder: Path, cancel: CancelToken) -> Generator[Progress, None, Path | None]:
    """Train a model for a map of a person's own, into a new folder; None if it was stopped."""
    from napari_sciml.techniques.cryoem.maps import load_map
    from napari_sciml.techniques.cryoem.orientation.train_map import train_for_map

    particle_map = load_map(choice.path, choice.pixel_size_A)
    return (yield from train_for_map(particle_map, folder, cancel=cancel))


SCIENCE = Science(sort, build, train, look)
"""What the window uses."""
