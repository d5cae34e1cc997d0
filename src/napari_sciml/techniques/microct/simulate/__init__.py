"""A ceramic-matrix composite made by code and seen through a tomograph, with every fibre known.

`spec` says what is made, `packing` and `paths` place the fibres, `materials` gives the physics of each
phase, `rasterise` paints slices, `imaging` turns them into reconstructions, `phantom` puts it together
and `patches` cuts labelled examples.
"""

from napari_sciml.techniques.microct.simulate.phantom import Phantom, simulate_volume
from napari_sciml.techniques.microct.simulate.spec import PhantomSpec, random_spec

__all__ = ["Phantom", "PhantomSpec", "random_spec", "simulate_volume"]
