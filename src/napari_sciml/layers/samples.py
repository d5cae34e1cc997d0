"""Samples for File > Open Sample: simulated, small or made when looked at; nothing is downloaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_sciml.layers.frames import frames_look
from napari_sciml.layers.keys import KNOWN_KEY, SAMPLE_KEY
from napari_sciml.layers.lazy import lazy_array
from napari_sciml.layers.origin import ORIGIN, Origin
from napari_sciml.layers.points import LayerData
from napari_sciml.layers.scattering import scattering_look
from napari_sciml.layers.spatial import source_place

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


def diffraction_run() -> list[LayerData]:
    """Open the simulated run of serial crystallography; frames are made when they are looked at."""
    from napari_sciml.samples.diffraction_run import SEED
    from napari_sciml.samples.diffraction_run import diffraction_run as simulated

    source = simulated()
    origin = Origin(
        imports="from napari_sciml.samples.diffraction_run import diffraction_run",
        expression="diffraction_run()",
        command=f"napari-sciml simulate diffraction --seed {SEED} --out diffraction-run",
        file="diffraction-run/frames.h5",
    )
    look = frames_look(source)
    metadata = {SAMPLE_KEY: {ORIGIN: origin}, **look.pop("metadata")}
    arguments = {"name": source.name, "metadata": metadata, **source_place(source), **look}
    return [(lazy_array(source), arguments, "image")]


def cryoem_micrographs() -> list[LayerData]:
    """Open the simulated micrographs; they are made when they are looked at.

    The true particles are not attached, since all micrographs would have to be made for them.
    """
    from napari_sciml.layers.keys import TECHNIQUE_KEY
    from napari_sciml.samples.cryoem_micrographs import MICROGRAPHS, SEED
    from napari_sciml.samples.cryoem_micrographs import cryoem_micrographs as simulated

    source = simulated()
    origin = Origin(
        imports="from napari_sciml.samples.cryoem_micrographs import cryoem_micrographs",
        expression="cryoem_micrographs()",
        command=f"napari-sciml simulate cryoem --micrographs {MICROGRAPHS} --seed {SEED} --out micrographs",
        file="micrographs/micrographs",
    )
    metadata = {SAMPLE_KEY: {ORIGIN: origin}, KNOWN_KEY: dict(source.known), TECHNIQUE_KEY: "cryoem"}
    arguments = {"name": source.name, "metadata": metadata, "colormap": "gray", **source_place(source)}
    first = source.read((0, slice(None), slice(None)))
    low, high = np.percentile(first, (0.5, 99.5))
    return [(lazy_array(source), {**arguments, "contrast_limits": (float(low), float(high))}, "image")]


def gisaxs_series() -> list[LayerData]:
    """Open the simulated series of a drying film; frames are made when they are looked at.

    Which lattice each frame shows rides along in the layer's metadata, unshown, for whoever wants to check.
    """
    from napari_sciml.samples.gisaxs_series import gisaxs_series as simulated
    from napari_sciml.samples.gisaxs_series import truth

    source = simulated()
    origin = Origin(
        imports="from napari_sciml.samples.gisaxs_series import gisaxs_series",
        expression="gisaxs_series()",
        command="python -m napari_sciml.samples.gisaxs_series gisaxs-series.npy",
        file="gisaxs-series.npy",
    )
    look = scattering_look(source)
    sample = {ORIGIN: origin, "truth": truth()}
    metadata = {SAMPLE_KEY: sample, KNOWN_KEY: dict(source.known), **look.pop("metadata")}
    arguments = {"name": source.name, "metadata": metadata, **source_place(source), **look}
    return [(lazy_array(source), arguments, "image")]
