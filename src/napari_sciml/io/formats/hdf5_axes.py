"""What an HDF5 file says of the axes of a dataset: their names, and the edge of a pixel along each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from napari_sciml.io.axis_rules import letters_of
from napari_sciml.io.formats.units import micrometres

A_PER_UM = 1e4
"""Angstrom in a micrometre."""
EVEN = 1e-3
"""Steps between the values of an axis differ by less than this share if the axis has one step."""


def stated_axes(dataset: Any) -> tuple[tuple[str, ...] | None, dict[str, float]]:
    """Return a letter for each axis, or None if the file does not say, and sizes in micrometres by letter.

    Known are vigra's and ilastik's ``axistags``, labels and scales of dimensions as HDF5 has them, the
    ``axes`` of NeXus, old and new, and of HyperSpy; and the sizes that Fiji and EMAN write.
    """
    for names, steps in named_axes(dataset):
        if len(names) == dataset.ndim and (letters := letters_of(names)) is not None:
            sizes = {
                letter: size
                for letter, (step, unit) in zip(letters, steps, strict=True)
                if letter in "zyx" and (size := micrometres(step, unit)) is not None
            }
            return letters, {**element_sizes(dataset), **sizes}
    return None, element_sizes(dataset)


Steps = list[tuple[float, str]]
NOTHING = (0.0, "")
"""The step of an axis that nobody measured."""


def named_axes(dataset: Any) -> Iterator[tuple[Sequence[object], Steps]]:
    """Yield the names of the axes in the ways in which files state them, with their steps and units."""
    if tags := tagged(dataset):
        yield (
            [tag.get("key") for tag in tags],
            [(float(tag.get("resolution", 0) or 0), str(tag.get("unit", ""))) for tag in tags],
        )
    labels = [dimension.label for dimension in dataset.dims]
    scales = [dimension[0] if len(dimension) else None for dimension in dataset.dims]
    if any(labels) or any(scale is not None for scale in scales):
        names = [
            label or (scale.name or "").rpartition("/")[2] if scale is not None else label
            for label, scale in zip(labels, scales, strict=True)
        ]
        yield names, [step_of(scale) for scale in scales]
    group = dataset.parent
    if (stated := nexus_names(dataset, group)) is not None:
        yield stated, [step_of(group.get(name) if name else None) for name in stated]
    spy = [group.get(f"axis-{number}") for number in range(dataset.ndim)]
    if all(axis is not None and "size" in axis.attrs for axis in spy):
        yield (
            [text(axis.attrs.get("name", "")) for axis in spy],
            [(float(axis.attrs.get("scale", 0)), text(axis.attrs.get("units", ""))) for axis in spy],
        )


def tagged(dataset: Any) -> list[Mapping[str, Any]]:
    """Return the axis tags of vigra and ilastik, which are JSON."""
    try:
        return list(json.loads(text(dataset.attrs.get("axistags", "")))["axes"])
    except (ValueError, KeyError, TypeError):
        return []


def nexus_names(dataset: Any, group: Any) -> list[str] | None:
    """Return the names of the axes of NeXus data: of the group since 2014, of the dataset before."""
    own = dataset.name.rpartition("/")[2]
    stated = group.attrs.get("axes") if text(group.attrs.get("signal", own)) == own else None
    if stated is None:
        stated = dataset.attrs.get("axes")
    if stated is None:
        return None
    if isinstance(stated, str | bytes):
        stated = text(stated).strip("[]").replace(",", ":").split(":")
    return [text(name).strip() for name in np.ravel(stated)]


def step_of(scale: Any) -> tuple[float, str]:
    """Return the even step between the values of an axis, and their unit."""
    if scale is None or not hasattr(scale, "dtype") or scale.ndim != 1 or scale.size < 2:
        return NOTHING
    if scale.dtype.kind not in "iuf":
        return NOTHING
    steps = np.diff(np.asarray(scale[()], float))
    if not np.isfinite(steps).all() or np.ptp(steps) > EVEN * abs(steps.mean()):
        return NOTHING
    return abs(float(steps.mean())), text(scale.attrs.get("units", ""))


def element_sizes(dataset: Any) -> dict[str, float]:
    """Return edges in micrometres that Fiji and ilastik state for z, y, x, or EMAN in Angstrom for each."""
    stated = dataset.attrs.get("element_size_um")
    if stated is None:
        stated = [float(dataset.parent.attrs.get(f"EMAN.apix_{letter}", 0)) / A_PER_UM for letter in "zyx"]
        # Of an image, EMAN writes no z.
        stated[0] = stated[0] or stated[1]
    if np.shape(stated) != (3,) or min(stated) <= 0:
        return {}
    return {letter: float(size) for letter, size in zip("zyx", stated, strict=True)}


def text(value: Any) -> str:
    """Return an attribute as text, whichever way it was written."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
