"""Views are named by whatever computes the scores, and what could not be done as asked is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from napari_sciml.core.progress import drive
from napari_sciml.core.settings import parse_settings
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.cryoem.density.density_map import built_in_map, fit_box
from napari_sciml.techniques.cryoem.settings import CryoEMSettings
from napari_sciml.techniques.cryoem.train.orientation.dataset import realistic_set
from napari_sciml.techniques.cryoem.views.sorter import Sorter
from napari_sciml.techniques.cryoem.views.sorting import sort_into_views

PARTICLE = fit_box(built_in_map())
PARTICLES = realistic_set(PARTICLE, 40, 31, 1.0).particles


def sorter(**settings: Any) -> Sorter:
    """Sort by the shipped network with these settings."""
    model = get_model("cryoem-orientation-realistic")
    chosen = parse_settings(CryoEMSettings, {"runtime": "torch", **settings})
    return Sorter.of(PARTICLE, "network", model, False, chosen)


def views(**settings: Any) -> pd.Series:
    """Name the views of the particles."""
    return drive(sorter(**settings).sort(PARTICLES, abstain=False))["view"]


def test_few_levels_name_most_views_as_floats_do() -> None:
    exact = views()
    rounded = views(backend="codebook", levels=16, method="constrain")
    coarse = views(backend="codebook", levels=1, method="constrain")
    assert (rounded == exact).mean() > 0.6
    # One value for all weights knows nothing.
    assert (coarse == exact).mean() < 0.3
    assert not np.array_equal(rounded, coarse)


def test_a_fall_back_is_told() -> None:
    asked = sorter(backend="codebook", levels=13, method="trained")
    (said,) = asked.cautions()
    assert "13 levels" in said
    assert sorter().cautions() == ()
    result = drive(
        sort_into_views(
            PARTICLES,
            PARTICLE,
            method="network",
            model=asked.model,
            both_sides=False,
            settings=asked.settings,
        )
    )
    assert result.cautions == (said,)


def test_correlation_has_nothing_to_say() -> None:
    assert Sorter.of(PARTICLE, "correlation").cautions() == ()
