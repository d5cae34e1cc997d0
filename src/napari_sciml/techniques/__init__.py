"""The sciences. Each is imported only when it is asked for."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.technique import Technique


class CallableModule(ModuleType):
    """The package of the sciences, which can also be called.

    The contract has a function `napari_sciml.techniques`, and Python puts this package over it as soon as
    it is imported. Both are served if the package answers like the function.
    """

    def __call__(self) -> list[str]:
        """Name the techniques that this version offers."""
        return technique_names()


sys.modules[__name__].__class__ = CallableModule

TECHNIQUES: dict[str, tuple[str, str]] = {
    "cryoem": ("napari_sciml.techniques.cryoem.recipe", "CryoEM"),
    "diffraction": ("napari_sciml.techniques.diffraction.recipe", "Diffraction"),
    "gisaxs": ("napari_sciml.techniques.gisaxs.recipe", "Gisaxs"),
    "microct": ("napari_sciml.techniques.microct.recipe", "MicroCT"),
}
"""Name of a technique -> the module and the class that hold it."""


def technique_names() -> list[str]:
    """Name the techniques that this version offers."""
    return list(TECHNIQUES)


def get_technique(name: str) -> Technique:
    """Give the technique of this name.

    Raises
    ------
    SciMLError
        If there is none; the message says which exist.
    """
    if name not in TECHNIQUES:
        raise SciMLError(f"There is no technique called {name!r}", f"use one of {', '.join(TECHNIQUES)}")
    module_name, class_name = TECHNIQUES[name]
    technique: Technique = getattr(import_module(module_name), class_name)()
    return technique
