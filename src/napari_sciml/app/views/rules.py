"""What the choices of the page Views mean, as pure functions: what may start, and with which settings."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.canvas.result import Result
from napari_sciml.app.forms.pick_lengths import used_pixel_A
from napari_sciml.app.views.state import MapChoice, ViewsState
from napari_sciml.core.findings import Findings
from napari_sciml.techniques.cryoem.decide import LIGHTER
from napari_sciml.techniques.cryoem.density.density_map import BUILT_IN_NAME
from napari_sciml.techniques.cryoem.particles_to_map import FEWEST
from napari_sciml.techniques.cryoem.results import ViewsResult


def why_not(
    state: ViewsState, result: Result | None, picks: Collection[Any] | None, pixel_size_A: float | None
) -> str:
    """Return why sorting cannot start, or an empty string.

    Parameters
    ----------
    result, picks
        The picks on screen and the run that made them, if there are any.
    pixel_size_A
        Edge of a pixel of a micrograph, if it is known.
    """
    if result is None or not picks:
        return "There are no picks to sort."
    if len(picks) < FEWEST:
        return f"{len(picks)} picks are too few for 84 views: lower the threshold or add micrographs."
    if result.image is None:
        return "The image was removed; open it and run again."
    if pixel_size_A is None:
        return "Type the pixel size on the page Run: particles and map have to be at one scale."
    if state.map.kind == "map" and state.map.voxel_A is None:
        return "Type the edge of a voxel: the file of the map does not say it."
    if state.map.kind == "map" and state.method == "network" and not state.map.model:
        return "Train a model for this map first, or take correlation."
    return ""


def can_train(state: ViewsState) -> bool:
    """Return whether a model can be trained for the chosen map."""
    return state.map.kind == "map" and state.method == "network" and state.map.voxel_A is not None


def all_views(result: ViewsResult) -> frozenset[int]:
    """Return every view."""
    return frozenset(int(view) for view in result.views["view"])


def useful(state: ViewsState) -> list[int]:
    """Return the views that are kept and hold particles."""
    if state.result is None:
        return []
    counts = state.result.views["count"].to_numpy()
    return [view for view in sorted(state.kept) if counts[view] > 0]


def command_values(state: ViewsState) -> dict[str, Any]:
    """Return the settings that sort and build as the page does, for a script or a command line."""
    choice = state.map
    values: dict[str, Any] = {"views": state.method}
    if choice.kind == "map":
        values["map"] = choice.path
        if choice.pixel_size_A is not None:
            values["map_pixel_size_A"] = choice.pixel_size_A
    model = choice.path if choice.kind == "model" else choice.model
    if model:
        values["orientation_model"] = model
    if state.ctf:
        values["ctf"] = state.ctf
    return values


def truth_of(choice: MapChoice, stated: Any) -> str:
    """Return the map that simulated micrographs state they were made of, if it names the views."""
    named = {"built-in": BUILT_IN_NAME, "map": choice.path}.get(choice.kind)
    return stated if isinstance(stated, str) and stated == named else ""


def pixel_size_of(state: RunState, result: Result) -> float | None:
    """Return the edge of a pixel of a micrograph in Å: as it is said now, else as the run was told."""
    said = used_pixel_A(state)
    if said is None:
        said = result.findings.provenance.settings.get("pixel_size_A")
    return said


def contrast_of(findings: Findings) -> Literal["dark", "light"]:
    """Return how the particles of a run lie against the ice: as it was told, else as it noted."""
    said = findings.provenance.settings.get("contrast", "auto")
    light = said == "light" or (
        said == "auto" and any(note.startswith(LIGHTER) for note in findings.provenance.notes)
    )
    return "light" if light else "dark"
