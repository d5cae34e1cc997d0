"""Write the page on formats from what the readers say of themselves.

``python scripts/formats_table.py`` writes it; a test fails if page and readers say different things.
"""

from __future__ import annotations

from pathlib import Path

from napari_sciml.io.formats.readers import all_formats
from napari_sciml.io.picks.which_files import PICK_FORMATS

PAGE = Path(__file__).parents[1] / "docs/reference/formats.md"
HEAD = """# Formats

What is read and written, and where. Written by `scripts/formats_table.py` from what the readers say of
themselves. How to name files, parts and series is in [files](../howto/files.md). What is marked *napari* is
opened by napari itself in the window, and can be used all the same.
"""
TITLES = ("format", "names", "variants", "window", "command line", "Python", "written")


def row(*cells: str) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(cells)} |"


def images() -> list[str]:
    """Return the rows on images."""
    rows = []
    for reader in all_formats():
        names = ", ".join(f"`{suffix}`" for suffix in reader.suffixes) or "a folder"
        packed = " also `.gz`, `.bz2`" if reader.packed else ""
        window = "yes" if reader.in_window else "*napari*"
        rows.append(row(reader.name, names + packed, reader.variants, window, "yes", "yes", reader.written))
    return rows


def picks() -> list[str]:
    """Return the rows on picks; in a terminal they are only written."""
    rows = []
    for kind in PICK_FORMATS:
        names = ", ".join(f"`{suffix}`" for suffix in kind.suffixes)
        window = "yes" if kind.in_window else "*napari*"
        rows.append(row(kind.name, names, kind.variants, window, "", "`read_picks`", kind.written))
    return rows


def page() -> str:
    """Return the whole page."""
    rule = row(*["---"] * len(TITLES))
    parts = [HEAD, "## Images\n", row(*TITLES), rule, *images(), ""]
    parts += ["## Picks of particles\n", row(*TITLES), rule, *picks(), ""]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
