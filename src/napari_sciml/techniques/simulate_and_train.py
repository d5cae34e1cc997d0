"""What a technique offers beside its runs: simulated data with known truth, and training."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from napari_sciml.core.progress import Progress


@dataclass(frozen=True)
class Simulated:
    """Describe data that were simulated into files.

    Attributes
    ----------
    files
        Those that a person is told.
    sentence
        What was made, for example how many frames.
    next_step
        What may be done with it; may be empty.
    """

    files: list[Path]
    sentence: str
    next_step: str = ""


class Simulator(Protocol):
    """Makes data with known truth. The first line of its docstring describes the command ``simulate``."""

    settings_type: ClassVar[type[BaseModel]]
    """The pydantic model of what can be chosen; its fields are the command's options."""

    def simulate(self, spec: Any, seed: int, folder: Path) -> Generator[Progress, None, Simulated]:
        """Write data into `folder`, which is there; the same seed gives the same data."""
        ...


class TrainingOptions(BaseModel):
    """What the training of a technique can be told beside folder and seed; a technique adds its own fields.

    They arrive at its function as keyword arguments.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    def use(self, technique: str, folder: str = "FOLDER") -> str:
        """Return the command that uses a trained model."""
        return f"napari-sciml run {technique} INPUT --out DIR --model {folder}"
