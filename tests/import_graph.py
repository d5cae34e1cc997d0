"""Which file of a package imports which, wherever in the file that stands, and the circles among them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

Graph = dict[str, set[str]]
"""Module -> what it imports."""


def imported_names(source: str) -> set[str]:
    """Return every module and every name in a module that some Python imports.

    Imports inside functions and for type checkers count as those on the top level do.
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not used here"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def imports_in(folder: Path) -> Graph:
    """Return all names that each module of the package in `folder` imports; a package is its ``__init__``."""
    found = {}
    for file in sorted(folder.rglob("*.py")):
        module = ".".join(file.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__")
        found[module] = imported_names(file.read_text(encoding="utf-8"))
    return found


def among_each_other(imports: Mapping[str, Set[str]]) -> Graph:
    """Return which of the modules each of them imports.

    A package on the way to a module counts as well, since it runs first, unless the module that imports is
    itself inside it: then it is there already.
    """

    def reached(importer: str, name: str) -> Iterator[str]:
        while name and name not in imports:
            name = name.rpartition(".")[0]
        if name:
            yield name
        while (name := name.rpartition(".")[0]) in imports:
            if not f"{importer}.".startswith(f"{name}."):
                yield name

    return {
        module: {target for name in names for target in reached(module, name)}
        for module, names in imports.items()
    }


def circles(graph: Graph) -> list[Graph]:
    """Return each set of modules that can all reach one another, with the imports among them."""
    reach = {module: _reachable(graph, module) for module in graph}
    found: dict[frozenset[str], Graph] = {}
    for module in graph:
        together = frozenset(other for other in reach[module] if module in reach[other])
        if together:
            found[together] = {one: graph[one] & together for one in sorted(together)}
    return list(found.values())


def _reachable(graph: Graph, start: str) -> set[str]:
    """Return what imports lead to from `start`; `start` itself only if they lead back to it."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen
