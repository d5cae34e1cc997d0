"""Samples for File > Open Sample: simulated, small or made when looked at; nothing is downloaded."""

from __future__ import annotations

from typing import Any

from napari_sciml.core.lazy_import import load
from napari_sciml.layers.keys import FINGERPRINT_KEY, KNOWN_KEY, SAMPLE_KEY, TECHNIQUE_KEY
from napari_sciml.layers.lazy import lazy_array
from napari_sciml.layers.points import LayerData
from napari_sciml.layers.remake import ORIGIN, Origin
from napari_sciml.layers.spatial import source_place
from napari_sciml.techniques import spec_of
from napari_sciml.techniques.registry import sample_of
from napari_sciml.techniques.spec import SampleSpec


def sample_layers(technique: str) -> list[LayerData]:
    """Open the sample of a technique as a layer, with the way back to its pixels.

    A sample in a file is read; what is simulated is made when it is looked at. What is known of it rides
    along in the layer's metadata, unshown, for whoever wants to check.

    Raises
    ------
    SciMLError
        If it has none.
    """
    sample, spec = sample_of(technique), spec_of(technique)
    source = sample.open()
    about: dict[str, Any] = {}
    pixels: Any = lazy_array(source)
    if source.path is None:
        about[ORIGIN] = origin(sample)
    else:
        pixels = source.read((slice(None),) * source.ndim)
        source.close()
        about["path"] = source.path
    if sample.truth:
        about["truth"] = load(sample.truth)()
    look: dict[str, Any] = load(spec.look)(source) if spec.look else {}
    known: dict[str, Any] = {SAMPLE_KEY: about, KNOWN_KEY: dict(source.known), TECHNIQUE_KEY: technique}
    if source.fingerprint:
        known[FINGERPRINT_KEY] = source.fingerprint, source.shape
    metadata = {**look.pop("metadata", {}), **known}
    return [(pixels, {"name": source.name, **source_place(source), **look, "metadata": metadata}, "image")]


def origin(sample: SampleSpec) -> Origin:
    """Return how a sample is made again: the function that made it, and the command that writes it."""
    module, _, name = sample.source.partition(":")
    return Origin(f"from {module} import {name}", f"{name}()", sample.command, sample.file)


def cmc_phantom() -> list[LayerData]:
    """Open the simulated slab of a ceramic-matrix composite."""
    return sample_layers("microct")


def diffraction_run() -> list[LayerData]:
    """Open the simulated run of serial crystallography."""
    return sample_layers("diffraction")


def cryoem_micrographs() -> list[LayerData]:
    """Open the simulated micrographs."""
    return sample_layers("cryoem")


def gisaxs_series() -> list[LayerData]:
    """Open the simulated series of a drying film."""
    return sample_layers("gisaxs")
