"""What the OME metadata of a Zarr group says of one level of an image: axes and pixel size, 0.1 to 0.6."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.axis_rules import letter_of
from napari_sciml.io.formats.units import micrometres

OLD_AXES = ("t", "c", "z", "y", "x")
"""Axes of every image before version 0.3."""
TYPES = {"time": "t", "channel": "c"}
"""Letters of axes that have a type and no telling name."""

Meaning = tuple[tuple[str, ...], dict[str, float], tuple[str, ...]]
"""Letters of the axes, edges of a pixel in micrometres by letter, and cautions."""


def ome_attributes(group: Any) -> Mapping[str, Any]:
    """Return the OME attributes of a group: under ``ome`` since version 0.5, at the top before."""
    attributes = dict(group.attrs)
    nested = attributes.get("ome", attributes)
    return nested if isinstance(nested, Mapping) else attributes


def multiscales(group: Any) -> list[Mapping[str, Any]]:
    """Return the images of a group that have levels and metadata."""
    return [one for one in ome_attributes(group).get("multiscales", ()) if one.get("datasets")]


def meaning(
    multiscale: Mapping[str, Any], level: Mapping[str, Any], shape: tuple[int, ...], name: str
) -> Meaning:
    """Return what the axes of one level are and how large its pixels.

    Raises
    ------
    SciMLError
        If the number of axes is not that of the array.
    """
    systems = multiscale.get("coordinateSystems")
    axes = _system_of(level, systems)["axes"] if systems else multiscale.get("axes")
    if not axes:
        return OLD_AXES[-len(shape) :], {}, ()
    if len(axes) != len(shape):
        raise SciMLError(f"{name} names {len(axes)} axes for an array with {len(shape)}", "convert it again")
    named = [axis if isinstance(axis, Mapping) else {"name": axis} for axis in axes]
    letters = tuple(_letter(axis) for axis in named)
    transforms = list(level.get("coordinateTransformations", ()))
    if not systems:
        # From version 0.6 on, those of the image lead to other coordinate systems.
        transforms += multiscale.get("coordinateTransformations", ())
    scale = np.ones(len(shape))
    for step in _steps(transforms):
        factors = _factors(step, len(shape))
        if factors is None:
            return (
                letters,
                {},
                (f"{name} has no pixel size: a transformation {step.get('type')} is not used",),
            )
        scale = scale * factors
    edges = {
        letter: micrometres(float(edge), str(axis.get("unit") or ""))
        for letter, axis, edge in zip(letters, named, scale, strict=True)
        if letter in ("z", "y", "x")
    }
    return letters, {letter: edge for letter, edge in edges.items() if edge is not None}, ()


def _system_of(level: Mapping[str, Any], systems: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the coordinate system into which the transformation of a level leads; else the first."""
    for transform in level.get("coordinateTransformations", ()):
        output = transform.get("output")
        wanted = output.get("name") if isinstance(output, Mapping) else output
        for system in systems:
            if system.get("name") == wanted:
                return system
    return systems[0]


def _letter(axis: Mapping[str, Any]) -> str:
    letter = letter_of(axis.get("name"))
    return TYPES.get(str(axis.get("type")), "?") if letter == "?" else letter


def _steps(transforms: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield transformations one by one, those of a sequence too."""
    for transform in transforms:
        if transform.get("type") == "sequence":
            yield from _steps(transform.get("transformations", []))
        else:
            yield transform


def _factors(transform: Mapping[str, Any], ndim: int) -> npt.NDArray[np.float64] | None:
    """Return by what a transformation stretches each axis; None if it does more."""
    if transform.get("type") in ("identity", "translation"):
        return np.ones(ndim)
    scale = transform.get("scale")
    if transform.get("type") != "scale" or scale is None or len(scale) != ndim:
        return None
    return np.abs(np.array(scale, dtype=np.float64))
