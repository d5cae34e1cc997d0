"""Sciences are found by their specs: ours, those of packages, those of a script."""

from __future__ import annotations

import pkgutil
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from inspect import ismodule

import pytest

import napari_sciml as sciml
from fixtures.fakes import SpotTechnique
from napari_sciml import techniques
from napari_sciml.app.run.controller import all_techniques
from napari_sciml.core.errors import SciMLError, SciMLWarning
from napari_sciml.core.lazy_import import load
from napari_sciml.techniques import TechniqueSpec, get_technique, register, spec_of, technique_names
from napari_sciml.techniques.registry import TECHNIQUES, usable_names

OURS = ["cryoem", "diffraction", "gisaxs", "microct"]
SPOTS = TechniqueSpec(name="spots", title="Spots", recipe=SpotTechnique)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Give what puts a package with one entry point into this environment, until the test is over."""

    def put(package: str, code: str, reference: str) -> None:
        info = tmp_path / f"{package}-1.0.dist-info"
        info.mkdir()
        (tmp_path / f"{package}.py").write_text(code, encoding="utf-8")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(
            f"[napari_sciml.techniques]\n{package} = {package}:{reference}\n"
        )
        TECHNIQUES.refresh()

    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield put
    monkeypatch.undo()
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]
    TECHNIQUES.refresh()


MADE_UP = """
from napari_sciml.techniques import TechniqueSpec
SPEC = TechniqueSpec(name={name!r}, title="Made up", recipe="fixtures.fakes:SpotTechnique")
"""


def test_a_package_adds_a_science(install):
    install("madeup", MADE_UP.format(name="madeup"), "SPEC")
    assert sciml.techniques() == [*OURS, "madeup"]
    assert spec_of("madeup").title == "Made up"
    assert type(get_technique("madeup")).__name__ == "SpotTechnique"


@pytest.mark.parametrize(
    ("code", "reference", "why"),
    [
        ("raise ZeroDivisionError('no luck')", "SPEC", "ZeroDivisionError: no luck: install it again"),
        ("import not_here_at_all", "SPEC", "ModuleNotFoundError"),
        ("SPEC = 3", "SPEC", "is no TechniqueSpec"),
        ("", "SPEC", "AttributeError"),
        (MADE_UP.format(name="gisaxs"), "SPEC", "There is a technique called gisaxs already"),
        (MADE_UP.format(name="Made Up"), "SPEC", "A technique cannot be called 'Made Up'"),
    ],
)
def test_a_package_that_does_not_work_is_one_warning_and_the_others_stay(install, code, reference, why):
    install("madeup", code, reference)
    with pytest.warns(SciMLWarning, match=why) as told:
        assert technique_names() == OURS
    assert len(told) == 1
    assert str(told[0].message).startswith("The technique madeup of madeup is left out. ")
    assert technique_names() == OURS  # and is not said again


def test_a_recipe_that_cannot_be_imported_is_one_sentence(install):
    install("madeup", MADE_UP.format(name="madeup").replace("fixtures.fakes:", "not_here_at_all:"), "SPEC")
    with pytest.raises(SciMLError, match="The technique madeup cannot be loaded: No module named"):
        get_technique("madeup")


def test_a_science_whose_code_is_broken_does_not_take_the_others_down(install):
    install("madeup", MADE_UP.format(name="madeup").replace("fixtures.fakes:", "not_here_at_all:"), "SPEC")
    with pytest.warns(SciMLWarning, match="The technique madeup cannot be loaded"):
        assert usable_names() == OURS
    with pytest.warns(SciMLWarning, match="The technique madeup cannot be loaded"):
        assert [technique.name for technique in all_techniques()] == OURS


def test_a_registered_science_is_there_for_a_block():
    with register(SPOTS) as registered:
        assert registered.spec is SPOTS
        assert sciml.techniques() == [*OURS, "spots"]
        assert isinstance(get_technique("spots"), SpotTechnique)
        with pytest.raises(SciMLError, match="There is a technique called spots already"):
            register(SPOTS)
    assert sciml.techniques() == OURS
    with pytest.raises(SciMLError, match="use one of cryoem, diffraction, gisaxs, microct"):
        get_technique("spots")


def test_what_is_replaced_comes_back():
    ours = type(get_technique("microct"))
    first, second = (TechniqueSpec(name="microct", title=title, recipe=SpotTechnique) for title in "ab")
    with register(first, replace=True):
        with register(second, replace=True):
            assert spec_of("microct") is second
        assert spec_of("microct") is first
        assert technique_names() == OURS
    assert type(get_technique("microct")) is ours


@pytest.mark.parametrize("name", OURS)
def test_our_specs_agree_with_their_recipes(name):
    spec, technique = spec_of(name), get_technique(name)
    assert (technique.name, technique.title) == (spec.name, spec.title)


def references(value: object) -> Iterator[str]:
    """Every string of a spec that names something in a module."""
    if is_dataclass(value):
        value = [getattr(value, field.name) for field in fields(value)]
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from references(part)
    elif isinstance(value, str) and re.fullmatch(r"napari_sciml(\.\w+)+(:\w+)?", value):
        yield value


@pytest.mark.parametrize("reference", sorted({found for name in OURS for found in references(spec_of(name))}))
def test_what_our_specs_name_is_there(reference):
    found = load(reference)
    assert ismodule(found) or callable(found)


def test_the_contract_and_the_packages_share_one_name_only():
    packages = {module.name for module in pkgutil.iter_modules(sciml.__path__)}
    assert packages & set(sciml.__all__) == {"techniques"}
    assert techniques() == technique_names() == sciml.techniques()
