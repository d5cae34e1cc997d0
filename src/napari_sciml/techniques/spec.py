"""`TechniqueSpec`: all that the rest of the program must know of a science before it imports it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource
from napari_sciml.core.technique import Technique

NAME = re.compile(r"[a-z][a-z0-9-]*")
"""A technique's name is typed on the command line and is part of file names."""


def load(reference: str) -> Any:
    """Import what a reference ``"module:name"`` stands for, or a module."""
    module, _, name = reference.partition(":")
    found = import_module(module)
    return getattr(found, name) if name else found


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
    verdict
        Reference to a function that says in a sentence how findings compare with the truth.
    """

    key: str
    title: str
    source: str
    command: str = ""
    file: str = ""
    truth: str = ""
    verdict: str = ""

    def open(self) -> ImageSource:
        """Open the sample."""
        source: ImageSource = load(self.source)()
        return source


@dataclass(frozen=True)
class TechniqueSpec:
    """Describe a science. Window, command line, Python, samples and documentation read it from here.

    A reference is a string ``"module:name"``, imported only when it is needed, so that a spec costs nothing.

    Attributes
    ----------
    name
        Short name for calls and the command line: small letters, digits and hyphens.
    title
        What a person calls it, for example ``MicroCT fibres``.
    recipe
        Reference to the class that is its `Technique`, or something that makes one.
    look
        Reference to a function of an `ImageSource` that returns the arguments of a napari layer which shows
        it well: contrast, colours. Empty for napari's own.
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
    recipe: str | Callable[[], Technique]
    look: str = ""
    sample: SampleSpec | None = None
    simulator: str = ""
    training: str = ""
    training_options: str = ""
    examples: str = ""
    evaluation: str = ""
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
        if not isinstance(self.recipe, str):
            return self.recipe()
        try:
            kind: Callable[[], Technique] = load(self.recipe)
        except (ImportError, AttributeError) as error:
            raise SciMLError(
                f"The technique {self.name} cannot be loaded: {error}", "install its package again"
            ) from error
        return kind()
