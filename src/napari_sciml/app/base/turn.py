"""`Turn`: what would be in each other's way works one after the other."""

from __future__ import annotations

from psygnal import Signal


class Turn:
    """Held by at most one worker at a time; the others are told why they have to wait."""

    changed = Signal()
    """Emitted after the turn was taken or given back."""

    def __init__(self) -> None:
        self._holder: object | None = None
        self._why = ""

    def why_not(self, asker: object) -> str:
        """Return why `asker` has to wait, or an empty string."""
        return "" if self._holder in (None, asker) else self._why

    def take(self, asker: object, why: str) -> bool:
        """Take the turn unless another holds it; `why` is what the others are told meanwhile."""
        if self.why_not(asker):
            return False
        self._holder, self._why = asker, why
        self.changed.emit()
        return True

    def give_back(self, holder: object) -> None:
        """Let the next one work."""
        if self._holder is holder:
            self._holder, self._why = None, ""
            self.changed.emit()
