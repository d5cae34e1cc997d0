"""The generated parts of README and docs say what the program says."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from napari_sciml.techniques import get_technique, technique_names

ROOT = Path(__file__).parents[2]


def load(path: Path) -> ModuleType:
    """Import a script that lies outside the package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def generate(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that writes the reference tables."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    module = load(ROOT / "docs/generate.py")
    sys.modules.pop("readme_table", None)
    return module


def test_the_accuracy_table_of_the_readme_is_current() -> None:
    script = load(ROOT / "scripts/readme_table.py")
    text = script.README.read_text(encoding="utf-8")
    assert script.with_table(text, script.accuracy_table()) == text, "type: make readme"


def test_every_measured_figure_stands_in_the_documentation_with_its_interval() -> None:
    from napari_sciml.networks.registry import get_model, model_names

    text = load(ROOT / "scripts/readme_table.py").accuracy_table(every=True)
    assert model_names()
    for name in model_names():
        for metric in get_model(name).card["metrics"]:
            assert f"{metric['value']:.4f} ({metric['low']:.4f} to {metric['high']:.4f})" in text


@pytest.mark.parametrize("name", technique_names())
def test_every_setting_has_its_row(generate: ModuleType, name: str) -> None:
    kind = get_technique(name).settings_type
    rows = generate.settings_table(kind).splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == list(kind.model_fields)
    assert all(row.split("|")[-2].strip() for row in rows), "a setting has no description"


def test_a_settings_row_gives_range_and_default(generate: ModuleType) -> None:
    table = generate.settings_table(get_technique("microct").settings_type)
    assert "| `threshold` | number from 0 to 1 | `0.5` |" in table
    assert "| `axis` | whole number from 0 to 2 | `0` |" in table


def test_every_technique_and_backend_has_its_row(generate: ModuleType) -> None:
    assert re.findall(r"^\| `([\w-]+)`", generate.techniques_table(), re.MULTILINE) == technique_names()
    assert re.findall(r"^\| `([\w-]+)`", generate.backends_table(), re.MULTILINE) == [
        "float32",
        "codebook",
        "int8",
    ]
    assert re.findall(r"^## ([\w-]+)", generate.settings_sections(), re.MULTILINE) == technique_names()
    assert "| `backend` | `float32`, `codebook`, `int8` | `float32` |" in generate.settings_sections()


def test_every_command_has_its_section(generate: ModuleType) -> None:
    sections = re.findall(r"^## (\w+)", generate.cli_reference(), re.MULTILINE)
    known = {"demo", "run", "open", "train", "evaluate", "simulate", "quantize", "models", "doctor"}
    assert known == set(sections)


def test_every_page_of_the_readme_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert "docs/architecture.md" in local
    assert [link for link in local if not (ROOT / link).exists()] == []
