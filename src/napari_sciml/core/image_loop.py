"""`Series`: work on one image after the other, where a bad one costs only itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TypeVar

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import CancelToken, Progress

Item = TypeVar("Item")


class Series:
    """The loop over the frames, planes or micrographs of a source, and the account of it.

    Parameters
    ----------
    name
        The source, as a person knows it.
    items
        How many there are.
    what
        Name of the units that progress is counted in.
    units
        So many of them make one item.

    Attributes
    ----------
    done, total
        Units.
    failed
        Places in the series, from 0, of what could not be used.
    problems
        One sentence for each of these.
    """

    def __init__(self, name: str, items: int, what: str = "frames", units: int = 1) -> None:
        self.name, self.what, self._units = name, what, units
        self.done, self.total = 0, items * units
        self.failed: list[int] = []
        self.problems: list[str] = []
        self._first_error: SciMLError | None = None

    def each(
        self,
        items: Iterable[Item],
        work: Callable[[Item], Iterator[None]],
        cancel: CancelToken | None = None,
        place: Callable[[Item], str] | None = None,
    ) -> Generator[Progress, None, None]:
        """Work on one item after the other, yielding after each unit.

        Parameters
        ----------
        work
            Yields after each unit of an item. If it raises `SciMLError`, the item is left out.
        cancel
            Is looked at before each item; whoever needs several units for one looks at it between them too.
        place
            Names an item for a person; by default the unit and the item, for example ``frame 3``.

        Raises
        ------
        SciMLError
            If not one item could be used.
        """
        number = -1
        for number, item in enumerate(items):
            if cancel is not None and cancel.cancelled:
                return
            try:
                for _ in work(item):
                    self.done += 1
                    yield self._progress()
            except SciMLError as error:
                self._leave_out(
                    number, place(item) if place else f"{self.what.removesuffix('s')} {item}", error
                )
                yield self._progress()
        if self._first_error is not None and len(self.failed) == number + 1:
            first = self._first_error
            raise SciMLError(f"{self.name} cannot be used: {first.message}", first.hint)

    def _leave_out(self, number: int, name: str, error: SciMLError) -> None:
        self._first_error = self._first_error or error
        self.failed.append(number)
        self.problems.append(f"{name.capitalize()} was left out: {error.message}.")
        self.done = (number + 1) * self._units

    def _progress(self) -> Progress:
        return Progress(self.done, self.total, self.what)


class Search(Series, ABC):
    """A series that knows its own items and what to do with each."""

    @abstractmethod
    def run(self, cancel: CancelToken) -> Generator[Progress, None, None]:
        """Search one item after the other, yielding after each unit.

        Raises
        ------
        SciMLError
            If not one item could be used.
        """
