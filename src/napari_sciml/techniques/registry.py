"""Which sciences there are: ours, those of installed packages and those that a script registers.

A package adds one with an entry point of the group ``napari_sciml.techniques`` that names a `TechniqueSpec`.
"""

from __future__ import annotations

import warnings

from napari_sciml.core.errors import SciMLError, SciMLWarning
from napari_sciml.core.registry import Registration, Registry
from napari_sciml.core.technique import Technique
from napari_sciml.techniques.spec import SampleSpec, TechniqueSpec
from napari_sciml.techniques.window_spec import Mark, WindowSpec

OURS = ("cryoem", "diffraction", "gisaxs", "microct")
TECHNIQUES = Registry(
    "technique",
    TechniqueSpec,
    "napari_sciml.techniques",
    tuple(f"napari_sciml.techniques.{name}.spec:SPEC" for name in OURS),
)


def specs() -> dict[str, TechniqueSpec]:
    """Return the spec of every technique by name: ours first, then those of packages and scripts."""
    return TECHNIQUES.specs()


def technique_names() -> list[str]:
    """Return the names of the techniques that there are."""
    return list(TECHNIQUES.specs())


def usable_names() -> list[str]:
    """Return the names of the techniques whose code can be loaded; the others are one warning each."""
    return [name for name, spec in specs().items() if _usable(spec)]


def _usable(spec: TechniqueSpec) -> bool:
    try:
        spec.technique()
    except SciMLError as error:
        warnings.warn(error.sentence, SciMLWarning, stacklevel=2)
        return False
    return True


def spec_of(name: str) -> TechniqueSpec:
    """Return the spec of the technique of this name.

    Raises
    ------
    SciMLError
        If there is none; the message says which exist.
    """
    return TECHNIQUES.of(name)


def get_technique(name: str) -> Technique:
    """Return the technique of this name.

    Raises
    ------
    SciMLError
        If there is none, or if it cannot be imported.
    """
    return spec_of(name).technique()


def register(spec: TechniqueSpec, *, replace: bool = False) -> Registration[TechniqueSpec]:
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
    return TECHNIQUES.register(spec, replace=replace)


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
