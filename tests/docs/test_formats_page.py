"""The page on formats says what the readers say."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_script_writes() -> None:
    script = runpy.run_path(str(ROOT / "scripts/formats_table.py"))
    assert script["PAGE"].read_text(encoding="utf-8") == script["page"](), "run scripts/formats_table.py"
