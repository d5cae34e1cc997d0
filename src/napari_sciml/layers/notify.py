"""The one place where something a person can mend becomes a notification in the window."""

from __future__ import annotations

from napari.utils.notifications import show_error, show_warning

from napari_sciml.core.errors import SciMLError


def tell(error: SciMLError) -> None:
    """Show the error as one sentence. Main thread only."""
    show_error(error.sentence)


def remark(sentence: str) -> None:
    """Show something that a person should know although nothing failed. Main thread only."""
    show_warning(f"{sentence}.")
