"""The one family of errors a person can cause, and the sentence they are told."""

from __future__ import annotations


class SciMLWarning(UserWarning):
    """Something was done otherwise than asked for; the sentence says what and why."""


class SciMLError(Exception):
    """Something the person can mend: what is wrong, and what to do about it.

    Anything that is *not* a ``SciMLError`` is a bug and keeps its traceback. The window, the command
    line and notebooks each show a ``SciMLError`` as one sentence.

    Parameters
    ----------
    message
        What is wrong with which input, as a full clause without the final stop.
    hint
        What to do, as a full clause without the final stop. May be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message.rstrip(". ")
        self.hint = hint.rstrip(". ")
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """The message and the hint as the person reads them."""
        return f"{self.message}: {self.hint}." if self.hint else f"{self.message}."

    @property
    def lines(self) -> tuple[str, ...]:
        """The sentence as a terminal shows it; one line, unless there is a list to choose from."""
        return (self.sentence,)
