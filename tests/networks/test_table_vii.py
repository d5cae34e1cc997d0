from __future__ import annotations

import pytest
import torch

from napari_sciml.networks.architectures import count_parameters
from napari_sciml.networks.paper.table_vii import PAPER_PARAMETERS, TableVII
from napari_sciml.networks.paper.table_vii_dense import (
    TableVIIDense,
    difference_kernel,
    differences,
)

STRIDES = [1, 2, 4]


def test_parameters_are_the_printed_total():
    by_hand = (5 * 5 * 64 + 64) + (5 * 5 * 64 * 64 + 64) + (1024 * 384 + 384) + (384 * 192 + 192)
    body, head = count_parameters(TableVII())
    assert body == by_hand == PAPER_PARAMETERS == 571_648
    assert head == 192 * 2 + 2


def test_dense_layers_hold_the_printed_share():
    layers = dict(TableVII().named_parameters())
    dense = sum(layers[name].numel() for name in layers if name.startswith("dense."))
    # The paper prints 81.78 %.
    assert 100 * dense / PAPER_PARAMETERS == pytest.approx(81.785, abs=5e-4)


def test_sizes_are_those_of_the_table():
    network = TableVII()
    patches = torch.zeros(3, 1, 16, 16)
    sizes = []
    for layer in network.convolutions:
        patches = layer(patches)
        sizes.append(tuple(patches.shape[1:]))
    assert sizes[0] == (64, 16, 16)
    assert sizes[2:4] == [(64, 8, 8), (64, 8, 8)]
    assert sizes[5] == (64, 4, 4)
    assert network.signature(torch.zeros(3, 1, 16, 16)).shape == (3, 192)
    assert network(torch.zeros(3, 1, 16, 16)).shape == (3, 2)


@pytest.fixture
def network():
    torch.manual_seed(1)
    return TableVIIDense().eval()


def test_differences_with_their_kernel_are_the_zero_sum_convolution():
    torch.manual_seed(2)
    kernel = torch.randn(7, 1, 5, 5, dtype=torch.float64)
    field = torch.randn(2, 1, 23, 31, dtype=torch.float64)
    plain = torch.nn.functional.conv2d(field, kernel - kernel.mean((2, 3), keepdim=True))
    rewritten = torch.nn.functional.conv2d(differences(field), difference_kernel(kernel))
    torch.testing.assert_close(rewritten, plain, rtol=0, atol=1e-12)


@pytest.mark.parametrize("stride", STRIDES)
@torch.inference_mode()
def test_map_is_every_window_by_itself(network, stride):
    field = torch.randn(1, 1, 45, 38)
    logits = network(field, stride)
    windows = field[0, 0].unfold(0, 16, stride).unfold(1, 16, stride)
    alone = network(windows.reshape(-1, 1, 16, 16))
    assert logits.shape[2:] == windows.shape[:2]
    torch.testing.assert_close(
        logits.permute(0, 2, 3, 1).reshape(-1, 2), alone[:, :, 0, 0], rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("stride", STRIDES)
@torch.inference_mode()
def test_grey_scale_of_a_window_does_not_matter(network, stride):
    field = torch.randn(1, 1, 45, 38)
    reference = network(field, stride)
    torch.testing.assert_close(network(field * 37.0 - 250.0, stride), reference, rtol=0, atol=2e-5)
    # The sign does: a negative is another image.
    assert (network(-field, stride) - reference).abs().max() > 1e-3


@torch.inference_mode()
def test_flat_window_has_no_features_at_any_grey(network):
    nothing = network(torch.zeros(1, 1, 40, 40), 2)
    for grey in (0.1, 3.7, -1234.567):
        field = torch.full((1, 1, 40, 40), grey)
        torch.testing.assert_close(network(field, 2), nothing, rtol=0, atol=0)


@torch.inference_mode()
def test_pixels_outside_a_window_do_not_matter(network):
    field = torch.randn(1, 1, 60, 60)
    other = field.clone()
    other[..., 32:, :] = torch.randn(28, 60) * 1e4 + 1e6
    same = network(field, 1)[:, :, :17]
    torch.testing.assert_close(network(other, 1)[:, :, :17], same, rtol=0, atol=1e-5)


def test_training_reaches_every_weight(network):
    network(torch.randn(4, 1, 16, 16)).square().sum().backward()
    for name, weights in network.named_parameters():
        assert weights.grad.abs().max() > 0, name
