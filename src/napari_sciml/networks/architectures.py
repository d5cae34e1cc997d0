"""Every network by its tag. A module is imported only when one is made."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from napari_sciml.core.errors import SciMLError

if TYPE_CHECKING:
    from torch import nn

ARCHITECTURES: dict[str, tuple[str, str]] = {
    "lattice-net": ("napari_sciml.networks.lattice_net", "LatticeNet"),
    "picker-net": ("napari_sciml.networks.picker_net", "PickerNet"),
    "orientation-net": ("napari_sciml.networks.orientation_net", "OrientationNet"),
    "table-iii": ("napari_sciml.networks.table_iii", "TableIII"),
    "table-iv": ("napari_sciml.networks.table_iv", "TableIV"),
    "table-iv-printed": ("napari_sciml.networks.table_iv", "TableIVPrinted"),
    "table-vi": ("napari_sciml.networks.table_vi", "TableVI"),
    "table-vi-printed": ("napari_sciml.networks.table_vi", "TableVIPrinted"),
    "table-vii": ("napari_sciml.networks.table_vii", "TableVII"),
    "table-vii-dense": ("napari_sciml.networks.table_vii_dense", "TableVIIDense"),
}
"""Tag of a network -> the module and the class that hold it."""


def new_module(tag: str) -> nn.Module:
    """Make an untrained network.

    Raises
    ------
    SciMLError
        For a tag that this version does not know.
    """
    if tag not in ARCHITECTURES:
        raise SciMLError(
            f"This version does not know the network {tag!r}",
            f"it knows {', '.join(ARCHITECTURES)}; a newer version may know more",
        )
    module_name, class_name = ARCHITECTURES[tag]
    network: nn.Module = getattr(import_module(module_name), class_name)()
    return network


def count_parameters(module: nn.Module) -> tuple[int, int]:
    """Count the weights without the head, which is how the paper counts them, and those of the head."""
    counts = {name: weights.numel() for name, weights in module.named_parameters()}
    head = sum(number for name, number in counts.items() if name.startswith("head."))
    return sum(counts.values()) - head, head
