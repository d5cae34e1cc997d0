"""``napari-sciml train cryoem``: the picker and both orientation models, from a seed."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from napari_sciml.core.progress import Progress


def train(
    out: Path,
    seed: int,
    quick: bool = False,
    *,
    map: Path | None = None,  # noqa: A002  # the option's name
    map_pixel_size_A: float | None = None,
) -> Generator[Progress, None, Path]:
    """Simulate, train and write all models to `out`; the same call goes on where an earlier one stopped.

    Parameters
    ----------
    out
        Gets a folder for each model; with a map it becomes the folder of one.
    seed
        Decides everything.
    quick
        Make tiny models in a minute or two, to try the pipeline; never to be used.
    map, map_pixel_size_A
        A file with the map of a particle, and the edge of its voxels in Angstrom if the file does not say:
        train a model that sorts this particle into views instead of the shipped ones.

    Raises
    ------
    SciMLError
        If the map cannot be a particle.
    """
    if map is not None:
        from napari_sciml.techniques.cryoem.density.density_map import load_map
        from napari_sciml.techniques.cryoem.train.orientation.own_map import train_for_map

        return (yield from train_for_map(load_map(map, map_pixel_size_A), out, seed, quick=quick))
    from napari_sciml.techniques.cryoem.train.orientation.networks import train_orientation
    from napari_sciml.techniques.cryoem.train.picker.networks import train_picker

    yield from train_picker(out, seed, quick)
    yield from train_orientation(out, seed, quick)
    return out
