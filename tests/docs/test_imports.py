"""What stands beside the program imports only what is there; most of it runs too seldom to notice."""

from __future__ import annotations

import ast
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_scripts_benchmarks_and_docs_import_what_is_there() -> None:
    missing = []
    for file in (file for room in ("docs", "scripts", "benchmarks") for file in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("napari_sciml"):
                continue
            assert node.module is not None
            module = import_module(node.module)
            names = [one.name for one in node.names]
            missing += [
                f"{file.relative_to(ROOT)}:{node.lineno} {node.module}.{name}"
                for name in names
                if not hasattr(module, name) and find_spec(f"{node.module}.{name}") is None
            ]
    assert not missing
