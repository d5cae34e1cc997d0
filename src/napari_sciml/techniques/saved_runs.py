"""A saved run is a run: its folder gives back image, candidates, sliders and a person's corrections."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from napari_sciml.core.corrections import Corrections
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import (
    FieldMap,
    Findings,
    PathsOverlay,
    PointsOverlay,
    Product,
    TilesOverlay,
)
from napari_sciml.core.fingerprint import fingerprint, is_image
from napari_sciml.core.provenance import FORMAT_VERSION, Provenance, SourceRecord
from napari_sciml.core.settings import RunSettings, parse_settings
from napari_sciml.core.source import ImageSource
from napari_sciml.core.technique import Technique
from napari_sciml.io.saving.file_sets import POINTER, SetPaths, new_set, open_set
from napari_sciml.techniques.registry import get_technique, sample_names, sample_of

STATE = "findings"
"""Stem of the files that hold what the program itself needs."""
FINGERPRINT, IMAGE_FOLDER = "fingerprint", "image_folder"
"""Entries of ``run.json`` beside the record: which image it was, and its folder as seen from this one."""
MASK = "mask.npy"
"""A mask that was painted, as a file that ``--mask`` takes."""
FORMERLY = (
    *(POINTER, "findings.csv", "points.csv", "overlay.png", "corrected_points*"),
    *("peaks.csv", "peaks.cxi", "hits.lst", "left_out.lst", "explained.csv", "features.csv"),
    *("picks.star", "coords.txt", "box/*.box", "particles.star", "views.csv", "fsc.csv"),
    *("averages.mrcs", "references.mrcs", "map.mrc", "disagreements.csv", "compared_run.json"),
)
"""What earlier versions, which knew no sets, wrote."""
KINDS = {
    kind.__name__: kind
    for kind in (PointsOverlay, PathsOverlay, TilesOverlay, FieldMap, Product, Corrections)
}


def save_run(
    findings: Findings,
    folder: str | os.PathLike[str],
    extra: Callable[[Path], Sequence[Path]] = lambda folder: (),
) -> list[Path]:
    """Write a run into a folder, in place of the run that is there, as a whole or not at all.

    Parameters
    ----------
    extra
        Writes further files for people into the folder that it is given, and returns their paths.

    Returns
    -------
    list of Path
        The files for people, and ``run.json``.

    Raises
    ------
    SciMLError
        If the folder cannot be written.
    """
    technique = get_technique(findings.provenance.technique)
    with new_set(folder, formerly=FORMERLY) as draft:
        written = technique.write(findings, draft.publish)
        mask = getattr(findings.settings, "mask", None)
        if isinstance(mask, np.ndarray):
            np.save(draft.outer(MASK), mask)
            written.append(draft.outer(MASK))
        written += extra(draft.publish)
        write_state(findings, draft.inner(STATE))
        record = findings.provenance.model_dump(mode="json")
        draft.record = {
            **record,
            "partial": findings.partial,
            FINGERPRINT: known_fingerprint(findings),
            IMAGE_FOLDER: image_folder(findings.source, draft.folder),
        }
    return [*map(draft.placed, written), draft.saved.pointer]


def known_fingerprint(findings: Findings) -> str:
    """Return the fingerprint of the image; of one that is not there any more what was saved of it."""
    return findings.source.fingerprint if findings.source.absent else fingerprint(findings.source)


def write_state(findings: Findings, path: Path) -> None:
    """Write what gives the findings back."""
    from napari_sciml.io.saving.serialisation import pack

    pack(
        {
            "tables": dict(findings.tables),
            "main": findings.main,
            "candidates": findings.candidates,
            "overlays": findings.overlays,
            "context": findings.context,
            "settings": dict(findings.settings),
            "known": plain(findings.source.known),
            # The others are computed again where somebody looks.
            "maps": {name: one for name, one in findings.maps.items() if isinstance(one.array, np.ndarray)},
            "tiles": findings.tiles,
            "paths": findings.paths,
            "products": dict(findings.products),
            "corrections": dict(findings.corrections),
        },
        path,
    )


def plain(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a source states in numbers and words."""
    words = (str, int, float, bool)
    return {
        name: value
        for name, value in known.items()
        if isinstance(value, words)
        or (isinstance(value, tuple) and all(isinstance(part, words) for part in value))
    }


def open_run(path: str | os.PathLike[str], images: Sequence[ImageSource] = ()) -> Findings:
    """Open a saved run.

    Parameters
    ----------
    path
        The folder, or the ``run.json`` in it.
    images
        Images that are open already: the first that is the image of the run is taken in place of its file.

    Returns
    -------
    Findings
        Equal to those that were saved. If the image is not there, or is another one now,
        `ImageSource.absent` of ``findings.source`` says so; all but what needs its pixels works.

    Raises
    ------
    SciMLError
        If there is no saved run.
    """
    from napari_sciml.io.saving.serialisation import unpack
    from napari_sciml.techniques.version_1 import open_version_1

    saved = open_set(folder_of(path))
    record = record_of(saved)
    technique = get_technique(record.technique)
    source = image_of(saved, record, images, technique.independent_frames)
    if saved.home is None:
        return open_version_1(saved.folder, record, technique, source)
    context = technique.context_type
    state = unpack(saved.inner(STATE), {**KINDS, context.__name__: context})
    settings = settings_of(technique, state.pop("settings"))
    # What the file does not say itself, a layer or a sample did.
    source = replace(source, known={**state.pop("known"), **source.known})
    maps = {} if source.absent else lazy_maps(technique, source, settings)
    return Findings(
        **{**state, "maps": {**maps, **state["maps"]}}, provenance=record, settings=settings, source=source
    )


