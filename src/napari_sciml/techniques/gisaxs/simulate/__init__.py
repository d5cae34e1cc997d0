"""GISAXS images made by code, with the lattice known.

The physical protocol: `spec` says what is simulated, `grains` cuts finite crystals, `powder` averages them
over the azimuth, `dwba` lets them scatter on a substrate, `film` sums them up and `detector` makes the image.
`hipgisaxs` is the other protocol, the
paper's own, and shares only the optics.
"""

from typing import TYPE_CHECKING, Any

from napari_sciml.techniques.gisaxs.simulate.spec import GisaxsSpec

if TYPE_CHECKING:
    from napari_sciml.techniques.gisaxs.simulate.image import Pattern, simulate

__all__ = ["GisaxsSpec", "Pattern", "simulate"]


def __getattr__(name: str) -> Any:
    """Import what needs torch only when it is asked for: a form with sliders needs the settings alone."""
    if name in ("Pattern", "simulate"):
        from napari_sciml.techniques.gisaxs.simulate import image

        return getattr(image, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
