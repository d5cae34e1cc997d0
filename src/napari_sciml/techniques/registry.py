"""Which sciences there are: ours, those of installed packages and those that a script registers.

A package adds one with an entry point of the group ``napari_sciml.techniques`` that names a `TechniqueSpec`.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import TracebackType
from typing import Self

from napari_sciml.core.errors import SciMLError, SciMLWarning
from napari_sciml.core.technique import Technique
from napari_sciml.techniques.reference import load
from napari_sciml.techniques.spec import SampleSpec, TechniqueSpec
from napari_sciml.techniques.window import Mark, WindowSpec

GROUP = "napari_sciml.techniques"
OURS = tuple(
    f"napari_sciml.techniques.{name}.spec:SPEC" for name in ("cryoem", "diffraction", "gisaxs", "microct")
)

_registered: dict[str, TechniqueSpec] = {}


def specs() -> dict[str, TechniqueSpec]:
    """Return the spec of every technique by name: ours first, then those of packages and scripts."""
    return {**_installed(), **_registered}


def technique_names() -> list[str]:
    """Return the names of the techniques that there are."""
    return list(specs())


def spec_of(name: str) -> TechniqueSpec:
    """Return the spec of the technique of this name.

    Raises
    ------
    SciMLError
        If there is none; the message says which exist.
    """
    known = specs()
    if name not in known:
        raise SciMLError(f"There is no technique called {name!r}", f"use one of {', '.join(known)}")
    return known[name]


def mark_of(name: str) -> Mark:
    """Return what the points of a technique are; those of one that does not say it have its name."""
    spec = specs().get(name)
    return Mark(name, name, f"{name}s") if spec is None or spec.mark is None else spec.mark


def mark_for(label: str) -> Mark:
    """Return what points of a class are; a class of no technique has its own name and the common look."""
    marks = (spec.mark for spec in specs().values())
    found = next((mark for mark in marks if mark is not None and mark.label == label), None)
    return Mark(label, label, f"{label}s") if found is None else found


def window_of(name: str) -> WindowSpec:
    """Return what the window does for a technique; a technique that is not here has the common ways."""
    known = specs()
    return known[name].window if name in known else WindowSpec()


def get_technique(name: str) -> Technique:
    """Return the technique of this name.

    Raises
    ------
    SciMLError
        If there is none, or if it cannot be imported.
    """
    return spec_of(name).technique()


def sample_names() -> list[str]:
    """Return the names of the techniques that have a sample."""
    return [name for name, spec in specs().items() if spec.sample is not None]


def sample_of(technique: str) -> SampleSpec:
    """Return the sample of a technique.

    Raises
    ------
    SciMLError
        If there is none; the message says which exist.
    """
    sample = specs()[technique].sample if technique in specs() else None
    if sample is None:
        raise SciMLError(f"There is no demo called {technique}", f"use one of {', '.join(sample_names())}")
    return sample


class Registration:
    """A registered technique; as a context manager it is gone at the end of the block."""

    def __init__(self, spec: TechniqueSpec, before: TechniqueSpec | None) -> None:
        self.spec = spec
        self._before = before

    def remove(self) -> None:
        """Forget the technique again."""
        if _registered.get(self.spec.name) is not self.spec:
            return
        if self._before is None:
            del _registered[self.spec.name]
        else:
            _registered[self.spec.name] = self._before

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()


def register(spec: TechniqueSpec, *, replace: bool = False) -> Registration:
    """Add a technique until this process ends, or until the end of a ``with`` block.

    Parameters
    ----------
    spec
        What there shall be.
    replace
        Whether it takes the place of another one of the same name.

    Raises
    ------
    SciMLError
        If the name is taken.

    Examples
    --------
    >>> from napari_sciml.techniques import TechniqueSpec, register, technique_names
    >>> with register(TechniqueSpec(name="dots", title="Dots", recipe="my_package.recipe:Dots")):
    ...     "dots" in technique_names()
    True
    """
    if spec.name in specs() and not replace:
        raise taken(spec)
    registration = Registration(spec, _registered.get(spec.name))
    _registered[spec.name] = spec
    return registration


def look_again() -> None:
    """Forget what was found in the environment, after a package was installed or removed."""
    _installed.cache_clear()


def taken(spec: TechniqueSpec) -> SciMLError:
    """Return what is said of a spec whose name another one has."""
    return SciMLError(f"There is a technique called {spec.name} already", "choose another name")


@cache
def _installed() -> dict[str, TechniqueSpec]:
    """Load what this environment holds; what cannot be used is one warning each."""
    found: dict[str, TechniqueSpec] = {}
    for reference in OURS:
        spec: TechniqueSpec = load(reference)
        found[spec.name] = spec
    for point in entry_points(group=GROUP):
        try:
            spec = _loaded(point)
            if spec.name in found:
                raise taken(spec)
        except SciMLError as error:
            package = "a package" if point.dist is None else point.dist.name
            warnings.warn(
                f"The technique {point.name} of {package} is left out. {error}", SciMLWarning, stacklevel=2
            )
        else:
            found[spec.name] = spec
    return found


def _loaded(point: EntryPoint) -> TechniqueSpec:
    try:
        spec = point.load()
    except Exception as error:
        # Whatever a foreign package does when it is imported, it must not take the others down.
        raise SciMLError(
            f"It cannot be loaded: {type(error).__name__}: {error}", "install it again"
        ) from error
    if not isinstance(spec, TechniqueSpec):
        raise SciMLError(f"{point.value} is no TechniqueSpec", "tell its authors")
    return spec
