"""The axes of a picture in q, as pyFAI and other converters write them with NeXus."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from napari_sciml.io.formats.hdf5_axes import EVEN, nexus_names, text

IN_PLANE = re.compile(r"q?_?(ip|in_?plane|xy|y|x|par|parallel|hor|horizontal)(gi)?$")
OUT_OF_PLANE = re.compile(r"q?_?(oop|out_?of_?plane|z|perp|perpendicular|ver|vertical)(gi)?$")
PER_NM = {"nm": 1.0, "nanometer": 1.0, "nanometre": 1.0, "a": 10.0, "å": 10.0, "ang": 10.0, "angstrom": 10.0}
"""What one over a unit of length is in 1/nm."""


def stated_q(dataset: Any) -> tuple[dict[str, Any], bool, list[str]]:
    """Return what a file says of a picture in q.

    Returns
    -------
    known
        ``qy_range`` (first and last column) and ``qz_range`` (last and first row) in 1/nm, where both axes
        are in q; else nothing.
    turned
        Whether rows count in the plane, and columns out of it.
    cautions
        Why axes in q are not used.
    """
    names = (nexus_names(dataset, dataset.parent) or [])[-2:]
    if dataset.ndim not in (2, 3) or len(names) != 2:
        return {}, False, []
    scales = [dataset.parent.get(name) if name and name != "." else None for name in names]
    factors = [per_nm(scale, name) for scale, name in zip(scales, names, strict=True)]
    if any(factor is None for factor in factors):
        return {}, False, []
    ends: list[tuple[float, float]] = []
    for name, scale, factor, length in zip(names, scales, factors, dataset.shape[-2:], strict=True):
        assert scale is not None, "a factor was found for it"
        values = np.asarray(scale[()], float).ravel()
        if len(values) != length or len(values) < 2:
            return (
                {},
                False,
                [f"the axis {name} has {len(values)} values for {length} pixels and is not used"],
            )
        steps = np.diff(values)
        if not np.isfinite(steps).all() or np.ptp(steps) > EVEN * abs(steps.mean()):
            return {}, False, [f"the axis {name} has uneven steps and is not used"]
        first, last = (round(float(value * (factor or 1)), 9) for value in (values[0], values[-1]))
        ends.append((first, last))
    turned = bool(IN_PLANE.search(plain(names[0])) and OUT_OF_PLANE.search(plain(names[1])))
    (rows, columns) = ends[::-1] if turned else ends
    return {"qy_range": columns, "qz_range": rows[::-1]}, turned, []


def plain(name: str) -> str:
    """Return the name of an axis without its unit: ``qip`` of ``qip_nm^-1``."""
    return re.sub(r"[_ ]*\(?(1/|)(nm|a|å)(\^?-1)?\)?$", "", name.lower().strip())


def per_nm(scale: Any, name: str) -> float | None:
    """Return the factor that brings an axis in q to 1/nm; None for one that is not in q."""
    if scale is None or not hasattr(scale, "dtype") or scale.dtype.kind not in "iuf":
        return None
    stated = text(scale.attrs.get("units", "")) or name.lower().rpartition("_")[2]
    unit = stated.lower().strip().replace(" ", "")
    match = re.fullmatch(r"1/([a-zå]+)|([a-zå]+)(?:\^|\*\*)?\{?-1\}?", unit)
    return PER_NM.get(match[1] or match[2]) if match else None
