"""A model for a user's own protein: simulate its map, fine-tune the shipped network, write a folder."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.io.formats.mrc import write_mrc
from napari_sciml.networks.ours.orientation import OrientationNet
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.cryoem.density.density_map import (
    BOX_PX,
    DensityMap,
    check_density,
    even,
    fit_box,
)
from napari_sciml.techniques.cryoem.orientation.model_map import MAP_FILE
from napari_sciml.techniques.cryoem.train import examples
from napari_sciml.techniques.cryoem.train.orientation.calibrate import calibrate
from napari_sciml.techniques.cryoem.train.orientation.learn import MINUTES, QUICK, fit_to_map
from napari_sciml.techniques.cryoem.train.orientation.networks import (
    PROBES,
    REALISTIC_NAME,
    both_logs,
    realistic_card,
)
from napari_sciml.training.quantisation.calibration_set import save_trained


def train_for_map(
    particle_map: DensityMap,
    out: Path,
    seed: int = 0,
    *,
    epochs: int | None = None,
    quick: bool = False,
    cancel: CancelToken | None = None,
) -> Generator[Progress, None, Path]:
    """Write a model of the realistic protocol for `particle_map` into the folder `out`, and give it back.

    Parameters
    ----------
    particle_map
        A map of any even edge; it is fitted to the box of 64 here, and stored beside the weights.
    epochs
        Rounds with few angles compared; None takes those that need some minutes.
    quick
        A tiny model in seconds, to try the pipeline; never to be used.

    Raises
    ------
    SciMLError
        If the map cannot be a particle.
    """
    check_density(particle_map.density, particle_map.name)
    particle = fit_box(replace(particle_map, density=even(particle_map.density)), BOX_PX)
    settings = QUICK if quick else MINUTES
    if epochs is not None:
        settings = replace(settings, coarse=replace(settings.coarse, epochs=epochs))
    start = get_model(REALISTIC_NAME).build()
    assert isinstance(start, OrientationNet)
    folder = out / "work"
    module = yield from fit_to_map(particle, settings, seed, folder, start, cancel)
    found = calibrate(module, particle, seed, 20 if quick else PROBES // 2)
    command = f"napari-sciml train cryoem --map FILE --seed {seed}" + (" --quick" if quick else "")
    card = realistic_card(out.name, particle, MAP_FILE, settings, found, seed, command)
    with TemporaryDirectory() as draft:
        stored = write_mrc(Path(draft) / MAP_FILE, particle.density, particle.pixel_size_A).read_bytes()
    yield from save_trained(out, module, card, examples, {**both_logs(folder), MAP_FILE: stored})
    return out
