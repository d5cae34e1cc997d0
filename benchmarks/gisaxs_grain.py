"""Seconds per grain of a GISAXS image: ours against BornAgain, on one core each, with the same pixels.

BornAgain is asked in a process of its own, by the interpreter that ``BORNAGAIN_PYTHON`` names; without one
only our own times are given. Seconds are those of the processor, so that other programs do not count.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.gisaxs_ours import BATCH, BEAM, PIXELS, RADIUS, REACH, SPACING, TURN, Array, Ours, angles
from napari_sciml.techniques.gisaxs.lattices.lattice import STACKS
from napari_sciml.techniques.gisaxs.refraction import material
from napari_sciml.techniques.gisaxs.simulate import powder
from napari_sciml.techniques.gisaxs.simulate.grains import Grain

PEER = "BORNAGAIN_PYTHON"
FAINTEST = 1e-8
"""Pixels below this share of the brightest one are not compared."""
PATIENCE_S = 60
"""BornAgain is not asked for an average over azimuths that takes longer than this."""


@dataclass(frozen=True)
class Case:
    """A block of a simple cubic lattice; `whole` if BornAgain may make a mesocrystal of it (odd widths)."""

    sites: tuple[int, int, int]
    whole: bool

    @property
    def name(self) -> str:
        """Its size."""
        return " x ".join(map(str, self.sites))

    @property
    def grain(self) -> Grain:
        """The same block for our simulator."""
        wide, deep, high = self.sites
        return Grain(np.ones((high, wide, deep), bool), np.zeros((high, 2)), STACKS["Cubic100"])

    @property
    def azimuths(self) -> int:
        """How many azimuths of a quarter turn resolve its peaks."""
        return math.ceil(powder.needed_azimuths(REACH, self.grain, SPACING) / 2)

    def request(self, turns: list[float]) -> dict[str, Any]:
        """Ask BornAgain for it at some azimuths."""
        silicon = material("Si", BEAM.energy_kev)
        rows, columns = angles()
        wanted: dict[str, Any] = {
            "setup": {
                "energy_kev": BEAM.energy_kev,
                "incidence_deg": BEAM.incidence_deg,
                "substrate": (silicon.delta, silicon.beta),
                "rows": (rows[-1], rows[0], PIXELS),
                "columns": (columns[0], columns[-1], PIXELS),
            },
            "radius": RADIUS,
            "turns": turns,
        }
        if self.whole:
            wanted |= {"sites": self.sites, "spacing": SPACING}
        else:
            places = self.grain.positions() * SPACING
            places[:, :2] -= places[:, :2].mean(axis=0)
            wanted["places"] = places.tolist()
        return wanted


CASES = (
    Case((4, 4, 3), False),
    Case((5, 5, 3), True),
    Case((8, 8, 4), False),
    Case((9, 9, 4), True),
)


class Peer:
    """BornAgain in a process of its own."""

    def __init__(self, python: str) -> None:
        command = [python, "-m", "benchmarks.bornagain_grain"]
        root = Path(__file__).parents[1]
        self._process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Have one request answered."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("BornAgain ended without an answer; see what it printed")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def image(self, request: dict[str, Any]) -> Array:
        """Have one request answered with its image."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "image.npy"
            self.ask(request | {"image": str(path)})
            return np.asarray(np.load(path), np.float64)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def measure(rounds: int) -> dict[str, Any]:
    """Time every case; ``peer`` names the version that ``rows`` are against, None if there is none."""
    python = os.environ.get(PEER)
    peer = Peer(python) if python else None
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        version = peer.ask(CASES[0].request([]))["version"] if peer else None
        rows = [row for case in CASES for row in _measure(case, Ours(), peer, rounds)]
    finally:
        torch.set_num_threads(threads)
        if peer:
            peer.close()
    return {"peer": version and f"BornAgain {version}", "rows": rows}


def _measure(case: Case, ours: Ours, peer: Peer | None, rounds: int) -> list[dict[str, Any]]:
    grain, steps = case.grain, case.azimuths
    # What a call gives: images of one azimuth, or averages over the azimuth.
    ways: dict[str, tuple[Callable[[], Tensor], int]] = {
        "one azimuth": (lambda: ours.one(grain), 1),
        f"each of {2 * steps} azimuths": (lambda: ours.turned(grain, 2 * steps), 2 * steps),
        "every azimuth": (lambda: ours.exact(grain), 1),
        f"every azimuth, each of {BATCH} grains": (lambda: ours.batch(grain), BATCH),
    }
    images = {name: way().double().numpy() for name, (way, _) in ways.items()}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    theirs: list[float] = []
    for _ in range(rounds):
        for name, (way, count) in ways.items():
            start = time.process_time()
            way()
            spent[name].append((time.process_time() - start) / count)
        if peer:
            theirs.append(peer.ask(case.request([TURN]))["seconds"])
    rows: list[dict[str, Any]] = [
        {"grain": case.name, "ours": name, "ms": 1000 * min(seconds)} for name, seconds in spent.items()
    ]
    if peer:
        cost = min(theirs)
        turned = [(n + 0.5) * math.pi / 2 / steps for n in range(steps)]
        single = peer.image(case.request([TURN]))
        powdered = peer.image(case.request(turned)) if steps * cost < PATIENCE_S else None
        for row, (name, seconds) in zip(rows, spent.items(), strict=True):
            # A block of squares repeats itself after a quarter turn; the peer is spared the rest.
            needed = steps if name.startswith("every") else 1
            reference = single if name == "one azimuth" else None if "grains" in name else powdered
            row["BornAgain"] = f"{'mesocrystal' if case.whole else 'particles'}, {count_of(needed)}"
            row["ms "] = 1000 * needed * cost
            row["times_faster"] = needed * cost / min(seconds)
            alike = None if reference is None else log_correlation(images[name], reference)
            row["log_correlation"] = "" if alike is None else f"{alike:.5f}"
    return rows


def count_of(azimuths: int) -> str:
    """Return how many azimuths."""
    return "one azimuth" if azimuths == 1 else f"{azimuths} azimuths"


def log_correlation(image: Array, reference: Array) -> float:
    """Correlate the logarithms where the reference is not too faint."""
    seen = (reference > FAINTEST * reference.max()) & (image > 0)
    return float(np.corrcoef(np.log(image[seen]), np.log(reference[seen]))[0, 1])
