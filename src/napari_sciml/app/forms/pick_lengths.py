"""What a form says about the lengths of a particle run, before anything runs. Pure; reads no pixels."""

from __future__ import annotations

from typing import Any

from napari_sciml.app.base.run_state import RunState
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.settings import parse_settings
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.source import source_from_layer
from napari_sciml.techniques.cryoem.pick_scale import PickScale, pick_scale, pixel_size_A
from napari_sciml.techniques.cryoem.settings import CryoEMSettings

NOT_KNOWN = "the image does not say"


def settings_of(state: RunState) -> CryoEMSettings:
    """Return the settings that the form stands for.

    Raises
    ------
    SciMLError
        If a value is out of its range.
    """
    values: dict[str, Any] = dict(state.values)
    return parse_settings(CryoEMSettings, values)


def source_of(state: RunState) -> ImageSource | None:
    """Return the chosen image as a source, or None if it is none."""
    if state.image is None:
        return None
    try:
        return source_from_layer(state.image)
    except SciMLError:
        # The page says so beside the Run button.
        return None


def scale_of(state: RunState) -> PickScale | None:
    """Return the lengths of a run, or None as long as they are not known; Run then says why."""
    source = source_of(state)
    if source is None:
        return None
    try:
        return pick_scale(source, settings_of(state))
    except SciMLError:
        return None


def stated_pixel_A(state: RunState) -> float | None:
    """Return the edge of a pixel that the image itself states, in Angstrom."""
    source = source_of(state)
    size = None if source is None else pixel_size_A(source, parse_settings(CryoEMSettings, {}))
    # A length in micrometres came from Angstrom; the sums must not show.
    return None if size is None else float(f"{size:.6g}")


def stated_diameter_A(state: RunState) -> float | None:
    """Return the diameter that the image itself states, in Angstrom; simulated ones do."""
    stated = state.facts.known.get("particle_diameter_A")
    return None if stated is None else float(stated)


def used_pixel_A(state: RunState) -> float | None:
    """Return the edge of a pixel that a run would use, in Angstrom."""
    said = state.values.get("pixel_size_A")
    return stated_pixel_A(state) if said is None else float(said)


def follows(state: RunState) -> str:
    """Return what follows from the diameter, or nothing while it is not known."""
    scale = scale_of(state)
    if scale is None:
        return ""
    return " ".join(f"{line[0].upper()}{line[1:]}." for line in scale.sentences)


def in_other_unit(state: RunState) -> str:
    """Return the diameter in the unit in which it was not typed."""
    scale, size = scale_of(state), used_pixel_A(state)
    if scale is None:
        return ""
    if state.values.get("particle_diameter_px") is None:
        return f"= {scale.diameter_px:.1f} px"
    return "" if size is None else f"= {scale.diameter_px * size:.0f} Å"
