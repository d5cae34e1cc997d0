"""Pick what executes a model as the settings ask, or the nearest to it that works here."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari_sciml.backends.opening import check_backend, open_predictor
from napari_sciml.backends.predictor import Predictor
from napari_sciml.backends.runtimes import RUNTIMES_FOR, installed
from napari_sciml.backends.tuner import choose
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.settings import RunSettings
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.model import Model


def open_for(model: Model, settings: RunSettings) -> Predictor:
    """Give what runs `model` as the settings ask, or the nearest that works; its notes say which and why.

    Raises
    ------
    SciMLError
        If nothing can run it.
    """
    from napari_sciml.backends.metered import Metered

    check_backend(model, settings)
    search = _Search(model, settings)
    predictor = search.nearest()
    return Metered(predictor, notes=tuple(search.notes), choice=search.choice)


@dataclass
class _Search:
    """Looks for the nearest thing to what was asked for that works here."""

    model: Model
    settings: RunSettings
    notes: list[str] = field(default_factory=list)
    choice: str = ""

    def nearest(self) -> Predictor:
        backend = self.settings.backend
        if backend == "codebook":
            return self._codebook()
        if backend == "int8":
            found = self._integers()
            if found is not None:
                return found
        elif backend == "spiking":
            return open_predictor(self.model, backend)
        return self._with_fallback("float32") or open_predictor(self.model)

    def _integers(self) -> Predictor | None:
        """Give a predictor of integers, or None with a note that says why not."""
        try:
            self.model.variant("int8").read()
        except SciMLError as error:
            self.notes.append(f"{error.message}; float32 was used instead of integers.")
            return None
        found = self._with_fallback("int8")
        if found is None:
            self.notes.append("No runtime for integers could be used; float32 was used instead.")
        return found

    def _with_fallback(self, backend: str) -> Predictor | None:
        """Try the runtime that was asked for or chosen, then the others that run the same variant."""
        wanted: str = self.settings.runtime
        able = RUNTIMES_FOR[backend]
        failures: list[str] = []
        if wanted == "auto":
            wanted = self._chosen(backend)
        if wanted not in able:
            if self.settings.runtime == "auto":
                return None
            failures.append(f"The runtime {wanted} cannot run the backend {backend}")
        for runtime in dict.fromkeys((wanted, *able)):
            if runtime not in able or (runtime != wanted and not installed(runtime)):
                continue
            try:
                found = open_predictor(self.model, backend, runtime)
            except SciMLError as error:
                failures.append(error.message)
                continue
            self.notes += [f"{failure}; {runtime} was used instead." for failure in failures]
            return found
        self.notes += [f"{failure}." for failure in failures]
        return None

    def _chosen(self, backend: str) -> str:
        """Give the runtime that was measured to be best here."""
        choice = choose(self.model, backend)
        self.choice = choice.why
        if backend == "int8" and choice.runtime == "torch":
            self.notes.append(f"Integers bring nothing on this machine ({choice.why}).")
        return choice.runtime

    def _codebook(self) -> Predictor:
        """Give the network of few levels that was asked for, or else one rounded just now."""
        spec, path = CodebookSpec.of(self.settings, self.model.normalisation), self.settings.codebook
        if (wanted := self.settings.runtime) not in ("auto", "torch"):
            self.notes.append(
                f"The runtime {wanted} cannot run the backend codebook; torch was used instead."
            )
        try:
            return open_predictor(self.model, "codebook", "torch", spec, path)
        except SciMLError as error:
            if path is not None or spec.method == "constrain":
                raise
            self.notes.append(f"{error.message}; its weights were rounded after training instead.")
        plain = spec.model_copy(update={"method": "constrain"})
        return open_predictor(self.model, "codebook", "torch", plain)
