"""Packages that add to this program, made of the code in the documentation and installed for one test."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import invalidate_caches
from pathlib import Path

from napari_sciml.backends.registry import BACKENDS
from napari_sciml.techniques.registry import TECHNIQUES

PAGE = Path(__file__).parents[1] / "docs/howto/add_a_science.md"


def write_package(folder: Path, name: str, files: dict[str, str], entry_points: str) -> None:
    """Put a package into `folder` as an installer would."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(entry_points, encoding="utf-8")
    for path, code in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(code, encoding="utf-8")


def write_documented(folder: Path) -> None:
    """Put the packages of the page "Add a science" into `folder`."""
    text = PAGE.read_text(encoding="utf-8")
    files = dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", text, re.DOTALL))
    groups = re.findall(r'```toml\n\[project\.entry-points\."(\S+)"\]\n(\w+) = "(\S+)"\n```', text)
    for group, entry, reference in groups:
        package = reference.partition(":")[0].partition(".")[0]
        own = {path: code for path, code in files.items() if path.startswith(package)}
        write_package(folder, package, own, f"[{group}]\n{entry} = {reference}\n")


@contextmanager
def installed(folder: Path) -> Iterator[None]:
    """Have the packages in `folder` installed, and leave no trace of them."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    invalidate_caches()
    look_again()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
                del sys.modules[name]
        look_again()


def look_again() -> None:
    """Find anew what is installed."""
    TECHNIQUES.look_again()
    BACKENDS.look_again()
