"""`NetworkTechnique`: what the sciences share whose answers come from one network.

A science says which models it can use, what a run costs, what it settles before it searches, how it searches
and what it makes of what was found. The order of these steps, the refusals, the estimate of the time and the
record of the run are the same for all.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic

import numpy.typing as npt

from napari_sciml.backends import Predictor, check_backend, open_for
from napari_sciml.backends.start_up_cost import WEIGHTS_S, expected_runtime, start_up_cost
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import FieldMap, Findings
from napari_sciml.core.plan import RunPlan
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.run_rate import RATES
from napari_sciml.core.settings import RunSettings
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.crop import crop_centre
from napari_sciml.networks.model import Model
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.searched_run import Cost, NetworkRun, SearchT, SettingsT, SetupT, Start

Opener = Callable[[Model, RunSettings], Predictor]
STARTING = "start-up"


@dataclass(frozen=True)
class NetworkTechnique(ABC, Generic[SettingsT, SetupT, SearchT]):
    """A technique that searches an image with one network.

    Attributes
    ----------
    opener
        Returns the predictor for a model and settings.
    """

    name: ClassVar[str]
    models: ClassVar[tuple[str, ...]]
    what: ClassVar[str] = "frames"
    """Name of the units of work."""
    ability: ClassVar[str]
    """What its models can do and others cannot, after "cannot"."""
    instead: ClassVar[str] = ""
    """What else a person may have meant who chose another model."""

    opener: Opener = field(default=open_for, repr=False)

    @abstractmethod
    def refusal(self, source: ImageSource) -> str:
        """Return why this source cannot be used at all, or an empty string. Reads no pixels."""

    def run_refusal(self, source: ImageSource, settings: SettingsT) -> str:
        """Return why a run with these settings cannot start. Reads no pixels."""
        return self.refusal(source)

    @abstractmethod
    def can_use(self, model: Model) -> bool:
        """Whether a run can use this model."""

    @abstractmethod
    def cost(self, source: ImageSource, settings: SettingsT, runtime: str) -> Cost:
        """Return what a run will cost. Reads no pixels and imports no torch.

        Raises
        ------
        SciMLError
            If image and settings do not fit together.
        """

    @abstractmethod
    def setup(self, source: ImageSource, settings: SettingsT) -> SetupT:
        """Settle what the search goes by, before the network is opened. May read pixels.

        Raises
        ------
        SciMLError
            If something that the settings name cannot be used.
        """

    @abstractmethod
    def search(
        self, source: ImageSource, settings: SettingsT, setup: SetupT, predictor: Predictor | None
    ) -> SearchT:
        """Return the search, not begun yet. `predictor` is None if `open` says that none is needed."""

    @abstractmethod
    def findings(self, run: NetworkRun[SettingsT, SetupT, SearchT]) -> Findings:
        """Return what was found."""

    def model(self, settings: SettingsT) -> Model:
        """Return the model that a run with these settings uses.

        Raises
        ------
        SciMLError
            If it is not there or not of this technique.
        """
        model = get_model(settings.model or self.models[0])
        if not self.can_use(model):
            raise SciMLError(
                f"The model {model.name} cannot {self.ability}",
                f"choose {self.models[0]} or a model trained from it{self.instead}",
            )
        return model

    def prepare(self, model: Model, images: npt.NDArray[Any], settings: SettingsT) -> npt.NDArray[Any]:
        """Return raw images ``(n, h, w)`` of the model's size as they are, of larger ones the centre."""
        return crop_centre(model, images)

    def plan(self, source: ImageSource, settings: SettingsT) -> RunPlan:
        """Return what a run would cost, or why it cannot start. Reads no pixels and imports no torch."""
        try:
            model = self.model(settings)
            check_backend(model, settings)
            if reason := self.run_refusal(source, settings):
                return RunPlan(problem=reason)
            runtime = expected_runtime(model, settings)
            cost = self.cost(source, settings, runtime)
        except SciMLError as error:
            return RunPlan(problem=error.sentence)
        seconds = RATES.estimate(self.kind(settings.backend, runtime), cost.seconds + cost.ahead_seconds)
        seconds += RATES.estimate(STARTING, start_up_cost(model, settings))
        if source.making is not None:
            seconds += source.making.ahead(cost.ahead_images)
        return RunPlan(
            tiles=cost.units,
            what=self.what,
            seconds=seconds,
            memory_gb=cost.memory_gb,
            normalisation=model.rule.sentence,
            notes=cost.notes,
        )

    def run(
        self, source: ImageSource, settings: SettingsT, cancel: CancelToken | None = None
    ) -> Generator[Progress, None, Findings]:
        """Yield progress unit by unit and return the findings; partial ones if `cancel` was raised.

        Raises
        ------
        SciMLError
            If the run cannot start, or not one image could be used.
        """
        if reason := self.refusal(source):
            raise SciMLError(reason)
        start, cancel = Start(), cancel or CancelToken()
        model = self.model(settings)
        setup = self.setup(source, settings)
        yield Progress(0, self.cost(source, settings, settings.runtime).units, self.what)
        predictor = self._opened(model, settings)
        try:
            search = self.search(source, settings, setup, predictor)
            yield from self._timed(search.run(cancel), source, settings, predictor)
        finally:
            if predictor is not None:
                predictor.close()
        run = NetworkRun(self.name, source, settings, model, setup, search, predictor, start, cancel)
        return (yield from self.conclude(run))

    def conclude(self, run: NetworkRun[SettingsT, SetupT, SearchT]) -> Generator[Progress, None, Findings]:
        """Return the findings; where more work follows on the search, do it, yielding progress."""
        yield from ()
        return self.findings(run)

    def open(self, model: Model, settings: SettingsT) -> Predictor | None:
        """Return what runs the network, or None if these settings need none."""
        return self.opener(model, settings)

    def maps(self, source: ImageSource, settings: SettingsT) -> dict[str, FieldMap]:
        """Return the maps that are computed where somebody looks: none, if not said otherwise."""
        return {}

    def kind(self, backend: str, runtime: str) -> str:
        """Name the kind of work, by which its time is learnt."""
        return f"{self.name}, {backend}, {runtime}"

    def _opened(self, model: Model, settings: SettingsT) -> Predictor | None:
        cost, start = start_up_cost(model, settings), time.perf_counter()
        predictor = self.open(model, settings)
        # When all is loaded already, opening takes no time that would be worth learning.
        if predictor is not None and cost > WEIGHTS_S:
            RATES.learn(STARTING, cost, time.perf_counter() - start)
        return predictor

    def _timed(
        self,
        work: Generator[Progress, None, None],
        source: ImageSource,
        settings: SettingsT,
        predictor: Predictor | None,
    ) -> Generator[Progress, None, None]:
        backend, runtime = ("none", "none") if predictor is None else (predictor.backend, predictor.runtime)
        cost = self.cost(source, settings, runtime).seconds
        making = source.making
        elsewhere = (lambda: 0.0) if making is None else (lambda: making.seconds)
        yield from RATES.timed(work, self.kind(backend, runtime), cost, elsewhere)
