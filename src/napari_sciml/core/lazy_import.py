"""References: strings ``"module:name"`` that cost nothing until somebody needs what they stand for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

Reference = str | Callable[..., Any]
"""``"module:name"``, or the thing itself; an empty string stands for nothing."""


def load(reference: Reference) -> Any:
    """Import what a reference stands for: something in a module, or with no ``:name`` the module."""
    if not isinstance(reference, str):
        return reference
    module, _, name = reference.partition(":")
    found = import_module(module)
    return getattr(found, name) if name else found
