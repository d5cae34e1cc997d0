"""From a frame to what is looked at: cleaned, on q axes, and as the network's square."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.no_pixel import Ranges
from napari_sciml.core.source import ImageSource
from napari_sciml.io.masks.frame_mask import FrameMask
from napari_sciml.techniques.gisaxs.axes.q_image import QAxes, QImage
from napari_sciml.techniques.gisaxs.clean import Account, clean_frame
from napari_sciml.techniques.gisaxs.network_square import MISSING, count_like, network_square
from napari_sciml.techniques.gisaxs.settings import GisaxsSettings

LEAST_MEASURED = 0.1
"""Share of the square that has to be measured; a frame with less is left out and named. Set by hand."""


@dataclass(frozen=True)
class Reader:
    """Turns the frames of one source into images in q.

    Attributes
    ----------
    axes
        Where pixels lie in q.
    mask
        Pixels to ignore, or None.
    log
        Whether the grey scale is a logarithm already.
    notes
        How axes and mask were obtained.
    limit
        Highest count that the detector vouches for, if its file says.
    stated
        Values that the file says to mean "not measured".
    told
        What a person should know of the masks.
    """

    axes: QAxes
    mask: FrameMask | None
    log: bool
    notes: tuple[str, ...]
    limit: float | None = None
    stated: Ranges = ()
    told: tuple[str, ...] = ()

    @classmethod
    def of(cls, source: ImageSource, settings: GisaxsSettings) -> Reader:
        """Choose axes and mask for a source.

        Raises
        ------
        SciMLError
            If the geometry is not known or does not fit, or the mask does not fit.
        """
        from napari_sciml.io.formats.saturation import count_limit
        from napari_sciml.io.masks.setting import find_mask
        from napari_sciml.io.masks.stated_values import stated_values
        from napari_sciml.techniques.gisaxs.axes.choose import choose_axes

        axes = choose_axes(settings, source)
        choice = find_mask(settings.mask, source)
        notes = tuple(note for note in (axes.sentence, choice.note) if note)
        limit = count_limit(source.place(0)[0] if source.place is not None else source.path)
        log = settings.intensity == "log"
        return cls(axes, choice.mask, log, notes, limit, stated_values(source), choice.cautions)

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a person should be told at once."""
        if not self.axes.relative:
            return self.told
        caution = (
            "No q ranges were given: the image is taken to show q_y on both sides as far as q_z, and no "
            "distance can be stated. Give qy_range and qz_range."
        )
        return (caution, *self.told)

    def look(self, frame: npt.NDArray[Any], number: int = 0) -> tuple[QImage, Account]:
        """Return a frame in q, its values count-like, and what was left out of it.

        `number` is its place in the source, for masks that differ from frame to frame.

        Raises
        ------
        SciMLError
            If nothing in it was measured, or its values cannot be intensities.
        """
        mask = None if self.mask is None else self.mask.of(number)
        intensity: Literal["linear", "log"] = "log" if self.log else "linear"
        values, account = clean_frame(frame, mask, intensity, self.limit, self.stated)
        return self.axes.to_q(count_like(values, log=self.log)), account

    def square(self, image: QImage) -> npt.NDArray[np.float32]:
        """Return the network's square ``(100, 100)`` of an image.

        Raises
        ------
        SciMLError
            If hardly anything of it was measured.
        """
        square = network_square(image)
        share = float((square != MISSING).mean())
        if share < LEAST_MEASURED:
            raise SciMLError(
                f"Only {share:.0%} of the part around q = 0 was measured", "check the mask and the q ranges"
            )
        if float(square.max()) <= 0:
            raise SciMLError("It holds no intensity in the part that is looked at", "check the q ranges")
        return square