def folder_of(path: str | os.PathLike[str]) -> Path:
    """Return the folder of a run, from itself or from a file in it.

    Raises
    ------
    SciMLError
        If a file lies beside no ``run.json``.
    """
    place = Path(path).expanduser()
    if not place.is_file():
        return place.parent if place.name.lower() == POINTER else place
    if not (place.parent / POINTER).is_file():
        raise SciMLError(f"{place} belongs to no saved run", f"choose the folder that holds {POINTER}")
    return place.parent


def record_of(saved: SetPaths) -> Provenance:
    """Check the record of a set."""
    try:
        record = Provenance.model_validate(saved.record)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise SciMLError(
            f"{saved.pointer} is not a run record ({where}: {first['msg'].lower()})", "choose another folder"
        ) from error
    if record.format_version > FORMAT_VERSION:
        raise SciMLError(f"{saved.folder} was saved by a newer version", "update napari-sciml")
    return record


def settings_of(technique: Technique, values: Mapping[str, Any]) -> RunSettings:
    """Return the settings of a run; those that this version does not know any more are left out."""
    known = {name: value for name, value in values.items() if name in technique.settings_type.model_fields}
    return parse_settings(technique.settings_type, known)


def lazy_maps(technique: Technique, source: ImageSource, settings: RunSettings) -> Mapping[str, FieldMap]:
    """Return the maps that are computed where somebody looks; none if the model is gone."""
    try:
        return technique.maps(source, settings)
    except SciMLError:
        return {}


def image_of(
    saved: SetPaths, record: Provenance, images: Sequence[ImageSource], independent_frames: bool
) -> ImageSource:
    """Find the image of a run: among the open ones, else in its file, else only its description.

    A file that was copied together with the run's folder is found where it lies now.
    """
    digits, source = str(saved.record.get(FINGERPRINT, "")), record.source
    for image in images:
        if image.shape == source.shape and is_image(image, digits):
            return image
    if source.path is None and not source.opened:
        sample = sample_with(record.technique, digits)
        if sample is not None and sample.shape == source.shape:
            return sample
        reason = f"{source.name} was no file, so only what was found in it could be opened"
        return replace(source.absent(reason), fingerprint=digits)
    reason = f"{source.path or source.name} is not there any more"
    for place in places(saved, source):
        try:
            image = opened_again(source, place, independent_frames)
        except SciMLError:
            continue
        same = image.shape == source.shape and (not digits or is_image(image, digits))
        # It is opened again when pixels are asked for.
        image.close()
        if same:
            return replace(
                image, name=source.name, axes=source.axes, pixel_size=source.pixel_size, unit=source.unit
            )
        reason = (
            f"{source.path or source.name} is not the image of this run any more: its pixels are others now"
        )
    return replace(source.absent(reason), fingerprint=digits)


def sample_with(technique: str, digits: str) -> ImageSource | None:
    """Return the sample of a technique if it has this fingerprint: it is no file, but made again anywhere."""
    if technique not in sample_names():
        return None
    sample = sample_of(technique).open()
    if sample.fingerprint and sample.fingerprint == digits:
        return sample
    sample.close()
    return None


def places(saved: SetPaths, source: SourceRecord) -> Iterator[Path | None]:
    """Yield the folders in which the image may lie: None for where it lay, then those near the run."""
    yield None
    folder = saved.folder.absolute()
    yield from dict.fromkeys((folder / str(saved.record.get(IMAGE_FOLDER, ".")), folder, folder.parent))


def opened_again(source: SourceRecord, folder: Path | None, independent_frames: bool) -> ImageSource:
    """Open the file of a run as it was opened then, or the one of its name in another folder."""
    from napari_sciml.io import open_image
    from napari_sciml.io.file_series import open_series
    from napari_sciml.io.paths import split_part

    options = dict(source.opened)
    if files := options.pop("files", None):
        return open_series(files if folder is None else [folder / Path(file).name for file in files])
    # The part inside the file is in the path.
    options.pop("dataset", None)
    # Runs that were saved by version 0.1 know the option by its older name.
    options.setdefault("independent_frames", options.pop("apart", independent_frames))
    path, part = split_part(str(source.path))
    place = path if folder is None else str(folder / Path(path).name)
    return open_image(f"{place}::{part}" if part else place, **options)


def image_folder(source: ImageSource, folder: Path) -> str:
    """Return where the image lies as seen from the run's folder, so that both can be copied together."""
    from napari_sciml.io.paths import split_part

    file = next(iter(source.opened.get("files", ())), None) or split_part(source.path or "")[0]
    try:
        return Path(os.path.relpath(Path(file).parent, folder.absolute())).as_posix() if file else "."
    except ValueError:
        # On another drive.
        return "."
