"""An opened image as a layer, lazily, with the look that suits it."""

from __future__ import annotations

from typing import Any

from napari_sciml.core.reference import load
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.frames import frames_look, is_frames
from napari_sciml.layers.keys import FINGERPRINT_KEY, KNOWN_KEY, OPENED_KEY, PATH_KEY, TECHNIQUE_KEY
from napari_sciml.layers.lazy import lazy_array
from napari_sciml.layers.micrographs import is_micrographs, micrograph_look
from napari_sciml.layers.points import LayerData
from napari_sciml.layers.spatial import source_place
from napari_sciml.techniques.registry import specs


def image_layer(source: ImageSource, technique: str = "") -> LayerData:
    """Show an opened image; of frames and micrographs, one decides the contrast.

    Parameters
    ----------
    technique
        The science that it is meant for, if that is known: its look is taken.
    """
    look = look_of(source, technique)
    said = {PATH_KEY: source.path, FINGERPRINT_KEY: source.fingerprint, TECHNIQUE_KEY: technique}
    about = {OPENED_KEY: dict(source.opened), KNOWN_KEY: dict(source.known)}
    metadata = {
        PATH_KEY: source.path,
        **{key: value for key, value in {**said, **about}.items() if value},
        **look.pop("metadata", {}),
    }
    arguments = {"name": source.name, **source_place(source), **look, "metadata": metadata}
    return lazy_array(source), arguments, "image"


def look_of(source: ImageSource, technique: str = "") -> dict[str, Any]:
    """Choose colours and contrast by the science, or by what the image is."""
    spec = specs().get(technique)
    if spec is not None and spec.look:
        look: dict[str, Any] = load(spec.look)(source)
        return look
    if is_frames(source):
        return frames_look(source)
    return micrograph_look(source) if is_micrographs(source) else {}
