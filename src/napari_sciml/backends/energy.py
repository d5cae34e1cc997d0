"""How many multiply-adds a network needs, and an estimate of the energy that they take.

The energies are those that Horowitz gives for single operations in 45 nm silicon ("Computing's energy problem
(and what we can do about it)", ISSCC 2014, figure 1.1.9). They leave out all memory and everything around the
arithmetic, which on a processor is most of it: good for comparing number formats, no measurement.
"""

from __future__ import annotations

from functools import lru_cache

from napari_sciml.backends.registry import BACKENDS, backend_of
from napari_sciml.networks.architectures import ARCHITECTURES, new_module


@lru_cache(maxsize=64)
def multiply_adds(architecture: str, rows: int, columns: int, stride: int = 0) -> float:
    """Count the multiply-adds of convolutions and matrix products for one image or field.

    Nothing is computed: torch counts while it follows the shapes.

    Parameters
    ----------
    stride
        Of the map of a dense network; 0 for the network's own.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    network = new_module(architecture).eval().to("meta")
    image = torch.empty(1, 1, rows, columns, device="meta")
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        network(image, stride) if stride else network(image)
    return counter.get_total_flops() / 2


def energy_mj(architecture: str, backend: str, count: float) -> float:
    """Estimate the energy of `count` multiply-adds, mJ."""
    plain = backend_of("float32").picojoules
    spec = BACKENDS.specs().get(backend)
    if spec is None:
        return count * plain * 1e-9
    share = ARCHITECTURES.of(architecture).in_integers if spec.integers else 1.0
    return count * (share * spec.picojoules + (1 - share) * plain) * 1e-9
