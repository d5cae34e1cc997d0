"""A page knows no other page, and its controller needs no Qt."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import napari_sciml
from fixtures.import_graph import imported_names

PACKAGE = Path(napari_sciml.__file__).parent
SHARED = {"base", "canvas", "parts", "forms"}
"""Folders that pages stand on."""
QT = ("qtpy", "PyQt6", "PySide6", "superqt")


def folders(room: str) -> set[str]:
    return {folder.name for folder in (PACKAGE / room).iterdir() if (folder / "__init__.py").exists()}


def pages() -> set[str]:
    return (folders("app") | folders("widgets")) - SHARED


def known_pages(file: Path) -> set[str]:
    """The pages that a file imports from, in both rooms."""
    parts = [module.split(".") for module in imported_names(file.read_text(encoding="utf-8"))]
    return {
        part[2]
        for part in parts
        if len(part) > 2 and part[0] == "napari_sciml" and part[1] in {"app", "widgets"}
    } & pages()


def test_there_are_pages():
    assert {"run", "compare", "codebook", "hits", "lattice", "views", "simulate"} <= pages()


@pytest.mark.parametrize("page", sorted(pages()))
def test_a_page_knows_no_other_page(page):
    for room in ("app", "widgets"):
        for file in (PACKAGE / room / page).glob("**/*.py"):
            assert known_pages(file) <= {page}, file


@pytest.mark.parametrize("shared", sorted(SHARED))
def test_what_pages_stand_on_knows_none_of_them(shared):
    for room in ("app", "widgets"):
        for file in (PACKAGE / room / shared).glob("**/*.py"):
            assert not known_pages(file), file


def test_the_check_would_notice(tmp_path):
    file = tmp_path / "page.py"
    file.write_text("def late():\n    from napari_sciml.app.views.state import ViewsState\n")
    assert known_pages(file) == {"views"}


def test_controllers_work_where_qt_cannot_be_imported():
    code = f"""
        import sys
        for name in {QT}:
            sys.modules[name] = None
        import numpy as np
        from napari.components import ViewerModel
        from napari_sciml.app.session import session_for
        viewer = ViewerModel()
        session = session_for(viewer)
        viewer.add_image(np.zeros((3, 40, 50), np.uint8), name="slab")
        session.runs.choose_technique("microct")
        session.runs.change_backend_options({{"backend": "codebook"}})
        session.views.choose_method("correlation")
        session.comparison.choose("int8")
        session.simulation.set_value("layers", 3)
        print(session.runs.state.plan.tiles, session.codebook.state.offered, session.comparison.state.offered)
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], check=True, capture_output=True, text=True
    )
    tiles, codebook, comparison = done.stdout.split()
    assert int(tiles) > 0
    assert (codebook, comparison) == ("True", "False")
