"""Every command of the page is there and says what it can be told, from the root of a checkout."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = re.findall(
    r"python -m (reproduce\.\w+)", (ROOT / "reproduce/README.md").read_text(encoding="utf-8")
)


def test_the_page_names_every_command() -> None:
    files = (ROOT / "reproduce").glob("*.py")
    runnable = {f"reproduce.{file.stem}" for file in files if "__main__" in file.read_text(encoding="utf-8")}
    assert set(COMMANDS) == runnable


@pytest.mark.parametrize("command", COMMANDS)
def test_it_says_what_it_can_be_told(command: str) -> None:
    done = subprocess.run([sys.executable, "-m", command, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout.lower()
