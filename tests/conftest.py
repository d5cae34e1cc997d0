"""What several rooms' tests share. Helpers that are no fixtures stand in `fakes.py` beside this file."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkdtemp

import pytest

from fixtures.random_models import random_dense_model, random_patch_model
from napari_sciml.core.run_rate import RATES

# What runs in a test must not depend on how fast this machine is. Set before any test asks.
os.environ["SCIML_RUNTIME"] = "torch"
# Nor may a test teach the program about it.
os.environ["SCIML_CACHE"] = mkdtemp(prefix="sciml-cache-")

__all__ = ["random_dense_model", "random_patch_model", "screenshots"]


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
