"""Views, averages and 3-D map of a saved run, as the page Views had them. Pure."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from napari_sciml.app.views.picks import COLUMNS
from napari_sciml.app.views.state import MapChoice
from napari_sciml.core.findings import Findings
from napari_sciml.techniques.cryoem.context import CryoEMContext
from napari_sciml.techniques.cryoem.decide import MAIN, VIEW_COLUMNS
from napari_sciml.techniques.cryoem.reconstruction.resolution import HALF_SETS_LEVEL, TRUTH_LEVEL, crossing
from napari_sciml.techniques.cryoem.results import Reconstruction, ViewsResult
from napari_sciml.techniques.cryoem.settings import CryoEMSettings


def views_of(saved: Findings) -> ViewsResult | None:
    """Return the views that were saved, without the images of the particles; None if nothing was sorted."""
    context, products = saved.context, saved.products
    assert isinstance(context, CryoEMContext)
    if context.views is None or not {"averages", "references"} <= set(products):
        return None
    averages, references = products["averages"], products["references"]
    return ViewsResult(
        particles=None,
        table=sorted_particles(saved.tables[MAIN]),
        views=context.views,
        averages=np.asarray(averages.array, np.float32),
        references=np.asarray(references.array, np.float32),
        pixel_size_A=averages.pixel_size_A or 1.0,
        map_name=context.map_name,
        method=context.method,
        notes=context.view_notes,
        cautions=context.view_cautions,
    )


def sorted_particles(table: pd.DataFrame) -> pd.DataFrame:
    """Return the particles that were sorted; a pick that nobody looked at has no probability."""
    columns = [*COLUMNS, *(name for name in VIEW_COLUMNS if name in table)]
    looked_at = table["view_probability"].notna() if "view_probability" in table else table["view"] >= 0
    return table.loc[looked_at, columns].reset_index(drop=True)


def map_of(saved: Findings) -> Reconstruction | None:
    """Return the 3-D map that was saved, or None."""
    context, volume = saved.context, saved.products.get("map")
    assert isinstance(context, CryoEMContext)
    if volume is None or context.fsc is None:
        return None
    density, size = np.asarray(volume.array, np.float32), volume.pixel_size_A or 1.0
    levels = {"half_sets": HALF_SETS_LEVEL, "truth": TRUTH_LEVEL}
    resolution = {
        name: crossing(context.fsc[name].to_numpy(float), level, density.shape[0], size)
        for name, level in levels.items()
    }
    kept = context.kept
    if not kept and context.views is not None:
        # Earlier versions did not say it, and used all unless somebody left some out.
        kept = tuple(int(view) for view in context.views.loc[context.views["count"] > 0, "view"])
    return Reconstruction(density, size, context.fsc, resolution, kept, context.cautions)


def choices_of(saved: Findings) -> tuple[MapChoice, Literal["network", "correlation"], str]:
    """Return map, method and CTF file by which the picks of a saved run were sorted."""
    settings = saved.settings
    assert isinstance(settings, CryoEMSettings)
    choice = MapChoice()
    if settings.map:
        choice = MapChoice(
            "map", settings.map, settings.map_pixel_size_A, model=settings.orientation_model or ""
        )
    elif settings.orientation_model:
        choice = MapChoice("model", settings.orientation_model)
    return choice, "correlation" if settings.views == "correlation" else "network", settings.ctf or ""
