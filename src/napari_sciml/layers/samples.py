"""Samples for File > Open Sample: small, shipped, simulated; nothing is downloaded."""

from __future__ import annotations

from pathlib import Path

from napari_sciml.layers.keys import SAMPLE_KEY
from napari_sciml.layers.points import LayerData
from napari_sciml.layers.readers import source_place

SAMPLES_FOLDER = Path(__file__).parent.parent / "samples"
CMC_PHANTOM = SAMPLES_FOLDER / "cmc_phantom.tif"
CMC_TRUTH = SAMPLES_FOLDER / "cmc_phantom_truth.csv"
CMC_NAME = "CMC phantom"


def cmc_phantom() -> list[LayerData]:
    """Open the simulated slab of a ceramic-matrix composite.

    Its true fibre centres ride along in the layer's metadata, unshown, for whoever wants to check.
    """
    import pandas as pd

    from napari_sciml.io import open_image

    source = open_image(CMC_PHANTOM)
    pixels = source.read((slice(None),) * source.ndim)
    source.close()
    sample = {"path": str(CMC_PHANTOM), "truth": pd.read_csv(CMC_TRUTH)}
    return [(pixels, {"name": CMC_NAME, "metadata": {SAMPLE_KEY: sample}, **source_place(source)}, "image")]
