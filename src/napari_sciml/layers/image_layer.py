"""An opened image as a layer, lazily, with the look that suits it."""

from __future__ import annotations

from typing import Any

from napari_sciml.core.lazy_import import load
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.keys import (
    CAUTIONS_KEY,
    FINGERPRINT_KEY,
    KNOWN_KEY,
    OPENED_KEY,
    PATH_KEY,
    TECHNIQUE_KEY,
)
from napari_sciml.layers.lazy import lazy_array
from napari_sciml.layers.points import LayerData
from napari_sciml.layers.spatial import source_place
from napari_sciml.techniques.registry import specs


def image_layer(source: ImageSource, technique: str = "") -> LayerData:
    """Show an opened image in the way of a science.

    Parameters
    ----------
    technique
        The science that it is meant for; if that is not known, the one that recognises it.
    """
    look = look_of(source, technique)
    made = (source.fingerprint, source.shape) if source.fingerprint else None
    said = {PATH_KEY: source.path, FINGERPRINT_KEY: made, TECHNIQUE_KEY: technique}
    about = {OPENED_KEY: dict(source.opened), KNOWN_KEY: dict(source.known), CAUTIONS_KEY: source.cautions}
    metadata = {
        PATH_KEY: source.path,
        **{key: value for key, value in {**said, **about}.items() if value},
        **look.pop("metadata", {}),
    }
    arguments = {"name": source.name, **source_place(source), **look, "metadata": metadata}
    return lazy_array(source), arguments, "image"


def look_of(source: ImageSource, technique: str = "") -> dict[str, Any]:
    """Choose colours and contrast by the science, or by the one that recognises the image."""
    if not technique:
        technique = recognised(source)
    spec = specs().get(technique)
    if spec is None:
        return {}
    look: dict[str, Any] = load(spec.look)(source) if spec.look else {}
    return {**look, "metadata": {TECHNIQUE_KEY: technique, **look.get("metadata", {})}}


def recognised(source: ImageSource) -> str:
    """Return the technique that an opened file is meant for, as far as that can be told, or nothing."""
    for name, spec in specs().items():
        if spec.recognises and load(spec.recognises)(source):
            return name
    return ""
