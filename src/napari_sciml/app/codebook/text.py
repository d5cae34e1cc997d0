"""What the codebook editor says about the values it starts from."""

from __future__ import annotations

from pathlib import Path

from napari_sciml.app.codebook.work import Source

BARS = "Bars: float32 weights; lines: "


def drawn_text(source: Source, trained: bool, path: str | None) -> str:
    """Return what bars and lines are, for values from `source`, which is perhaps the file at `path`.

    Examples
    --------
    >>> drawn_text("stored", True, None)
    'Bars: float32 weights; lines: the values of the stored codebook, trained.'
    """
    name = "" if path is None else Path(path).name
    lines = {
        "stored": "the values of the stored codebook",
        "file": f"the values in {name}",
        "k-means": "their K-means values",
        "fall-back": "their K-means values, because no codebook trained like this is stored",
    }
    return f"{BARS}{lines[source]}{', trained' if trained else ''}."
