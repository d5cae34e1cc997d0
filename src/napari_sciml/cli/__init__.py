"""The command line: the same calls as in Python, with a progress bar. Starts napari by name only."""

from napari_sciml.cli.commands import app, main

__all__ = ["app", "main"]
