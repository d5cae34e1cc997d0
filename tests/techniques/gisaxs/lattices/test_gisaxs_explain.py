"""The fitted spots against simulated images of known lattice, distance of neighbours and horizon."""

import math
from functools import cache

import numpy as np
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques.gisaxs.axes.q_image import QImage
from napari_sciml.techniques.gisaxs.lattices.explain import FALSE_ALARM, Explanation, fit_spots
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.lattices.spot_fit import fit_lattice, horizons_to_try, make_scales
from napari_sciml.techniques.gisaxs.lattices.spots import predict_spots
from napari_sciml.techniques.gisaxs.local_contrast import fold, log_image
from napari_sciml.techniques.gisaxs.simulate import GisaxsSpec, simulate


@cache
def drawn(lattice: str, number: int, disordered: float | None = None) -> tuple[QImage, GisaxsSpec]:
    """Draw a sample of the ranges that the fit is made for."""
    rng = np.random.default_rng([7, CLASSES.index(lattice), number])
    spacing = math.exp(rng.uniform(math.log(12), math.log(40)))
    q_max = float(rng.uniform(0.6, 1.2))
    spec = GisaxsSpec(
        lattice=lattice,  # type: ignore[arg-type]
        spacing_nm=spacing,
        radius_nm=spacing / 2 / rng.uniform(1.02, 1.3),
        layers=rng.uniform(3, 8),
        width=rng.uniform(6, 12),
        mosaic_deg=rng.uniform(0.3, 1.0),
        disordered=rng.uniform(0.05, 0.3) if disordered is None else disordered,
        energy_kev=rng.uniform(7.35, 12.9),
        incidence_deg=rng.uniform(0.12, 0.25),
        qy_range=(0.0 if number % 2 else -q_max, q_max),
        qz_range=(0.0, q_max),
        peak_counts=2.0 ** rng.uniform(14, 20),
    )
    window = spec.window
    return QImage(simulate(spec, rng).image, window.qy.numpy(), window.qz.numpy()), spec


@cache
def explained(lattice: str, number: int, known: bool) -> Explanation:
    image, spec = drawn(lattice, number)
    # A stated angle is seldom right to the last digit.
    return fit_spots(image, lattice, 1.03 * spec.beam.ki if known else None)


@pytest.mark.parametrize("known", [True, False])
def test_distance_and_horizon_are_found(known: bool) -> None:
    spacing, horizon = [], []
    for name in CLASSES:
        for number in (0, 1):
            found, spec = explained(name, number, known), drawn(name, number)[1]
            spacing.append(abs(found.spacing_nm / spec.spacing_nm - 1))
            horizon.append(abs(found.horizon / spec.beam.ki - 1))
    assert np.median(spacing) < 0.015
    assert np.mean(np.array(spacing) < 0.05) >= 0.75
    assert np.median(horizon) < 0.05


def test_the_interval_holds_the_truth_in_most_images() -> None:
    held = [
        found.spacing_low <= spec.spacing_nm <= found.spacing_high
        for found, spec in (
            (explained(name, n, False), drawn(name, n)[1]) for name in CLASSES for n in (0, 1)
        )
    ]
    assert np.mean(held) >= 0.75


@pytest.mark.parametrize("name", ["FCC111", "BCC110"])
def test_spots_lie_where_the_spot_table_says(name: str) -> None:
    image, spec = drawn(name, 0)
    found = fit_spots(image, name, spec.beam.ki)
    table = predict_spots(name, found.spacing_nm, spec.beam, float(image.qz[0]))
    for _, spot in found.spots.iterrows():
        same = table.mirrored == spot["mirrored"]
        lift = 2 * (found.horizon - spec.beam.ki) if spot["mirrored"] else 0.0
        away = np.hypot(table.q_y - spot["q_y"], table.q_z + lift - spot["q_z"])[same].min()
        assert away < 1e-6


def test_places_without_a_measurement_hold_neither_found_nor_missing_spots() -> None:
    image, spec = drawn("FCC111", 0)
    values = image.values.copy()
    values[:, image.qy < 0] = np.nan
    found = fit_spots(QImage(values, image.qy, image.qz), "FCC111", spec.beam.ki)
    assert len(found.spots)
    assert (found.spots["q_y"] >= -1e-9).all()
    whole = fit_spots(image, "FCC111", spec.beam.ki)
    assert (whole.spots["q_y"] < 0).any()
    assert found.spacing_nm == pytest.approx(whole.spacing_nm, rel=0.03)


def test_the_scale_of_the_intensity_does_not_matter() -> None:
    image, spec = drawn("HCP", 0)
    scaled = QImage((image.values / image.values.max()).astype(np.float32), image.qy, image.qz)
    one, other = (fit_spots(i, "HCP", spec.beam.ki) for i in (image, scaled))
    assert one.spacing_nm == pytest.approx(other.spacing_nm, rel=1e-3)
    assert one.agreement == pytest.approx(other.agreement, abs=0.02)


def test_without_a_lattice_hardly_any_spot_is_found() -> None:
    """Particles in no grain scatter their form factor alone; what is found there is the false alarm."""
    shares, right = [], []
    for number, name in enumerate(CLASSES):
        spots = fit_spots(drawn(name, number, disordered=1.0)[0], "FCC111").spots
        shares.append(spots.loc[spots["counted"], "found"].to_numpy(float))
        spots = explained(name, 0, False).spots
        right.append(spots.loc[spots["counted"], "found"].to_numpy(float))
    false, true = np.concatenate(shares).mean(), np.concatenate(right).mean()
    assert false < 3 * FALSE_ALARM
    assert true > 0.4 > 2 * false


def test_the_right_lattice_fits_better_than_most_others() -> None:
    better = []
    for name in CLASSES:
        image, spec = drawn(name, 0)
        fits = {other: fit_spots(image, other, spec.beam.ki).fit for other in CLASSES}
        better += [fits[name] > fits[other] for other in CLASSES if other != name]
    assert np.mean(better) > 0.7


def test_what_cannot_be_fitted_is_refused_in_one_sentence() -> None:
    image, _ = drawn("HCP", 0)
    dark = QImage(np.full_like(image.values, np.nan), image.qy, image.qz)
    with pytest.raises(SciMLError, match="brighter than zero"):
        fit_spots(dark, "HCP")
    with pytest.raises(SciMLError, match="none of the lattices"):
        fit_spots(image, "diamond")
    with pytest.raises(SciMLError, match="not within the image"):
        fit_spots(image, "HCP", horizon=5.0)
    scales = make_scales(fold(log_image(image)), (0.5, 0.6))
    with pytest.raises(SciMLError, match="No spot of HCP"):
        fit_lattice(scales, "HCP", horizons_to_try(scales.image, None))
