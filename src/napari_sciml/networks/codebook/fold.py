"""Fold batch normalisation into the convolutions before it, which low-bit and integer networks both need."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold(module: nn.Module) -> nn.Module:
    """Fold every batch normalisation that follows a convolution in a sequence, in place.

    The convolution gets a bias, the batch normalisation becomes an identity, and the network in evaluation
    mode gives the same answers but for rounding. Names of the other tensors stay.
    """
    for part in module.modules():
        if not isinstance(part, nn.Sequential):
            continue
        for place in range(len(part) - 1):
            convolution, norm = part[place], part[place + 1]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                part[place] = fuse_conv_bn_eval(convolution.eval(), norm.eval())
                part[place + 1] = nn.Identity()
    return module.eval()
