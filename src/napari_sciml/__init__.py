"""napari-sciml: small networks for scientific images, in napari, on the command line and in Python.

Examples
--------
>>> import napari_sciml as sciml
>>> sciml.techniques()
['cryoem', 'diffraction', 'gisaxs', 'microct']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_sciml.api import classify, fingerprint, model, models, open_run, run, techniques
    from napari_sciml.core.errors import SciMLError

__all__ = ["SciMLError", "classify", "fingerprint", "model", "models", "open_run", "run", "techniques"]


def __getattr__(name: str) -> Any:
    """Import the contract when it is first used, so that importing the package costs nothing."""
    if name == "SciMLError":
        return import_module("napari_sciml.core.errors").SciMLError
    if name in __all__:
        return getattr(import_module("napari_sciml.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
