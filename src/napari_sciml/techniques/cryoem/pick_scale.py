"""`PickScale`: all lengths of a run, derived from one number that a person knows, the particle's diameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.settings import parse_settings
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.cryoem.settings import CryoEMSettings

NETWORK_DIAMETER_PX = 18.0
"""Diameter of a particle in the image that the picker sees."""
SUPPRESSION = 0.6
"""Two picks may not lie nearer to each other than this share of the diameter."""
BOX = 1.6
"""Edge of the box around a particle, in diameters: room for what the CTF has spread around it."""
UNIT_A = {
    "nm": 10.0,
    "um": 1e4,
    "µm": 1e4,
    "micrometer": 1e4,
    "angstrom": 1.0,
    "Å": 1.0,
    "A": 1.0,
    "pm": 0.01,
}


@dataclass(frozen=True)
class PickScale:
    """Lengths in pixels of the micrograph unless the name says otherwise.

    Attributes
    ----------
    diameter_px
        Longest diameter of a particle.
    pixel_size_A
        Edge of a pixel, or None if nobody said.
    """

    diameter_px: float
    pixel_size_A: float | None

    @property
    def downsampling(self) -> float:
        """How many pixels of the micrograph make one of the image that the picker sees; at least 1/2."""
        return self.diameter_px / NETWORK_DIAMETER_PX

    @property
    def suppression_px(self) -> float:
        """Smallest distance of two picks."""
        return SUPPRESSION * self.diameter_px

    @property
    def box_px(self) -> int:
        """Edge of the box around a particle, an even number."""
        return 2 * round(BOX * self.diameter_px / 2)

    @property
    def lowpass_px(self) -> float:
        """Finest period that the picker sees: two of its own pixels."""
        return 2 * self.downsampling

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return what follows from the diameter, as the panel shows it."""
        size = self.pixel_size_A
        fine = f"{self.lowpass_px:.0f} px" if size is None else f"{self.lowpass_px * size:.0f} Å"
        return (
            f"downsampled {self.downsampling:.1f} times, details finer than {fine} are not seen",
            f"picks at least {self.suppression_px:.0f} px apart, box {self.box_px} px",
        )


def pixel_size_A(source: ImageSource, settings: CryoEMSettings) -> float | None:
    """Return the edge of a pixel in Angstrom: what a person said, else what the file says, else None."""
    if settings.pixel_size_A is not None:
        return settings.pixel_size_A
    if source.pixel_size is None or source.unit not in UNIT_A:
        return None
    size = source.pixel_size[-1] * UNIT_A[source.unit]
    return size if size > 0 else None


def with_known(source: ImageSource, settings: CryoEMSettings) -> CryoEMSettings:
    """Return the settings with what the data itself states, where a person said nothing."""
    said = settings.particle_diameter_px is not None or settings.particle_diameter_A is not None
    stated = {
        name: source.known[name]
        for name in ("particle_diameter_A", "truth")
        if name in source.known and getattr(settings, name) is None and not (said and "diameter" in name)
    }
    return settings.model_copy(update=stated) if stated else settings


def pick_scale(source: ImageSource, settings: CryoEMSettings) -> PickScale:
    """Derive the lengths of a run.

    Raises
    ------
    SciMLError
        If no diameter was given, or one in Angstrom without a pixel size, or one that cannot be picked.
    """
    settings = with_known(source, settings)
    size = pixel_size_A(source, settings)
    if settings.particle_diameter_px is not None and settings.particle_diameter_A is not None:
        raise SciMLError("The particle diameter was given twice, in pixels and in Angstrom", "give one")
    if settings.particle_diameter_px is not None:
        diameter = settings.particle_diameter_px
    elif settings.particle_diameter_A is None:
        raise SciMLError("The particle diameter is not known", "type it, in Angstrom or in pixels")
    elif size is None:
        raise SciMLError(
            f"{source.name} does not say its pixel size, so {settings.particle_diameter_A:g} Å has no "
            "length in pixels",
            "type the pixel size in Angstrom, or the diameter in pixels",
        )
    else:
        diameter = settings.particle_diameter_A / size
    shortest = min(source.shape[-2:])
    if not 8 <= diameter <= shortest / 2:
        raise SciMLError(
            f"A particle of {diameter:.3g} px cannot be picked in an image of "
            f"{source.shape[-2]} x {source.shape[-1]} px",
            f"give a diameter between 8 and {shortest // 2} px; see whether the pixel size is right",
        )
    return PickScale(diameter, size)


def diameter_known(known: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Use the diameter that an image states unless a person said one; the rest is no setting of a run."""
    name = "particle_diameter_A"
    if name not in known or {name, "particle_diameter_px"} & set(values):
        return {}
    return {name: known[name]}


def recorded_diameter_px(settings: Mapping[str, Any], source: ImageSource) -> float:
    """Return the diameter of a particle in pixels, as a run with these recorded settings derived it.

    Raises
    ------
    SciMLError
        If they do not say it.
    """
    known = {name: value for name, value in settings.items() if name in CryoEMSettings.model_fields}
    return pick_scale(source, parse_settings(CryoEMSettings, known)).diameter_px
