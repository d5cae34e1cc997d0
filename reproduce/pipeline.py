"""Measure the way from particles to a map on simulated particles; `python -m` this module prints the figures.

The particles have any in-plane angle, half of them are seen from the opposite side, they lie off the
centre, were seen through a microscope and lie in coloured ice noise; views are predicted, never known.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import process_time
from typing import TYPE_CHECKING

import numpy as np
import typer

from napari_sciml.core.progress import drive
from napari_sciml.techniques.cryoem.density.density_map import DensityMap, built_in_map, fit_box, load_map
from napari_sciml.techniques.cryoem.particles.particles import NO_VIEW
from napari_sciml.techniques.cryoem.reconstruction.resolution import HALF_SETS_LEVEL, crossing
from napari_sciml.techniques.cryoem.results import Reconstruction, ViewsResult
from napari_sciml.techniques.cryoem.views.mirror_views import unmirrored
from napari_sciml.techniques.cryoem.views.sorter import Method
from napari_sciml.techniques.cryoem.views.sorting import sort_into_views

if TYPE_CHECKING:
    from napari_sciml.networks.model import Model


@dataclass(frozen=True)
class PipelineFigures:
    """What the way gives on particles whose truth is known.

    Attributes
    ----------
    count, none, empty_views
        Particles, those that are none of the views, and views that nothing fell into.
    accuracy, sides
        Share of those with a view that got the right one, and of these the share whose side was told rightly.
    truth_A, half_sets_A, noise_A, phase_randomised_A
        Where the shell correlation with the true map falls below 0.5, the others below 0.143.
    correlation, mirror
        Of the map with the truth and with its mirror image.
    noise_abstains, noise_likeness
        Share of boxes of pure ice that are none of the views; mean correlation of the averages of noise with
        their references when each is forced into a view.
    seconds
        CPU time of sorting, building and controls.
    """

    count: int
    none: int
    empty_views: int
    accuracy: float
    sides: float
    truth_A: float
    half_sets_A: float
    noise_A: float
    phase_randomised_A: float
    correlation: float
    mirror: float
    noise_abstains: float
    noise_likeness: float
    seconds: tuple[float, float, float]


def measure(
    particle: DensityMap, count: int, snr: float, method: Method, model: Model | None = None, seed: int = 0
) -> PipelineFigures:
    """Simulate, sort, build and check."""
    from napari_sciml.techniques.cryoem.reconstruction.controls import control_curves
    from napari_sciml.techniques.cryoem.reconstruction.reconstruct import rebuild
    from napari_sciml.techniques.cryoem.train.orientation.dataset import realistic_set

    simulated = realistic_set(particle, count, seed + 100, snr)
    # Every other one is seen from the opposite side, as in ice they are.
    mirror = np.arange(count) % 2 == 1
    particles = unmirrored(simulated.particles, mirror)
    start = process_time()
    views = drive(sort_into_views(particles, particle, method=method, model=model))
    sorted_at = process_time()
    built = drive(rebuild(views, truth=particle, controls=False))
    built_at = process_time()
    curves = drive(control_curves(views, built.kept))
    checked_at = process_time()
    noise, scrambled = (
        crossing(curves[name], HALF_SETS_LEVEL, particle.box_px, particle.pixel_size_A)
        for name in ("noise", "phase_randomised")
    )
    correlation, mirror = likenesses(built, particle)
    view = views.table["view"].to_numpy()
    named = view != NO_VIEW
    right = named & (view == simulated.labels)
    sides = (views.table["mirrored"].to_numpy(bool) == mirror)[right]
    abstains, likeness = on_noise(views, min(count, 400), seed)
    return PipelineFigures(
        count,
        int((~named).sum()),
        int((views.views["count"] == 0).sum()),
        float(right.sum() / max(int(named.sum()), 1)),
        float(sides.mean()) if len(sides) else float("nan"),
        built.resolution_A["truth"],
        built.resolution_A["half_sets"],
        noise,
        scrambled,
        correlation,
        mirror,
        abstains,
        likeness,
        (sorted_at - start, built_at - sorted_at, checked_at - built_at),
    )


def likenesses(built: Reconstruction, particle: DensityMap) -> tuple[float, float]:
    """Correlate the map with the truth and with its mirror image."""
    flat = particle.density.ravel()
    found = [np.corrcoef(a.ravel(), flat)[0, 1] for a in (built.volume, built.volume[:, :, ::-1])]
    return float(found[0]), float(found[1])


def on_noise(views: ViewsResult, count: int, seed: int) -> tuple[float, float]:
    """Sort boxes of pure ice: the share that is none, and how much forced averages look like references."""
    from napari_sciml.techniques.cryoem.train.orientation.dataset import noise_set
    from napari_sciml.techniques.cryoem.views.averages import add_up, average_images, likeness
    from napari_sciml.techniques.cryoem.views.sorting import random_halves

    sorter = views.sorter
    assert sorter is not None
    noise = noise_set(sorter.particle_map, count, seed + 200)
    careful = drive(sorter.sort(noise))
    forced = drive(sorter.sort(noise, abstain=False))
    sums = drive(add_up(noise, forced.assign(half=random_halves(forced["view"].to_numpy(), seed))))
    alike = likeness(average_images(sums), sorter.references, sums.counts.sum(axis=0))
    return float((careful["view"] == NO_VIEW).mean()), float(np.nanmean(alike))


def main(
    count: int = 2500,
    snr: float = 0.1,
    method: str = "correlation",
    model: str = "cryoem-orientation-realistic",
    map_file: str = "",
    map_pixel_size_a: float = 5.0,
    seed: int = 0,
) -> None:
    """Print the figures of the way from particles to a map."""
    if method == "network":
        from napari_sciml.networks.registry import get_model
        from napari_sciml.techniques.cryoem.orientation.model_map import map_of

        network = get_model(model)
        figures = measure(map_of(network), count, snr, "network", network, seed)
    else:
        particle = load_map(map_file, map_pixel_size_a) if map_file else built_in_map()
        figures = measure(fit_box(particle), count, snr, "correlation", None, seed)
    typer.echo(f"{method}, SNR {snr:g}, seed {seed}")
    for name, value in vars(figures).items():
        shown = ", ".join(f"{v:.0f}" for v in value) if isinstance(value, tuple) else f"{value:.4g}"
        typer.echo(f"  {name:20s} {shown}")


if __name__ == "__main__":
    typer.run(main)
