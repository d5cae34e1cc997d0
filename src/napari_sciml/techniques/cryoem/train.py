"""``napari-sciml train cryoem``: the picker and both orientation models, from a seed."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from napari_sciml.core.progress import Progress


def train(out: Path, seed: int, quick: bool = False) -> Generator[Progress, None, Path]:
    """Simulate, train and write all models to `out`; the same call goes on where an earlier one stopped.

    `quick` makes tiny models in a minute or two, to try the pipeline; never to be used.
    """
    from napari_sciml.techniques.cryoem.orientation.train import train_orientation
    from napari_sciml.techniques.cryoem.picking.train import train_picker

    yield from train_picker(out, seed, quick)
    yield from train_orientation(out, seed, quick)
    return out
