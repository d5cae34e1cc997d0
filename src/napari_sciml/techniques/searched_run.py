"""`NetworkRun`: a run that has searched, with all that its findings are made of; and what a run will cost."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, TypeVar

from napari_sciml.backends import Predictor, recorded
from napari_sciml.core.image_loop import Search
from napari_sciml.core.progress import CancelToken
from napari_sciml.core.provenance import Provenance, SourceRecord
from napari_sciml.core.settings import RunSettings
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.model import Model

SettingsT = TypeVar("SettingsT", bound=RunSettings)
SetupT = TypeVar("SetupT")
SearchT = TypeVar("SearchT", bound=Search)


@dataclass(frozen=True)
class Cost:
    """What a run will cost, on the machine that `core.run_rate` compares this one with.

    Attributes
    ----------
    units
        Units of work.
    seconds
        For all of them.
    memory_gb
        Most memory at once, without the program.
    notes
        Facts worth showing.
    ahead_seconds, ahead_images
        The same for what is looked at before the first unit, and how many images that is.
    """

    units: int
    seconds: float
    memory_gb: float
    notes: tuple[str, ...] = ()
    ahead_seconds: float = 0.0
    ahead_images: int = 0


@dataclass(frozen=True)
class Start:
    """When a run began."""

    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    clock: float = field(default_factory=lambda: time.perf_counter())

    @property
    def seconds(self) -> float:
        """Time since then."""
        return time.perf_counter() - self.clock


@dataclass(frozen=True)
class NetworkRun(Generic[SettingsT, SetupT, SearchT]):
    """Describe a run that has searched, or was stopped while it did.

    Attributes
    ----------
    technique
        Its name.
    setup
        What the technique settled before it searched.
    predictor
        What ran the network, closed by now; None if none was needed.
    cancel
        Whether somebody stopped the run.
    """

    technique: str
    source: ImageSource
    settings: SettingsT
    model: Model
    setup: SetupT
    search: SearchT
    predictor: Predictor | None
    start: Start
    cancel: CancelToken

    @property
    def place(self) -> tuple[str, ...]:
        """Columns of a table of points that give their coordinates in a frame or a series of frames."""
        return ("frame", "y", "x") if self.source.ndim == 3 else ("y", "x")

    def record(
        self, *, notes: tuple[str, ...] = (), problems: tuple[str, ...] = (), model: str = ""
    ) -> Provenance:
        """Return the run record, with the time until now.

        Parameters
        ----------
        problems
            What had to be mended; what the search left out comes after.
        model
            What gave the scores, if not the network.
        """
        return recorded(
            self.predictor,
            technique=self.technique,
            model=model or self.model.name,
            normalisation=self.model.normalisation,
            settings=self.settings.model_dump(mode="json"),
            source=SourceRecord.of(self.source),
            units_done=self.search.done,
            units_total=self.search.total,
            what=self.search.what,
            seconds=self.start.seconds,
            started=self.start.at,
            notes=notes,
            problems=(*(f"{said}." for said in self.source.cautions), *problems, *self.search.problems),
        )
