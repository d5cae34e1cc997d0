"""Defects and contrast in a series of micrographs: what is decided, on what votes, and what is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.spatial import cKDTree

import napari_sciml as sciml
from napari_sciml.core.findings import Findings
from napari_sciml.techniques.registry import window_of

SETTINGS: dict[str, Any] = {"picker": "log", "mask_junk": False, "particle_diameter_px": 18.0}
Image = np.ndarray


def micrograph(count: int = 40, height: float = -3.0, seed: int = 0) -> tuple[Image, Image]:
    """Return a noisy micrograph with dark discs, and their centres."""
    rng = np.random.default_rng(seed)
    image = rng.normal(100, 1, (320, 384)).astype(np.float32)
    rows, columns = np.ogrid[:320, :384]
    grid = np.stack(np.meshgrid(np.arange(24, 300, 30), np.arange(24, 370, 30), indexing="ij"), -1).reshape(
        -1, 2
    )
    places = rng.permutation(grid)[:count]
    for y, x in places:
        image[np.hypot(rows - y, columns - x) < 9] += height
    return image, places


def pick(images: Image, **settings: Any) -> Findings:
    return sciml.run("cryoem", images, **{**SETTINGS, **settings})


def recall(found: Findings, places: Image) -> float:
    table = found.table[["y", "x"]].to_numpy(float)
    return float((cKDTree(table).query(places)[0] < 5).mean()) if len(table) else 0.0


def hot_column(image: Image) -> None:
    image[:, 190] += 10


def zero_rows(image: Image) -> None:
    image[-8:] = 0


def hot_pixels(image: Image) -> None:
    rng = np.random.default_rng(5)
    image[rng.integers(0, 320, 40), rng.integers(0, 384, 40)] += 80


def dead_module(image: Image) -> None:
    image[:64, :128] = 0


def seam(image: Image) -> None:
    image[:, 192:] += 4


@pytest.mark.parametrize("damage", [hot_column, zero_rows, hot_pixels, dead_module, seam])
def test_a_defect_changes_neither_contrast_nor_picks(damage: Any) -> None:
    image, places = micrograph()
    clean = pick(image)
    damage(image)
    found = pick(image)
    alive = places[(places[:, 0] > 74) | (places[:, 1] > 138)] if damage is dead_module else places
    assert recall(found, alive) == 1 == recall(clean, places)
    assert len(found.table) <= len(clean.table) + 1
    assert any(note.startswith("particles darker") for note in found.provenance.notes)
    assert any(note.startswith("defects of the detector were left out: ") for note in found.provenance.notes)


def test_the_first_micrograph_does_not_decide_for_a_series() -> None:
    series = [micrograph(height=-3 if n else 3, seed=n)[0] for n in range(6)]
    series[3] = np.random.default_rng(9).normal(100, 1, series[0].shape).astype(np.float32)
    found = pick(np.stack(series))
    said = window_of("cryoem").decided_text(found)
    assert said.startswith("particles darker than the ice (found from 5 micrographs: ")
    assert "1 light" in said
    assert (found.table["frame"] == 5).sum() >= 40
    assert any(
        "look light in 1 of 6 micrographs (first: micrograph 0)" in one for one in found.provenance.problems
    )


def test_no_pick_comes_with_what_to_do() -> None:
    image, _ = micrograph()
    found = pick(image, contrast="light", threshold=0.99)
    assert not len(found.table)
    (problem,) = found.provenance.problems
    assert problem == "No particle was found; with contrast dark there would be 40: try that."
    nothing = pick(np.random.default_rng(0).normal(size=(320, 384)), threshold=0.999)
    (problem,) = nothing.provenance.problems
    assert "with contrast light there would be none either: lower the threshold" in problem


def test_strong_discs_that_are_taken_for_junk_are_told() -> None:
    image, _ = micrograph(8, -30)
    (problem,) = pick(image, mask_junk=True, threshold=0.99).provenance.problems
    assert problem.startswith("No particle was found; with mask_junk off there would be ")
    (problem,) = pick(image, picker="network", mask_junk=True, threshold=0.99).provenance.problems
    assert "with picker log and mask_junk off there would be 8: try that." in problem
