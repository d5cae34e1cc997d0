"""The long work behind the page Views, as generators that know neither window nor viewer."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.app.views.state import MapChoice
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.settings import parse_settings
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.cryoem.results import Reconstruction, ViewsResult
from napari_sciml.techniques.cryoem.settings import CryoEMSettings

OnMap = Callable[[npt.NDArray[np.float32]], None]


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
    settings
        Method, map, model and CTF, as a run of the command line would be told.
    """

    source: ImageSource
    table: pd.DataFrame
    pixel_size_A: float
    contrast: Literal["dark", "light"]
    settings: CryoEMSettings


@dataclass(frozen=True)
class BuildOrder:
    """What the 3-D map is made of.

    Attributes
    ----------
    result
        The sorted particles.
    keep
        Views that go in.
    truth
        The map that simulated particles were made from, as `load_map` takes it; empty where nobody knows.
    """

    result: ViewsResult
    keep: Collection[int]
    truth: str = ""


@dataclass(frozen=True)
class Science:
    """Where the long work is done; tests hand in something quick."""

    sort: Callable[[SortOrder, CancelToken], Generator[Progress, None, ViewsResult | None]]
    build: Callable[[BuildOrder, OnMap, CancelToken], Generator[Progress, None, Reconstruction | None]]
    train: Callable[[MapChoice, Path, CancelToken], Generator[Progress, None, Path | None]]
    look: Callable[[MapChoice], MapChoice]


def sort(order: SortOrder, cancel: CancelToken) -> Generator[Progress, None, ViewsResult | None]:
    """Cut the particles out, name their views and average each view; None if it was stopped.

    Raises
    ------
    SciMLError
        If the map, the model or the CTFs cannot be used.
    """
    from napari_sciml.techniques.cryoem.particles.extract import extract
    from napari_sciml.techniques.cryoem.particles_to_map import read_ctfs, references
    from napari_sciml.techniques.cryoem.views.sorting import sort_into_views

    # Files are opened before the first step, so that a wrong one is told at once.
    settings = order.settings
    model, particle_map = references(settings)
    ctfs = read_ctfs(order.source, settings)
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
    method = cast("Literal['network', 'correlation']", settings.views)
    result = yield from sort_into_views(
        particles,
        particle_map,
        method=method,
        model=model,
        both_sides=settings.both_sides,
        settings=settings,
        cancel=cancel,
    )
    return None if cancel.cancelled else result


def build(
    order: BuildOrder, on_map: OnMap, cancel: CancelToken
) -> Generator[Progress, None, Reconstruction | None]:
    """Make the 3-D map; None if it was stopped."""
    from napari_sciml.techniques.cryoem.density.density_map import fit_box, load_map
    from napari_sciml.techniques.cryoem.reconstruction.reconstruct import rebuild

    truth = fit_box(load_map(order.truth)) if order.truth else None
    made = yield from rebuild(order.result, keep=order.keep, truth=truth, on_map=on_map, cancel=cancel)
    return None if cancel.cancelled else made


def look(choice: MapChoice) -> MapChoice:
    """Open the map or the model that was chosen and note what its file states. Reads no voxels.

    Raises
    ------
    SciMLError
        If it can be none.
    """
    from napari_sciml.io import open_image
    from napari_sciml.networks.registry import get_model
    from napari_sciml.techniques.cryoem.pick_scale import pixel_size_A

    if choice.kind == "model" and "map" not in get_model(choice.path).card["training"]:
        raise SciMLError(
            f"The model in {choice.path} does not sort particles into views",
            "choose a folder that training for a map has written",
        )
    if choice.kind != "map":
        return choice
    source = open_image(choice.path)
    try:
        if source.ndim != 3 or len(set(source.shape)) != 1:
            shape = " x ".join(str(n) for n in source.shape)
            raise SciMLError(f"{source.name} has {shape} voxels and is not a cube", "choose a density map")
        stated = pixel_size_A(source, parse_settings(CryoEMSettings, {}))
    finally:
        source.close()
    return replace(choice, stated_A=None if stated is None else float(f"{stated:.6g}"))


def train(choice: MapChoice, folder: Path, cancel: CancelToken) -> Generator[Progress, None, Path | None]:
    """Train a model for a map of a person's own, into a new folder; None if it was stopped."""
    from napari_sciml.techniques.cryoem.density.density_map import load_map
    from napari_sciml.techniques.cryoem.train.orientation.own_map import train_for_map

    particle_map = load_map(choice.path, choice.pixel_size_A)
    written = yield from train_for_map(particle_map, folder, cancel=cancel)
    if cancel.cancelled:
        # Half a model would name views all the same, and wrongly.
        shutil.rmtree(folder, ignore_errors=True)
        return None
    return written


SCIENCE = Science(sort, build, train, look)
"""What the window uses."""
