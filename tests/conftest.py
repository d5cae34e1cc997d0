"""What several rooms' tests share. Helpers that are no fixtures stand in `fixtures` beside this file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

import pytest

from fixtures.random_models import random_dense_model, random_patch_model
from napari_sciml.core.run_rate import RATES

# What runs in a test must not depend on how fast this machine is. Set before any test asks.
os.environ["SCIML_RUNTIME"] = "torch"
# Nor may a test teach the program about it.
os.environ["SCIML_CACHE"] = mkdtemp(prefix="sciml-cache-")

# Nor may what one process of a parallel run writes meet another's.
os.environ["MPLCONFIGDIR"] = mkdtemp(prefix="sciml-matplotlib-")

TESTS = Path(__file__).parent
DATA = Path(os.environ.get("SCIML_DATA") or TESTS.parents[1] / "shared" / "data")
"""Real data that may lie beside the checkout."""
NEED_QT = {"qapp", "qtbot", "make_napari_viewer"}
"""Fixtures that start Qt."""

__all__ = ["random_dense_model", "random_patch_model", "screenshots"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs Qt, and what needs the real data, by what it asks for."""
    for item in items:
        asked = set(getattr(item, "fixturenames", ()))
        if asked & NEED_QT or item.path.is_relative_to(TESTS / "widgets"):
            item.add_marker("gui")
        if "real_data" in asked:
            item.add_marker("needs_data")


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """What returns a file or a folder of the real data, or skips the test and says so."""

    def find(name: str) -> Path:
        path = DATA / name
        if not path.exists():
            pytest.skip(f"the real data {name} are not here (set SCIML_DATA to the folder that holds them)")
        return path

    return find


@pytest.fixture(autouse=True)
def no_experience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Estimates of a test do not depend on those that ran before it."""
    monkeypatch.setattr(RATES, "_factors", {})


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    """The folder for pictures that a person may want to see: $SCIML_SCREENSHOTS, else a temporary one."""
    folder = Path(os.environ.get("SCIML_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
