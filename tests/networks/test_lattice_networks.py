"""Table VI and the lattice network: sizes of the paper, and what their inputs do to them."""

import numpy as np
import pytest
import torch

from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.architectures import new_module
from napari_sciml.networks.normalise.log_contrast import CLIP, LogContrast
from napari_sciml.networks.paper.table_vi import PAPER_PARAMETERS


@pytest.mark.parametrize("tag", ["table-vi", "table-vi-printed"])
def test_table_vi_has_the_maps_and_weights_of_the_paper(tag: str) -> None:
    module = new_module(tag)
    assert sum(weights.numel() for weights in module.parameters()) == PAPER_PARAMETERS
    shapes: list[tuple[int, ...]] = []
    for name in ("conv1", "conv2", "conv3"):
        module.get_submodule(name).register_forward_hook(lambda _, __, out: shapes.append(tuple(out.shape)))
    assert module(torch.zeros(2, 1, 100, 100)).shape == (2, 7)
    assert shapes == [(2, 20, 96, 96), (2, 20, 44, 44), (2, 50, 19, 19)]


def test_as_printed_nothing_but_the_pooling_bends() -> None:
    module = new_module("table-vi-printed").eval()
    for name, weights in module.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.zeros_(weights)
    images = torch.randn(3, 1, 100, 100)
    # Convolutions and maxima scale with their input; a ReLU would, too, but not its mirror image.
    assert torch.allclose(module(2 * images), 2 * module(images), rtol=1e-3, atol=1e-5)


def test_the_lattice_network_knows_where_a_spot_is() -> None:
    torch.manual_seed(0)
    module = new_module("lattice-net").eval()
    images = torch.zeros(2, 1, 100, 100)
    images[0, 0, 20:24, 20:24] = images[1, 0, 52:56, 52:56] = 5.0
    with torch.inference_mode():
        one, other = module(images)
    assert not torch.allclose(one, other, atol=1e-4)


def test_contrast_forgets_scale_of_bright_counts_and_the_unmeasured() -> None:
    rng = np.random.default_rng(0)
    counts = rng.poisson(5000, (1, 100, 100)).astype(np.float32)
    counts[0, 50, 50] = 60_000
    rule = LogContrast()
    plain = rule.apply(counts)
    assert plain.dtype == np.float32
    assert plain[0, 50, 50] == CLIP
    # At large counts the logarithm turns a factor into a constant, which goes with the surroundings.
    assert np.abs(rule.apply(counts * 10) - plain).max() < 0.05
    holed = counts.copy()
    holed[0, 10:20, 10:20] = -1
    seen = rule.apply(holed)
    assert (seen[0, 10:20, 10:20] == 0).all()
    assert np.abs(seen - plain)[0, 40:].max() < 0.05


def test_a_flat_or_empty_image_gives_no_contrast() -> None:
    assert np.abs(LogContrast().apply(np.full((1, 30, 30), 7.0))).max() < 1e-3
    assert (LogContrast().apply(np.full((1, 30, 30), -1.0)) == 0).all()


def test_values_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(SciMLError, match="not finite"):
        LogContrast().apply(np.full((1, 9, 9), np.nan))
    with pytest.raises(SciMLError, match="shape"):
        LogContrast().apply(np.zeros((9, 9)))
