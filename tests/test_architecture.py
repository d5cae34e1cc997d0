"""Arrows point one way, and science knows neither napari nor Qt."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import napari_sciml

PACKAGE = Path(napari_sciml.__file__).parent

ALLOWED = {
    "core": set(),
    "io": {"core"},
    "networks": {"core"},
    "backends": {"core", "io", "networks"},
    "training": {"core", "io", "networks", "backends"},
    "techniques": {"core", "io", "networks", "backends", "training"},
}
SCIENCE = {*ALLOWED}
ALLOWED["labels"] = ALLOWED["batch"] = ALLOWED["retrieval"] = SCIENCE
ALLOWED["samples"] = SCIENCE
ALLOWED["api"] = SCIENCE
ALLOWED["layers"] = {*SCIENCE, "labels", "batch", "retrieval", "api", "samples"}
ALLOWED["app"] = {*ALLOWED["layers"], "layers"}
ALLOWED["widgets"] = {*ALLOWED["app"], "app"}
ALLOWED["cli"] = {*ALLOWED["layers"], "layers"}
"""Which rooms each room may import."""

SHOWN = {"napari", "qtpy", "PyQt6", "PySide6", "superqt", "magicgui", "vispy", "pyqtgraph"}
MAY_SHOW = {"layers": {"napari", "vispy"}, "app": SHOWN, "widgets": SHOWN}
"""Who may import what draws on the screen."""

HEAVY = {"torch", "scipy", "sklearn", "matplotlib", "onnx", "onnxruntime", "skimage", "dask", "openvino"}


def room_of(file: Path) -> str:
    """The room a file of the package stands in; a file on the top level is a room by itself."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def package_files() -> list[Path]:
    return sorted(file for file in PACKAGE.rglob("*.py") if file.parent != PACKAGE or file.stem != "__init__")


def imported_modules(file: Path) -> set[str]:
    """Every module that a file imports anywhere, also inside functions and for type checkers."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def forbidden_imports(room: str, modules: set[str]) -> set[str]:
    """Modules that a file of this room must not import."""
    own = {m.split(".")[1] for m in modules if m.startswith("napari_sciml.")}
    rooms = {part for part in own if (PACKAGE / part).is_dir() or (PACKAGE / f"{part}.py").exists()}
    wrong = {f"napari_sciml.{other}" for other in rooms - ALLOWED[room] - {room}}
    return wrong | ({m.split(".")[0] for m in modules} & SHOWN) - MAY_SHOW.get(room, set())


@pytest.mark.parametrize("file", package_files(), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_arrows_point_one_way(file):
    room = room_of(file)
    assert room in ALLOWED, f"{room} is a new room: say here what it may import"
    assert not forbidden_imports(room, imported_modules(file))


def test_the_check_would_notice():
    assert forbidden_imports("core", {"napari_sciml.io.tables"}) == {"napari_sciml.io"}
    assert forbidden_imports("techniques", {"napari.layers", "numpy"}) == {"napari"}
    assert forbidden_imports("layers", {"qtpy.QtCore", "napari"}) == {"qtpy"}
    assert forbidden_imports("cli", {"napari_sciml.widgets.panel"}) == {"napari_sciml.widgets"}
    assert forbidden_imports("widgets", {"napari_sciml.app.state", "qtpy"}) == set()


def test_techniques_never_import_each_other():
    folder = PACKAGE / "techniques"
    names = {child.name for child in folder.iterdir() if child.is_dir()}
    for file in folder.rglob("*.py"):
        own = file.relative_to(folder).parts[0]
        others = {m for m in imported_modules(file) if m.startswith("napari_sciml.techniques.")}
        assert {m.split(".")[2] for m in others} & names <= {own}, file


def run_alone(code: str) -> str:
    """Run code in a fresh interpreter and give what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], check=True, capture_output=True, text=True
    )
    return done.stdout


def test_science_runs_where_napari_and_qt_cannot_be_imported(random_dense_model):
    printed = run_alone(
        f"""
        import sys
        for name in {sorted(SHOWN)}:
            sys.modules[name] = None
        import numpy as np
        import napari_sciml as sciml
        image = np.random.default_rng(0).integers(0, 255, (2, 40, 40))
        found = sciml.run("microct", image, model={str(random_dense_model.folder)!r}, threshold=0)
        print(len(found.table) > 0, sciml.techniques())
        """
    )
    assert printed.split() == ["True", "['cryoem',", "'diffraction',", "'gisaxs',", "'microct']"]


def test_importing_the_package_costs_nothing():
    printed = run_alone(
        """
        import sys, time
        start = time.process_time()
        import napari_sciml
        seconds = time.process_time() - start
        assert not {"torch", "pandas", "numpy", "pydantic"} & set(sys.modules), sys.modules.keys()
        print(seconds)
        """
    )
    assert float(printed) < 0.2


@pytest.mark.parametrize("module", ["napari_sciml.api", "napari_sciml.techniques.microct.recipe"])
def test_heavy_libraries_wait_until_something_runs(module):
    printed = run_alone(
        f"""
        import sys
        import {module}
        print(sorted(set(sys.modules) & {HEAVY!r}))
        """
    )
    assert printed.strip() == "[]"


def test_a_plan_needs_no_torch(random_dense_model):
    printed = run_alone(
        f"""
        import sys
        import numpy as np
        from napari_sciml.core.source import ImageSource
        from napari_sciml.techniques import get_technique
        recipe = get_technique("microct")
        settings = recipe.settings_type(model={str(random_dense_model.folder)!r})
        print(recipe.plan(ImageSource.from_array(np.ones((9, 300, 300))), settings).line)
        print(sorted(set(sys.modules) & {HEAVY!r}))
        """
    )
    line, heavy = printed.strip().splitlines()
    assert "tiles, about" in line
    assert heavy == "[]"
