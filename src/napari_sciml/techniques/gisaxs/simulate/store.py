"""Write simulated images as files: a TIFF, the spots that should be in it, and what was asked for."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import numpy as np
import pandas as pd

from napari_sciml.core.progress import Progress
from napari_sciml.io.saving.simulation import new_simulation
from napari_sciml.io.saving.tables import write_csv
from napari_sciml.techniques.gisaxs.lattices.spots import predict_spots
from napari_sciml.techniques.gisaxs.simulate.image import simulate
from napari_sciml.techniques.gisaxs.simulate.spec import GisaxsSpec


def store_images(
    spec: GisaxsSpec, seed: int, count: int, folder: Path
) -> Generator[Progress, None, list[Path]]:
    """Simulate `count` films and write them; returns the files, the images first.

    ``images.tif`` is float32 ``(count, rows, columns)`` or one image; dead pixels are NaN. ``spots.csv``
    has the place of every predicted spot.
    """
    import tifffile

    stack = np.empty((count, spec.rows, spec.columns), np.float32)
    for number in range(count):
        pattern = simulate(spec, np.random.default_rng([seed, number]))
        stack[number] = np.where(pattern.dead, np.nan, pattern.image)
        yield Progress(number + 1, count, "images")
    reach = max(abs(end) for end in (*spec.qy_range, spec.qz_range[1]))
    spots = predict_spots(spec.lattice, spec.spacing_nm, spec.beam, reach)
    table = pd.DataFrame(
        {"q_y": spots.q_y, "q_z": spots.q_z, "strength": spots.strength, "mirrored": spots.mirrored}
    )
    record: dict[str, object] = {"technique": "gisaxs", "seed": seed, "images": count}
    with new_simulation(folder, record | {"spec": spec.model_dump(mode="json")}) as draft:
        images = draft.outer("images.tif")
        tifffile.imwrite(images, stack if count > 1 else stack[0], photometric="minisblack")
        files = [images, write_csv(table, draft.outer("spots.csv"))]
    return [*map(draft.placed, files), draft.saved.pointer]
