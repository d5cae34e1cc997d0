"""Seconds for one slice of 2560 x 2560 px, everything included: reading, network, peaks and tables."""

from __future__ import annotations

from typing import Any

from benchmarks.images import texture
from benchmarks.timing import in_turns
from napari_sciml.core.progress import drive
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.model import Model
from napari_sciml.techniques.microct.recipe import STRIDE, MicroCT
from napari_sciml.techniques.microct.settings import MicroCTSettings

EDGE_PX = 2560


def measure(model: Model, rounds: int) -> dict[str, Any]:
    """Time a run on one slice with each runtime, at the native scale and rescaled."""
    source = ImageSource.from_array(texture(EDGE_PX, EDGE_PX))
    ways = {}
    for runtime in ("torch", "onnxruntime"):
        for diameter in (13.5, 20.0):
            settings = MicroCTSettings(model=str(model.folder), runtime=runtime, fiber_diameter_px=diameter)
            name = f"{runtime}, fibres {diameter:g} px across"
            ways[name] = lambda s=settings: drive(MicroCT().run(source, s))
    seconds = in_turns(ways, rounds)
    table = [{"way": name, "seconds": min(spent)} for name, spent in seconds.items()]
    return {"edge_px": EDGE_PX, "stride": STRIDE, "rows": table}
