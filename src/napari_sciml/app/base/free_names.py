"""Names of files and folders that nothing has yet."""

from __future__ import annotations

from pathlib import Path


def new_folder(parent: str | Path, name: str) -> Path:
    """Return a path in `parent` that nothing has yet: ``name``, else ``name-2``, ``name-3`` and so on."""
    target = Path(parent) / name
    number = 2
    while target.exists():
        target = Path(parent) / f"{name}-{number}"
        number += 1
    return target


def file_stem(name: str) -> str:
    """Make a file's name, without its ending, of what a layer is called."""
    kept = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in Path(name).stem)
    return kept.strip("._") or "image"
