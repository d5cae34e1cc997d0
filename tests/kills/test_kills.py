"""A process that is killed at any moment leaves the old set or the new one, whole."""

from __future__ import annotations

import multiprocessing
import random
import signal
import time
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawArray, RawValue
from pathlib import Path
from typing import Any

import pytest

from fixtures import killed_saves
from fixtures.killed_saves import KINDS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing can be killed like that here"),
]
PRELOADED = [
    *("fixtures.killed_saves", "torch", "safetensors.torch", "pandas", "matplotlib.pyplot", "skimage"),
    *("napari_sciml.techniques.saved_runs", "napari_sciml.techniques.cryoem.recipe", "starfile"),
]
KILLS = 20
"""Of each kind, at moments that a seed decides."""


@pytest.fixture(scope="module")
def processes() -> Any:
    """Make processes from one that has imported everything, so that each starts in milliseconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def started(processes: Any, target: Any, *words: Any) -> BaseProcess:
    process: BaseProcess = processes.Process(target=target, args=words)
    process.start()
    return process


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_random_moments(kind: str, processes: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    KINDS[kind].save(tmp_path, 1)
    rng, version = random.Random(kind), 1
    for _ in range(KILLS):
        done = RawValue("l", version)
        begin = time.monotonic()
        process = started(processes, killed_saves.save_on_and_on, kind, tmp_path, version + 1, done)
        while done.value == version and process.is_alive():
            time.sleep(0.001)
        time.sleep(rng.uniform(0, min(1.0, time.monotonic() - begin)))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        version = KINDS[kind].read(tmp_path)
        assert version in (done.value, done.value + 1)
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_every_operation_on_the_disk(kind: str, when: str, processes: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    KINDS[kind].save(tmp_path, 1)
    version, found = 1, []
    for number in range(1000):
        count = RawArray("l", 1)
        words = (kind, tmp_path, version + 1, number, when, count)
        process = started(processes, killed_saves.save_and_die, *words)
        process.join()
        found.append(KINDS[kind].read(tmp_path) - version)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        version += found[-1]
    assert number >= count[0] > 3
    assert set(found) == {0, 1}
    assert (tmp_path / "mine.txt").read_text() == "mine"
