"""Techniques by name, from below: data names its technique, and only `techniques` knows where that lives.

This is the one place where the program imports by a string. Findings that come out of another process, or out
of a folder, find what decides and writes them here.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

TECHNIQUES = "napari_sciml.techniques"


def techniques_module() -> Any:
    """Return the package that knows every technique."""
    return import_module(TECHNIQUES)


def technique_of(name: str) -> Any:
    """Return the technique of this name.

    Raises
    ------
    SciMLError
        If there is none; the message says which exist.
    """
    return techniques_module().get_technique(name)
