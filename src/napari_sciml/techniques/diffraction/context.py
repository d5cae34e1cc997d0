"""What a run over frames keeps beside candidates and settings."""

from __future__ import annotations

from dataclasses import dataclass

from napari_sciml.core.context import Context


@dataclass(frozen=True, eq=False)
class DiffractionContext(Context):
    """Facts of one run.

    Attributes
    ----------
    frames
        How many frames were looked at, from the first on.
    failed
        Numbers of those that could not be used.
    """

    frames: int
    failed: tuple[int, ...]
