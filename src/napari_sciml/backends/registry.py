"""Which backends there are: ours, and those of installed packages.

A package adds one with an entry point of the group ``napari_sciml.backends`` that names a `BackendSpec`.
"""

from __future__ import annotations

from napari_sciml.backends.spec import BackendSpec
from napari_sciml.core.registry import Registry

BACKENDS = Registry(
    "backend",
    BackendSpec,
    "napari_sciml.backends",
    tuple(f"napari_sciml.backends.builtin:{name}" for name in ("FLOAT32", "CODEBOOK", "INT8")),
)


def backend_specs() -> list[BackendSpec]:
    """Return the specs of all backends, in the order in which they are offered."""
    return list(BACKENDS.specs().values())


def backend_names() -> list[str]:
    """Return the names of all backends, in the order in which they are offered."""
    return list(BACKENDS.specs())


def backend_of(name: str) -> BackendSpec:
    """Return the spec of the backend of this name.

    Raises
    ------
    SciMLError
        If there is none; the message says which exist.
    """
    return BACKENDS.of(name)


def runtimes_for(backend: str) -> tuple[str, ...]:
    """Return the libraries that can execute a backend, in the order in which they are tried."""
    spec = BACKENDS.specs().get(backend)
    return () if spec is None else spec.runtimes
