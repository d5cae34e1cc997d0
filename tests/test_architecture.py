"""Arrows point one way, and science knows neither napari nor Qt."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

import napari_sciml
from fixtures.import_graph import among_each_other, circles, imported_names, imports_in
from napari_sciml.techniques.registry import OURS

PACKAGE = Path(napari_sciml.__file__).parent

ALLOWED = {
    "core": set(),
    "io": {"core"},
    "figures": {"core", "io"},
    "networks": {"core"},
    "backends": {"core", "io", "networks"},
    "training": {"core", "io", "networks", "backends"},
    "techniques": {"core", "io", "figures", "networks", "backends", "training"},
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

SAME_IN_ALL = [
    *("spec", "settings", "context", "costs", "recipe", "prepare", "search", "decide", "write"),
    *("simulate", "train", "evaluate"),
]
"""Files and folders that every science of ours has, in the order in which a run goes through them."""

HEAVY = {"torch", "scipy", "sklearn", "matplotlib", "onnx", "onnxruntime", "skimage", "dask", "openvino"}

IMPORTS = imports_in(PACKAGE)


def room_of(module: str) -> str:
    """The room that a module of the package stands in; one on the top level is a room by itself."""
    return module.split(".")[1]


def forbidden_imports(room: str, modules: set[str]) -> set[str]:
    """Modules that a file of this room must not import."""
    own = {m.split(".")[1] for m in modules if m.startswith("napari_sciml.")}
    rooms = {part for part in own if (PACKAGE / part).is_dir() or (PACKAGE / f"{part}.py").exists()}
    wrong = {f"napari_sciml.{other}" for other in rooms - ALLOWED[room] - {room}}
    return wrong | ({m.split(".")[0] for m in modules} & SHOWN) - MAY_SHOW.get(room, set())


def listed(imports: Mapping[str, set[str]]) -> str:
    """One line for each import."""
    return "\n".join(f"{module} imports {name}" for module in imports for name in sorted(imports[module]))


def test_arrows_point_one_way():
    inside = {module: names for module, names in IMPORTS.items() if module != PACKAGE.name}
    assert {*map(room_of, inside)} <= {*ALLOWED}, "a new room: say in ALLOWED what it may import"
    wrong = {module: forbidden_imports(room_of(module), names) for module, names in inside.items()}
    assert not any(wrong.values()), listed(wrong)


def test_no_circle_of_imports():
    found = circles(among_each_other(IMPORTS))
    assert not found, "\n\n".join(map(listed, found))


def test_the_check_would_notice():
    assert forbidden_imports("core", {"napari_sciml.io.saving.tables"}) == {"napari_sciml.io"}
    assert forbidden_imports("techniques", {"napari.layers", "numpy"}) == {"napari"}
    assert forbidden_imports("layers", {"qtpy.QtCore", "napari"}) == {"qtpy"}
    assert forbidden_imports("cli", {"napari_sciml.widgets.panel"}) == {"napari_sciml.widgets"}
    assert forbidden_imports("widgets", {"napari_sciml.app.base.run_state", "qtpy"}) == set()


def test_lazy_circles_and_those_of_types_would_be_noticed():
    files = {
        "house": "from house.room import door",
        "house.room": "from house.room.door import Door",
        "house.room.door": "def opened():\n    from house.key import Key\n    return Key",
        "house.key": "if TYPE_CHECKING:\n    from house.room.lock import Lock",
        "house.room.lock": "import house.room.door",
        "house.roof": "import house.room.door\nfrom house import key",
        "house.shed": "from house.shed.hammer import Hammer",
        "house.shed.hammer": "from house.shed import Hammer",
    }
    graph = among_each_other({module: imported_names(text) for module, text in files.items()})
    assert circles(graph) == [
        {
            "house.key": {"house.room", "house.room.lock"},
            "house.room": {"house.room.door"},
            "house.room.door": {"house.key"},
            "house.room.lock": {"house.room.door"},
        },
        {"house.shed": {"house.shed.hammer"}, "house.shed.hammer": {"house.shed"}},
    ]
    # A package may show what its modules make of one another.
    files = {"a": "from a.b import B", "a.b": "from a.c import C", "a.c": "import a.d", "a.d": ""}
    assert circles(among_each_other({module: imported_names(text) for module, text in files.items()})) == []


def test_techniques_never_import_each_other():
    techniques = {child.name for child in (PACKAGE / "techniques").iterdir() if child.is_dir()}

    def named(module: str) -> set[str]:
        parts = module.split(".")
        return {*parts[2:3]} & techniques if parts[:2] == [PACKAGE.name, "techniques"] else set()

    for module, names in IMPORTS.items():
        if own := named(module):
            assert {other for name in names for other in named(name)} <= own, module


def test_every_science_has_the_same_shelves():
    for science in OURS:
        folder = PACKAGE / "techniques" / science
        assert [
            name
            for name in SAME_IN_ALL
            if not ((folder / name).is_dir() or (folder / f"{name}.py").is_file())
        ] == []


def test_what_is_installed_needs_nothing_beside_it():
    beside = {"reproduce", "benchmarks", "scripts", "fixtures"}
    assert {
        m: names for m, found in IMPORTS.items() if (names := {n.split(".")[0] for n in found} & beside)
    } == {}


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
