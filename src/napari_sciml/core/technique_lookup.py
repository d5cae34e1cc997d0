"""Techniques by name, from below: data names its technique, and only `techniques` knows where that lives.

Findings that come out of another process, or out of a folder, find what decides and writes them here.
"""

from __future__ import annotations

from typing import Any

from napari_sciml.core.lazy_import import load

TECHNIQUES = "napari_sciml.techniques"


def techniques_module() -> Any:
    """Return the package that knows every technique."""
    return load(TECHNIQUES)


def technique_of(name: str) -> Any:
    """Return the technique of this name.

    Raises
    ------
    SciMLError
        If there is none; the message says which exist.
    """
    return techniques_module().get_technique(name)
