"""What the page Views shows, as one frozen snapshot. The controller replaces it; the page draws it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from napari_sciml.app.base.jobs import Going, Phase
from napari_sciml.techniques.cryoem.results import Reconstruction, ViewsResult

Kind = Literal["", "sort", "build", "train"]
Made = ViewsResult | Reconstruction | Path
"""What such a job makes."""


@dataclass(frozen=True)
class MapChoice:
    """Whose projections name the views.

    Attributes
    ----------
    kind
        The built-in map, a map in a file, or a model that a person trained: it holds its map.
    path
        Of the file or of the model's folder.
    pixel_size_A
        Edge of a voxel where the file does not say it, or as a person corrects it.
    stated_A
        Edge of a voxel as the file states it.
    model
        Folder of the model that was trained for a map in a file; empty as long as there is none.
    """

    kind: Literal["built-in", "map", "model"] = "built-in"
    path: str = ""
    pixel_size_A: float | None = None
    stated_A: float | None = None
    model: str = ""

    @property
    def voxel_A(self) -> float | None:
        """Edge of a voxel that counts."""
        return self.stated_A if self.pixel_size_A is None else self.pixel_size_A


@dataclass(frozen=True)
class ViewsState:
    """Everything the page Views shows beyond the picks.

    Attributes
    ----------
    picks
        How many picks would be sorted: those on screen, a person's own among them.
    map, method, ctf
        How they would be sorted; `ctf` is the path of a STAR file, or empty.
    whose
        Whose projections name the views, and what that means for the particles at hand.
    blocked
        Why sorting cannot start, or an empty string.
    ctfs_stated
        Whether the micrographs themselves state their CTFs, so that the CTF is corrected without a file.
    can_train
        Whether a model can be trained for the chosen map.
    going, kind
        What is going on.
    result
        The views, or None before the first sorting.
    stale
        Whether the picks have changed since they were sorted.
    kept
        The views that go into the 3-D map.
    chosen
        The view that is looked at, or None.
    caution
        Whether the particles are seen from few sides only.
    reconstruction
        The 3-D map, or None.
    outdated
        Whether other views are kept now than the 3-D map was made from.
    has_volume, shows_volume
        Whether there is a 3-D map to look at, and whether the viewer shows it.
    error, note
        What went wrong, or well, last.
    """

    picks: int = 0
    map: MapChoice = field(default_factory=MapChoice)
    method: Literal["network", "correlation"] = "network"
    ctf: str = ""
    whose: str = ""
    blocked: str = ""
    ctfs_stated: bool = False
    can_train: bool = False
    going: Going = field(default_factory=Going)
    kind: Kind = ""
    result: ViewsResult | None = None
    stale: bool = False
    kept: frozenset[int] = frozenset()
    chosen: int | None = None
    caution: str = ""
    reconstruction: Reconstruction | None = None
    outdated: bool = False
    has_volume: bool = False
    shows_volume: bool = False
    error: str = ""
    note: str = ""

    @property
    def phase(self) -> Phase:
        """Whether anything is under way."""
        return self.going.phase
