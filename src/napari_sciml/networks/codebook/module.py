"""A low-bit network as a torch module, with its input step."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.codebook.constrained import Constrained, FloatArray
from napari_sciml.networks.codebook.fold import fold
from napari_sciml.networks.codebook.kmeans import quantised, thresholds
from napari_sciml.networks.model import Model


def folded_module(model: Model) -> nn.Module:
    """Return the float32 network with its batch normalisation folded."""
    return fold(model.build())


def weights_of(module: nn.Module) -> dict[str, FloatArray]:
    """Return the parameters of a network by name; buffers are no weights."""
    return {name: tensor.detach().numpy() for name, tensor in module.named_parameters()}


def constrained_module(model: Model, constrained: Constrained) -> nn.Module:
    """Return the network with its levels; its input must have gone through `quantise`.

    Raises
    ------
    SciMLError
        If the codebook belongs to another network.
    """
    module = folded_module(model)
    return loaded(module, constrained, model.architecture)


def loaded(module: nn.Module, constrained: Constrained, name: str) -> nn.Module:
    """Put the levels into a folded network of the right shape, in place."""
    tensors = {key: torch.from_numpy(values) for key, values in constrained.expand().items()}
    try:
        missing, unknown = module.load_state_dict(tensors, strict=False)
    except RuntimeError as error:
        raise SciMLError(f"The codebook does not fit the network {name}", "choose another one") from error
    names = {key for key, _ in module.named_parameters()}
    if unknown or names & set(missing):
        raise SciMLError(f"The codebook does not fit the network {name}", "choose another one")
    if constrained.data is not None:
        pad_like_data(module, constrained.data)
    return module.eval()


def quantise(images: Tensor, levels: Tensor, edges: Tensor) -> Tensor:
    """Replace each pixel by its level; `edges` are the thresholds between the levels."""
    return levels[torch.bucketize(images.contiguous(), edges, right=True)]


def data_tables(data: FloatArray) -> tuple[Tensor, Tensor]:
    """Return levels and thresholds of the data as tensors."""
    return torch.from_numpy(data.copy()), torch.from_numpy(thresholds(data))


def pad_like_data(module: nn.Module, data: FloatArray) -> None:
    """Let the first convolution pad the image with the level of zero: zero itself is in general no level.

    Further channels of its input, which are no data, are padded with zeros as ever.
    """
    first = next((part for part in module.modules() if isinstance(part, nn.Conv2d)), None)
    if first is None or first.padding_mode != "zeros" or first.padding in ((0, 0), "valid"):
        return
    level = float(quantised(np.zeros(1, np.float32), data)[0])
    first.forward = partial(padded_convolution, first, level)  # type: ignore[method-assign]


def padded_convolution(convolution: nn.Conv2d, level: float, images: Tensor) -> Tensor:
    """Convolve an image whose surroundings have the value `level`."""
    rows, columns = (int(n) for n in convolution.padding)
    sides = (columns, columns, rows, rows)
    padded = nnf.pad(images[:, :1], sides, value=level)
    if images.shape[1] > 1:
        padded = torch.cat((padded, nnf.pad(images[:, 1:], sides)), dim=1)
    return nnf.conv2d(padded, convolution.weight, convolution.bias, convolution.stride)
