"""What follows picking on request: cut the particles out, sort them into views, build the first 3-D map."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import Findings, Product
from napari_sciml.core.frames import frame_count
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.cryoem.context import CryoEMContext
from napari_sciml.techniques.cryoem.decide import VIEW_COLUMNS, decide
from napari_sciml.techniques.cryoem.density.density_map import DensityMap, fit_box, load_map
from napari_sciml.techniques.cryoem.optics.ctf import Ctf
from napari_sciml.techniques.cryoem.particles.particles import NO_VIEW
from napari_sciml.techniques.cryoem.pick_scale import PickScale
from napari_sciml.techniques.cryoem.results import Reconstruction, ViewsResult
from napari_sciml.techniques.cryoem.settings import CryoEMSettings

ORIENTATION_MODEL = "cryoem-orientation-realistic"
FEWEST = 20
"""Fewer particles say nothing about views."""


@dataclass(frozen=True, eq=False)
class Basis:
    """What sorting needs beside the picks, read and checked before the first micrograph is picked.

    Attributes
    ----------
    pixel_size_A
        Edge of a pixel of a micrograph.
    model, particle
        The network, if one is needed, and the map whose projections name the views.
    ctfs
        The CTF of each micrograph, if it is known.
    truth
        The true map of simulated particles.
    """

    pixel_size_A: float
    model: Model | None
    particle: DensityMap
    ctfs: list[Ctf] | None
    truth: DensityMap | None


def basis_of(source: ImageSource, scale: PickScale, settings: CryoEMSettings) -> Basis:
    """Read what the settings name.

    Raises
    ------
    SciMLError
        If the pixel size is not known, or a map, a model or the CTFs cannot be used.
    """
    model, particle = references(settings)
    if scale.pixel_size_A is None:
        raise SciMLError(
            f"{source.name} does not say its pixel size, which the views need",
            "give the pixel size in Angstrom (--pixel-size-A)",
        )
    truth = fit_box(load_map(settings.truth, settings.map_pixel_size_A)) if settings.truth else None
    return Basis(scale.pixel_size_A, model, particle, read_ctfs(source, settings), truth)


def unused(settings: CryoEMSettings) -> tuple[str, ...]:
    """Return which settings had no effect, since no views were asked for."""
    if settings.views != "none":
        return ()
    said = {"map": settings.map, "ctf": settings.ctf, "orientation_model": settings.orientation_model}
    names = [name for name, value in said.items() if value is not None]
    return (f"Not used without views: {', '.join(names)}.",) if names else ()


def sort_and_build(
    found: Findings,
    source: ImageSource,
    basis: Basis,
    settings: CryoEMSettings,
    contrast: str,
    cancel: CancelToken,
) -> Generator[Progress, None, Findings]:
    """Sort the picks of a run into views and build the map; gives the findings with all of it.

    Raises
    ------
    SciMLError
        If there are too few picks.
    """
    from napari_sciml.techniques.cryoem.particles.extract import extract
    from napari_sciml.techniques.cryoem.reconstruction.reconstruct import rebuild
    from napari_sciml.techniques.cryoem.views.sorting import sort_into_views

    particle = basis.particle
    picks = found.table
    if len(picks) < FEWEST:
        raise SciMLError(
            f"{len(picks)} particles are too few to be sorted into 84 views",
            f"pick at least {FEWEST}, better thousands; lower the threshold or add micrographs",
        )
    particles = yield from extract(
        source,
        picks,
        box_px=particle.box_px,
        field_px=particle.box_px * particle.pixel_size_A / basis.pixel_size_A,
        contrast=cast("Literal['dark', 'light']", contrast),
        pixel_size_A=basis.pixel_size_A,
        ctfs=basis.ctfs,
        cancel=cancel,
    )
    method = cast("Literal['network', 'correlation']", settings.views)
    views = yield from sort_into_views(
        particles,
        particle,
        method=method,
        model=basis.model,
        both_sides=settings.both_sides,
        settings=settings,
        cancel=cancel,
    )
    built = yield from rebuild(views, truth=basis.truth, cancel=cancel)
    return merged(found, views, built)


def references(settings: CryoEMSettings) -> tuple[Model | None, DensityMap]:
    """Return the model, if one is needed, and the map whose projections name the views.

    Raises
    ------
    SciMLError
        If the network was trained for another map than the one that was given.
    """
    from napari_sciml.techniques.cryoem.orientation.model_map import map_of

    if settings.views == "correlation" and settings.map:
        return None, fit_box(load_map(settings.map, settings.map_pixel_size_A))
    if settings.map and not settings.orientation_model:
        raise SciMLError(
            "The shipped orientation model knows only its own sample particle, not your map",
            "choose views by correlation, or train a model with: napari-sciml train cryoem --map FILE",
        )
    model = get_model(settings.orientation_model or ORIENTATION_MODEL)
    if "map" not in model.card["training"]:
        raise SciMLError(
            f"The model {model.name} cannot sort particles into views", f"choose {ORIENTATION_MODEL}"
        )
    return model, map_of(model)


def read_ctfs(source: ImageSource, settings: CryoEMSettings) -> list[Ctf] | None:
    """Return the CTF of every micrograph, or None if neither a file nor the data name them.

    Raises
    ------
    SciMLError
        If some micrographs have none.
    """
    if settings.ctf is None:
        stated = source.known.get("ctfs")
        return None if stated is None or len(stated) != frame_count(source) else list(stated)
    from napari_sciml.techniques.cryoem.optics.ctf_files import read_ctfs
    from napari_sciml.techniques.cryoem.write import micrograph_names

    names = micrograph_names(source)
    found = read_ctfs(settings.ctf, names)
    known = [ctf for ctf in found if ctf is not None]
    if len(known) < len(names):
        lacking = next(name for name, ctf in zip(names, found, strict=True) if ctf is None)
        raise SciMLError(
            f"{Path(settings.ctf).name} says no defocus for {lacking}",
            "give a STAR file with all micrographs, or none",
        )
    return known


def merged(found: Findings, views: ViewsResult, built: Reconstruction | None = None) -> Findings:
    """Return the findings of a run with the views of its picks, the averages and the map in them.

    Picks that were not sorted, for lying below the threshold, have no view.
    """
    order = ["frame", "y", "x"]
    candidates = found.candidates.drop(columns=list(VIEW_COLUMNS), errors="ignore")
    extra = views.table[[*order, *VIEW_COLUMNS]]
    candidates = candidates.merge(extra, on=order, how="left")
    candidates["view"] = candidates["view"].fillna(NO_VIEW).astype(np.int64)
    candidates["mirrored"] = candidates["mirrored"].eq(True)
    size = views.pixel_size_A
    products = {
        **{name: product for name, product in found.products.items() if name != "map"},
        "averages": Product(views.averages, ("view", "y", "x"), size),
        "references": Product(views.references, ("view", "y", "x"), size),
    }
    notes = (f"views named by projections of {views.map_name}, by {views.method}", *views.notes)
    problems = views.cautions
    if built is not None:
        products["map"] = Product(built.volume, ("z", "y", "x"), built.pixel_size_A)
        levels = {"half_sets": "half sets at FSC 0.143", "truth": "truth at FSC 0.5"}
        figures = ", ".join(
            f"{levels.get(name, name)} {value:.1f} Å"
            for name, value in built.resolution_A.items()
            if np.isfinite(value)
        )
        notes = (*notes, f"3-D map from {len(built.kept)} views; resolution: {figures}")
        problems = (*problems, *built.cautions)
    assert isinstance(found.context, CryoEMContext)
    # A run that was opened again tells of the views that these replace.
    before = found.context.said
    record = found.provenance.model_copy(
        update={
            "notes": (*(note for note in found.provenance.notes if note not in before), *notes),
            "problems": (*(one for one in found.provenance.problems if one not in before), *problems),
        }
    )
    context = replace(
        found.context,
        views=views.views,
        fsc=None if built is None else built.fsc,
        map_name=views.map_name,
        method=views.method,
        view_notes=views.notes,
        view_cautions=views.cautions,
        kept=() if built is None else built.kept,
        cautions=() if built is None else built.cautions,
        said=(*notes, *problems),
    )
    tables = decide(candidates, found.settings.threshold, context)
    return replace(
        found, tables=tables, candidates=candidates, products=products, provenance=record, context=context
    )
