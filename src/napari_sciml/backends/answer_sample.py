"""`Sample`: a few of the answers of a run, evenly spread over it, to be compared afterwards."""

from __future__ import annotations

from typing import Generic, TypeVar

Item = TypeVar("Item")


class Sample(Generic[Item]):
    """Keeps every n-th thing that it is shown; n doubles whenever it is full."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._every = 1
        self._shown = 0
        self.kept: list[Item] = []

    def wants(self) -> bool:
        """Count one more thing and say whether it should be given to `keep`."""
        wanted = self._shown % self._every == 0
        if wanted and len(self.kept) == self._most:
            self._every *= 2
            del self.kept[1::2]
            wanted = self._shown % self._every == 0
        self._shown += 1
        return wanted

    def keep(self, item: Item) -> None:
        """Keep a thing."""
        self.kept.append(item)
