"""Every network by its tag. A module is imported only when one is made.

A package adds one with an entry point of the group ``napari_sciml.networks``: an `ArchitectureSpec`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_import import Reference, load
from napari_sciml.core.registry import Registry

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class ArchitectureSpec:
    """Describe a network.

    Attributes
    ----------
    name
        Its tag in model cards.
    network
        Reference to the torch module, made without arguments.
    graph
        Reference to the `backends.graphs.Statement` that says how it is written as ONNX; without one, only
        torch runs it.
    in_integers
        Share of its multiply-adds that the variant int8 does in integers.
    """

    name: str
    network: Reference
    graph: Reference = ""
    in_integers: float = 1.0


ARCHITECTURES = Registry(
    "network",
    ArchitectureSpec,
    "napari_sciml.networks",
    tuple(
        f"napari_sciml.networks.architectures:{name}"
        for name in (
            *("LATTICE_NET", "PICKER_NET", "ORIENTATION_NET", "TABLE_III", "TABLE_IV", "TABLE_IV_PRINTED"),
            *("TABLE_VI", "TABLE_VI_PRINTED", "TABLE_VII", "TABLE_VII_DENSE"),
        )
    ),
)


def ours(name: str, network: str, statement: str, in_integers: float = 1.0) -> ArchitectureSpec:
    """Describe a network of this program."""
    graph = f"napari_sciml.backends.graphs.graph_writers:{statement}"
    return ArchitectureSpec(name, f"napari_sciml.networks.{network}", graph, in_integers)


LATTICE_NET = ours("lattice-net", "ours.lattice:LatticeNet", "LATTICE_NET", 0.92)
PICKER_NET = ours("picker-net", "ours.picker:PickerNet", "PICKER_NET")
ORIENTATION_NET = ours("orientation-net", "ours.orientation:OrientationNet", "ORIENTATION_NET", 0.11)
TABLE_III = ours("table-iii", "paper.table_iii:TableIII", "TABLE_III")
TABLE_IV = ours("table-iv", "paper.table_iv:TableIV", "TABLE_IV")
TABLE_IV_PRINTED = ours("table-iv-printed", "paper.table_iv:TableIVPrinted", "TABLE_IV")
TABLE_VI = ours("table-vi", "paper.table_vi:TableVI", "TABLE_VI")
TABLE_VI_PRINTED = ours("table-vi-printed", "paper.table_vi:TableVIPrinted", "TABLE_VI")
TABLE_VII = ours("table-vii", "paper.table_vii:TableVII", "TABLE_VII")
TABLE_VII_DENSE = ours("table-vii-dense", "paper.table_vii_dense:TableVIIDense", "TABLE_VII_DENSE", 0.94)


def architecture_names() -> list[str]:
    """Return the tags of all networks."""
    return list(ARCHITECTURES.specs())


def new_module(tag: str) -> nn.Module:
    """Make an untrained network.

    Raises
    ------
    SciMLError
        For a tag that this version does not know.
    """
    known = ARCHITECTURES.specs()
    if tag not in known:
        raise SciMLError(
            f"This version does not know the network {tag!r}",
            f"it knows {', '.join(known)}; a newer version may know more",
        )
    network: nn.Module = load(known[tag].network)()
    return network


def count_parameters(module: nn.Module) -> tuple[int, int]:
    """Count the weights without the head, which is how the paper counts them, and those of the head."""
    counts = {name: weights.numel() for name, weights in module.named_parameters()}
    head = sum(number for name, number in counts.items() if name.startswith("head."))
    return sum(counts.values()) - head, head
