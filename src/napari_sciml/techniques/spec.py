"""`TechniqueSpec`: all that the rest of the program must know of a science before it imports it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_import import Reference, load
from napari_sciml.core.source import ImageSource
from napari_sciml.core.technique import Technique
from napari_sciml.techniques.window_spec import Mark, WindowSpec

NAME = re.compile(r"[a-z][a-z0-9-]*")
"""A technique's name is typed on the command line and is part of file names."""


CERTAIN, PERHAPS, NO = 1.0, 0.5, 0.0
"""Whether an image is meant for a technique: its file says so, its axes allow it, nothing speaks for it."""


def no_guess(source: ImageSource) -> float:
    """Return that nothing speaks for a technique."""
    return NO


@dataclass(frozen=True)
class SampleSpec:
    """Describe a technique's sample: what *Open Sample* and ``demo`` show.

    Attributes
    ----------
    key
        Its name for napari.
    title
        Its name for people, in the list *Open Sample*.
    source
        Reference to a function that returns it as an `ImageSource`; code that makes it again calls the same.
    command
        A command line that writes it as `file`; empty where that cannot be done.
    file
        Where the image is then.
    truth
        Reference to a function that returns a table of what is known of it; empty where there is none.
    compare_truth
        Reference to a function that says in a sentence how findings compare with the truth.
    """

    key: str
    title: str
    source: str
    command: str = ""
    file: str = ""
    truth: Reference = ""
    compare_truth: Reference = ""

    def open(self) -> ImageSource:
        """Open the sample."""
        source: ImageSource = load(self.source)()
        return source


@dataclass(frozen=True)
class TechniqueSpec:
    """Describe a science. Window, command line, Python, samples and documentation read it from here.

    A reference is a string ``"module:name"`` that is imported only when it is needed, so that a spec costs
    nothing, or the thing itself.

    Attributes
    ----------
    name
        Short name for calls and the command line: small letters, digits and hyphens.
    title
        What a person calls it, for example ``MicroCT fibres``.
    recipe
        Reference to the class that is its `Technique`, or something that makes one.
    guess
        ``guess(source)`` says how likely an image is meant for it, from `NO` over `PERHAPS` to `CERTAIN`.
        Reads no pixels.
    mark
        What its points are called and how they look; None for the common look.
    window
        What the window does for it.
    look
        Reference to a function of an `ImageSource` that returns the arguments of a napari layer which shows
        it well: contrast, colours. Empty for napari's own.
    recognises
        Reference to a function that says whether an opened file is meant for it, as far as name and type
        tell: the reader then shows it as `look` says and proposes this technique. Reads no pixels.
    sample
        Its sample, if it has one.
    simulator
        Reference to the class that is its `work.Simulator`, for the command ``simulate``.
    training
        Reference to a function ``(out, seed, quick)`` that trains its networks, yields progress and returns
        the folder that holds a folder for each model, or is one; for the command ``train``.
    training_options
        Reference to a `work.TrainingOptions` with what else that function takes.
    examples
        Reference to a module that makes training images again (`training.keep.Maker`), for ``quantize``.
    evaluation
        Reference to a function ``(out, data, models)`` that measures its networks, yields progress and
        returns a table; for the command ``evaluate``.
    evaluation_data
        Which data of others `evaluation` can read.
    """

    name: str
    title: str
    recipe: Reference
    guess: Callable[[ImageSource], float] = no_guess
    mark: Mark | None = None
    window: WindowSpec = field(default_factory=WindowSpec)
    look: Reference = ""
    recognises: Reference = ""
    sample: SampleSpec | None = None
    simulator: Reference = ""
    training: Reference = ""
    training_options: Reference = ""
    examples: Reference = ""
    evaluation: Reference = ""
    evaluation_data: str = ""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise SciMLError(
                f"A technique cannot be called {self.name!r}", "use small letters, digits and hyphens"
            )

    def technique(self) -> Technique:
        """Import and make the technique.

        Raises
        ------
        SciMLError
            If its module cannot be imported or lacks it.
        """
        try:
            kind: Callable[[], Technique] = load(self.recipe)
        except (ImportError, AttributeError) as error:
            raise SciMLError(
                f"The technique {self.name} cannot be loaded: {error}", "install its package again"
            ) from error
        return kind()
