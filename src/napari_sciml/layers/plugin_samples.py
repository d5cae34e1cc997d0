"""Puts the samples of other packages' sciences into File > Open Sample, beside ours.

Our own stand in the manifest, which is a file. Those of other packages are known only when the program runs:
napari calls `offer_samples` when anything of this plugin is used for the first time.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from napari_sciml.layers.samples import sample_layers
from napari_sciml.techniques import specs
from napari_sciml.techniques.registry import OURS

PLUGIN = "napari-sciml-samples"


def offer_samples(context: Any = None) -> None:
    """Offer the samples of all sciences that are not ours, unless they are offered already.

    Parameters
    ----------
    context
        What napari hands over; it is not looked at.
    """
    from npe2 import DynamicPlugin, PluginManager

    manager = PluginManager.instance()
    found = {
        name: spec.sample for name, spec in specs().items() if name not in OURS and spec.sample is not None
    }
    if not found or PLUGIN in manager:
        return
    plugin = DynamicPlugin(PLUGIN, plugin_manager=manager)
    plugin.manifest.display_name = "napari-sciml"
    for name, sample in found.items():
        plugin.contribute.sample_data(
            named(partial(sample_layers, name), name),
            key=sample.key,
            display_name=sample.title,
            title=f"Open {sample.title}",
        )
    # Last: napari builds its menu of what is there when a plugin is registered.
    plugin.register()


def named(call: Any, name: str) -> Any:
    """Return a call the name by which npe2 keeps it."""
    call.__name__ = f"open_{name.replace('-', '_')}"
    return call
