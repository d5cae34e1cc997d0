"""A film with a noisy module: masked wherever the file says so, or told."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from napari_sciml.io import open_image
from napari_sciml.techniques.gisaxs.prepare import Reader
from napari_sciml.techniques.gisaxs.settings import GisaxsSettings

SHAPE = (80, 100)
SETTINGS = GisaxsSettings(qy_range=(-1, 1), qz_range=(0, 1))


def reader_of(path: Path) -> Reader:
    source = open_image(path)
    try:
        return Reader.of(source, SETTINGS)
    finally:
        source.close()


def test_the_mask_of_each_film_leaves_out_its_noisy_module(tmp_path: Path) -> None:
    films = np.random.default_rng(0).poisson(9, (2, *SHAPE)).astype(np.int32)
    masks = np.zeros(films.shape, np.uint32)
    masks[0, 10:30], masks[1, 50:60] = 1, 1
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["entry/data/data"] = films
        file["entry/instrument/detector/pixel_mask"] = masks
    reader = reader_of(tmp_path / "a.h5")
    assert [reader.look(film, n)[1].masked for n, film in enumerate(films)] == [2000, 1000]
    assert reader.cautions == ()


def test_a_mask_that_does_not_fit_is_a_caution(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["entry/data/data"] = np.ones(SHAPE, np.int32)
        file["entry/instrument/detector/pixel_mask"] = np.ones((40, 50), np.uint32)
    (told,) = reader_of(tmp_path / "a.h5").cautions
    assert "was found and not used" in told
