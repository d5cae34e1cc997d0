"""`BackendSpec`: all that the rest of the program must know of a backend before it imports it."""

from __future__ import annotations

from dataclasses import dataclass

from napari_sciml.backends.predictor import Predictor
from napari_sciml.core.backend_options import BackendOptions
from napari_sciml.core.lazy_import import Reference, load
from napari_sciml.core.settings import RunSettings
from napari_sciml.networks.model import Model


@dataclass(frozen=True)
class Opened:
    """What runs a model, and the warnings about it.

    Attributes
    ----------
    predictor
        What runs it.
    notes
        What else runs than was asked for, and why.
    choice
        Why this runtime.
    """

    predictor: Predictor
    notes: tuple[str, ...] = ()
    choice: str = ""


@dataclass(frozen=True)
class BackendSpec:
    """Describe what computes scores. Window, command line, Python and documentation read it from here.

    A reference is a string ``"module:name"`` that is imported only when it is needed, or the thing itself.

    Attributes
    ----------
    name
        Value of the setting ``backend``.
    title
        What a person calls it.
    predictor
        ``predictor(model, options)`` runs exactly what was asked for, or raises `SciMLError`.
    short
        The same as `title` in fewer words; empty means the same.
    options
        Its options: one branch of the settings, whose flat names `RunSettings` has too.
    variant
        Which of a model's sets of weights it runs.
    runtimes
        Libraries that can execute it, in the order in which they are tried; none if that is its own affair.
    nearest
        ``nearest(model, options)`` returns an `Opened` with what was asked for or the nearest that works
        here, with notes; without it there is no fall-back.
    needs
        What it needs on this machine, for people; may be empty.
    missing
        ``missing()`` says in a clause why it cannot run on this machine, or gives an empty string.
    use_text
        ``use_text(model, options)`` says before a run what it would use: size, agreement, fall-back. Without
        it the size of the weights is told.
    scores_within
        How far scores may be from those of plain torch float32, on average, for a runtime to be taken.
    picojoules
        Estimated energy of one multiply-add in 45 nm silicon, see `energy`.
    integers
        Whether it computes in integers, which not every part of every network can.
    """

    name: str
    title: str
    predictor: Reference
    short: str = ""
    options: type[BackendOptions] = BackendOptions
    variant: str = "float32"
    runtimes: tuple[str, ...] = ()
    nearest: Reference = ""
    needs: str = ""
    missing: Reference = ""
    use_text: Reference = ""
    scores_within: float = 1e-3
    picojoules: float = 4.6
    integers: bool = False

    @property
    def option_names(self) -> tuple[str, ...]:
        """Names of the settings that it looks at, besides its own name."""
        return tuple(name for name in self.options.model_fields if name != "backend")

    def options_of(self, settings: RunSettings) -> BackendOptions:
        """Return what the settings of a run tell this backend."""
        values = {name: getattr(settings, name) for name in self.option_names}
        return self.options(backend=self.name, **values)

    def why_not(self) -> str:
        """Return in a clause why it cannot run on this machine, or nothing."""
        return str(load(self.missing)()) if self.missing else ""

    def open(self, model: Model, settings: RunSettings) -> Opened:
        """Return what runs `model`, as the settings ask or the nearest that works.

        Raises
        ------
        SciMLError
            If nothing can run it.
        """
        options = self.options_of(settings)
        if not self.nearest:
            return Opened(load(self.predictor)(model, options))
        opened: Opened = load(self.nearest)(model, options)
        return opened
