"""A hit finder without a network: a tile is as Bragg as its brightest pixel; and frames that suit it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from by_hand import ByHand
from napari_sciml.core.findings import Findings
from napari_sciml.core.progress import drive
from napari_sciml.core.settings import parse_settings
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.diffraction.recipe import Diffraction
from napari_sciml.techniques.diffraction.settings import DiffractionSettings

PLACES = [(20, 30), (100, 40), (30, 100), (90, 90)]
"""Pixels of four spots in four tiles of a frame of 128 x 128 px."""


class BrightTiles(ByHand):
    """Stands in for a predictor."""

    def classify(self, images: np.ndarray) -> np.ndarray:
        score = np.clip(images.max(axis=(1, 2)) / 8, 0, 1)
        return np.stack([1 - score, score], axis=1).astype(np.float32)


def still(seed: int, *, hit: bool, shape: tuple[int, int] = (128, 128)) -> np.ndarray:
    """A flat frame, with four strong spots if it is a hit."""
    image = np.random.default_rng(seed).poisson(30, shape).astype(np.int32)
    for y, x in PLACES if hit else []:
        image[y - 1 : y + 2, x - 1 : x + 2] += np.array([[40, 200, 40], [200, 900, 200], [40, 200, 40]])
    return image


def find_bright(source: ImageSource, **settings: Any) -> Findings:
    """Run the recipe on a source with the stand-in."""
    chosen = parse_settings(DiffractionSettings, settings)
    recipe = Diffraction(opener=BrightTiles)
    return drive(recipe.run(source, chosen))


def hits_of(files: list[Path]) -> list[str]:
    """Read ``hits.lst`` among the files that a run wrote."""
    return next(file for file in files if file.name == "hits.lst").read_text().splitlines()
