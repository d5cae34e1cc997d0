"""`Registry`: what there is of a kind: ours, what installed packages add and what a script registers."""

from __future__ import annotations

import warnings
from importlib.metadata import EntryPoint, entry_points
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from napari_sciml.core.errors import SciMLError, SciMLWarning
from napari_sciml.core.lazy_import import load


class Named(Protocol):
    """A spec; its name is its key."""

    @property
    def name(self) -> str:
        """Short name for calls and the command line."""
        ...


Spec = TypeVar("Spec", bound=Named)


class Registry(Generic[Spec]):
    """Finds specs by name. Nothing is loaded before somebody asks.

    Parameters
    ----------
    noun
        What they are, for messages, for example ``technique``.
    kind
        The type of a spec.
    group
        Group of entry points by which packages add theirs.
    ours
        References to our own, in the order in which they are listed.
    """

    def __init__(self, noun: str, kind: type[Spec], group: str, ours: tuple[str, ...]) -> None:
        self.noun = noun
        self.group = group
        self._kind = kind
        self._ours = ours
        self._installed: dict[str, Spec] | None = None
        self._registered: dict[str, Spec] = {}

    def specs(self) -> dict[str, Spec]:
        """Return every spec by its name: ours first, then those of packages and scripts."""
        if self._installed is None:
            self._installed = self._find()
        return {**self._installed, **self._registered}

    def of(self, name: str) -> Spec:
        """Return the spec of this name.

        Raises
        ------
        SciMLError
            If there is none; the message says which exist.
        """
        known = self.specs()
        if name not in known:
            raise SciMLError(f"There is no {self.noun} called {name!r}", f"use one of {', '.join(known)}")
        return known[name]

    def register(self, spec: Spec, *, replace: bool = False) -> Registration[Spec]:
        """Add a spec until this process ends, or until the end of a ``with`` block.

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
        """
        if spec.name in self.specs() and not replace:
            raise self._taken(spec)
        before = self._registered.get(spec.name)
        self._registered[spec.name] = spec
        return Registration(self._registered, spec, before)

    def refresh(self) -> None:
        """Forget what was found in the environment, after a package was installed or removed."""
        self._installed = None

    def _find(self) -> dict[str, Spec]:
        """Load what this environment holds; what cannot be used is one warning each."""
        found: dict[str, Spec] = {}
        for reference in self._ours:
            spec: Spec = load(reference)
            found[spec.name] = spec
        for point in entry_points(group=self.group):
            try:
                spec = self._loaded(point)
                if spec.name in found:
                    raise self._taken(spec)
            except SciMLError as error:
                package = "a package" if point.dist is None else point.dist.name
                message = f"The {self.noun} {point.name} of {package} is left out. {error}"
                warnings.warn(message, SciMLWarning, stacklevel=2)
            else:
                found[spec.name] = spec
        return found

    def _loaded(self, point: EntryPoint) -> Spec:
        try:
            spec = point.load()
        except Exception as error:
            # Whatever a foreign package does when it is imported, it must not take the others down.
            raise SciMLError(
                f"It cannot be loaded: {type(error).__name__}: {error}", "install it again"
            ) from error
        if not isinstance(spec, self._kind):
            raise SciMLError(f"{point.value} is no {self._kind.__name__}", "tell its authors")
        return spec

    def _taken(self, spec: Spec) -> SciMLError:
        return SciMLError(f"There is a {self.noun} called {spec.name} already", "choose another name")


class Registration(Generic[Spec]):
    """A registered spec; as a context manager it is gone at the end of the block."""

    def __init__(self, among: dict[str, Spec], spec: Spec, before: Spec | None) -> None:
        self.spec = spec
        self._among = among
        self._before = before

    def remove(self) -> None:
        """Forget the spec again."""
        if self._among.get(self.spec.name) is not self.spec:
            return
        if self._before is None:
            del self._among[self.spec.name]
        else:
            self._among[self.spec.name] = self._before

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()
