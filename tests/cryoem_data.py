"""Development data of cryo-EM that may lie beside the checkout; tests without it skip and say so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("SCIML_DATA", Path(__file__).parents[2] / "shared" / "data")) / "cryoem"


def cryoem_file(name: str) -> Path:
    """Give a file of the development data, or skip the test."""
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"the development data {name} is not beside this checkout")
    return path
