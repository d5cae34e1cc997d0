"""GISAXS images made by code, with the lattice known.

The physical protocol: `spec` says what is simulated, `grains` cuts finite crystals, `powder` averages them
over the azimuth, `dwba` lets them scatter on a substrate, `film` sums them up and `detector` makes the image.
`direct` is the slow and plain way that they are tested against. `hipgisaxs` is the other protocol, the
paper's own, and shares only the optics.
"""

from napari_sciml.techniques.gisaxs.simulate.image import Pattern, simulate
from napari_sciml.techniques.gisaxs.simulate.spec import GisaxsSpec, Ranges

__all__ = ["GisaxsSpec", "Pattern", "Ranges", "simulate"]
