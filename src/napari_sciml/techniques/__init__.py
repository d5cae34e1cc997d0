"""The sciences. Each is imported only when it is asked for."""

from __future__ import annotations

import sys
from types import ModuleType

from napari_sciml.techniques.registry import get_technique, register, spec_of, specs, technique_names
from napari_sciml.techniques.saved_runs import open_run, save_run
from napari_sciml.techniques.spec import TechniqueSpec

__all__ = [
    "TechniqueSpec",
    "get_technique",
    "open_run",
    "register",
    "save_run",
    "spec_of",
    "specs",
    "technique_names",
]


class CallableModule(ModuleType):
    """The package of the sciences, which can also be called.

    The contract has a function `napari_sciml.techniques`, and Python puts this package over it as soon as
    it is imported. Both are served if the package answers like the function. It is the only name that the
    contract and the packages share; a test forbids another.
    """

    def __call__(self) -> list[str]:
        """Return the names of the techniques that there are."""
        return technique_names()


sys.modules[__name__].__class__ = CallableModule
