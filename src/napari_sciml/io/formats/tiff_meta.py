"""Axes and pixel sizes as ImageJ, OME and plain TIFF files state them."""

from __future__ import annotations

from typing import Any

from napari_sciml.io.formats.units import micrometres

LARGEST_BELIEVED_UM = 100.0
"""Edge of a pixel in micrometres above which a plain TIFF resolution is taken for a printer's dots per inch
(72 dpi are 353 um), not for a microscope's pixel."""


def axis_letters(axes: str) -> tuple[str, ...]:
    """Translate tifffile's axis letters; those that only count pages become ``?``."""
    return tuple(letter.lower() if letter in "TCZYXS" else "?" for letter in axes.upper())


def pixel_sizes(tif: Any, series: Any) -> dict[str, float]:
    """Read the pixel size in micrometres by axis letter; empty if the file does not say.

    A stack of slices without a stated spacing gets the spacing of its pixels, as a tomogram has.
    """
    if tif.is_ome:
        sizes = _ome(tif.ome_metadata)
    elif tif.is_imagej:
        sizes = _imagej(tif.imagej_metadata or {}, series.keyframe)
    else:
        sizes = _plain(series.keyframe)
    if "x" in sizes:
        sizes.setdefault("y", sizes["x"])
        sizes.setdefault("z", sizes["y"])
    return sizes


def _ome(text: str) -> dict[str, float]:
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        # Damaged metadata costs the pixel size, not the image.
        return {}
    pixels = next((node for node in root.iter() if node.tag.rpartition("}")[2] == "Pixels"), None)
    if pixels is None:
        return {}
    sizes: dict[str, float] = {}
    for letter in "xyz":
        value = pixels.get(f"PhysicalSize{letter.upper()}")
        unit = pixels.get(f"PhysicalSize{letter.upper()}Unit", "µm")
        size = micrometres(float(value), unit) if value else None
        if size is not None:
            sizes[letter] = size
    return sizes


def _imagej(stated: dict[str, Any], page: Any) -> dict[str, float]:
    unit = str(stated.get("unit", ""))
    sizes = _resolution(page, unit)
    if "spacing" in stated:
        spacing = micrometres(abs(float(stated["spacing"])), unit)
        if spacing is not None:
            sizes["z"] = spacing
    return sizes


def _plain(page: Any) -> dict[str, float]:
    tag = page.tags.get("ResolutionUnit")
    unit = {2: "inch", 3: "cm"}.get(int(tag.value), "") if tag is not None else ""
    sizes = _resolution(page, unit)
    return sizes if all(size <= LARGEST_BELIEVED_UM for size in sizes.values()) else {}


def _resolution(page: Any, unit: str) -> dict[str, float]:
    sizes: dict[str, float] = {}
    for letter in "xy":
        tag = page.tags.get(f"{letter.upper()}Resolution")
        if tag is None:
            continue
        pixels, per = (float(part) for part in tag.value)
        size = micrometres(per / pixels, unit) if pixels else None
        if size is not None:
            sizes[letter] = size
    return sizes
