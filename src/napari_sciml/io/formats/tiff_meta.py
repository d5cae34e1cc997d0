"""Axes and pixel sizes as ImageJ, OME and plain TIFF files state them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_sciml.io.formats.units import MICROMETRES, micrometres

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LARGEST_BELIEVED_UM = 100.0
"""Edge of a pixel in micrometres above which a plain TIFF resolution is taken for a printer's dots per inch
(72 dpi are 353 um), not for a microscope's pixel."""
FINEST_PRINT_DPI = 4800
"""Dots per inch up to which round numbers are a printer's or scanner's; beyond, 25400 dpi are 1 um."""
PRINT_STEPS_DPI = (50, 72, 96)
"""Dots per inch of which the resolutions of printers and screens are multiples."""
PRINT_ROUNDING_DPI = 0.05
"""By how much a resolution may miss such a multiple: 300 dpi are written as 118.11 dots per centimetre."""


def axis_letters(axes: str) -> tuple[str, ...]:
    """Translate tifffile's axis letters; those that only count pages become ``?``."""
    return tuple(letter.lower() if letter in "TCZYXS" else "?" for letter in axes.upper())


def pixel_sizes(tif: Any, series: Any) -> dict[str, float]:
    """Read the pixel size in micrometres by axis letter; empty if the file does not say.

    A stack of slices without a stated spacing gets the spacing of its pixels, as a tomogram has.
    """
    if tif.is_ome:
        sizes = _ome(tif, series)
    elif tif.is_imagej:
        sizes = _imagej(tif.imagej_metadata or {}, series.keyframe)
    else:
        sizes = _plain(series.keyframe)
    if "x" in sizes:
        sizes.setdefault("y", sizes["x"])
        if not _spacing_unread(tif):
            sizes.setdefault("z", sizes["y"])
    return sizes


def _spacing_unread(tif: Any) -> bool:
    """Whether slices have a distance in a unit that is none of length, which nothing may stand in for."""
    stated: dict[str, Any] = (tif.imagej_metadata if tif.is_imagej else None) or {}
    return "spacing" in stated and micrometres(1, str(stated.get("zunit", "um"))) is None


def _ome(tif: Any, series: Any) -> dict[str, float]:
    images = ome_elements(tif.ome_metadata, "Pixels")
    if not images:
        return {}
    # The library leaves out images of which no plane is there.
    told_apart = len(images) == len(tif.series)
    pixels = images[tif.series.index(series)] if told_apart else images[0]
    if not told_apart and any(_edges(other) != _edges(pixels) for other in images):
        return {}
    return _edges(pixels)


def _edges(pixels: Element) -> dict[str, float]:
    sizes: dict[str, float] = {}
    for letter in "xyz":
        value = pixels.get(f"PhysicalSize{letter.upper()}")
        unit = pixels.get(f"PhysicalSize{letter.upper()}Unit", "µm")
        size = micrometres(number(value), unit)
        if size is not None:
            sizes[letter] = size
    return sizes


def ome_elements(text: str | None, tag: str) -> list[Element]:
    """Return the elements of one kind in OME metadata; none if it is damaged, which costs no pixels."""
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(text or "")
    except ElementTree.ParseError:
        return []
    return [node for node in root.iter() if node.tag.rpartition("}")[2] == tag]


def number(text: Any) -> float:
    """Return a number that a file states as text; 0, which is no size, if it is none."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return 0.0


def _imagej(stated: dict[str, Any], page: Any) -> dict[str, float]:
    unit = str(stated.get("unit", ""))
    sizes = {
        letter: size
        for letter in "xy"
        if (size := micrometres(_edge(page, letter), str(stated.get(f"{letter}unit", unit)))) is not None
    }
    spacing = micrometres(abs(number(stated.get("spacing"))), str(stated.get("zunit", unit)))
    return sizes if spacing is None else {**sizes, "z": spacing}


def _plain(page: Any) -> dict[str, float]:
    tag = page.tags.get("ResolutionUnit")
    # The standard's default is the inch, but where nobody said it the numbers are as often made up.
    unit = {2: "inch", 3: "cm"}.get(int(tag.value), "") if tag is not None else ""
    edges = {letter: micrometres(_edge(page, letter), unit) for letter in "xy"}
    sizes = {letter: size for letter, size in edges.items() if size is not None}
    return {} if any(map(is_print_resolution, sizes.values())) else sizes


def is_print_resolution(edge_um: float) -> bool:
    """Whether a pixel of this edge is one of a printer, a screen or a scanner: 72, 96, 300, 600 dpi."""
    dpi = MICROMETRES["inch"] / edge_um
    round_number = any(abs(dpi - round(dpi / step) * step) < PRINT_ROUNDING_DPI for step in PRINT_STEPS_DPI)
    return edge_um > LARGEST_BELIEVED_UM or (round_number and dpi < FINEST_PRINT_DPI + 1)


def _edge(page: Any, letter: str) -> float:
    """Return how many units one pixel is along an axis; 0 if the page does not say."""
    tag = page.tags.get(f"{letter.upper()}Resolution")
    pixels, per = (float(part) for part in tag.value) if tag is not None else (0.0, 0.0)
    return per / pixels if pixels else 0.0
