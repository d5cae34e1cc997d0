"""What a person can tell the hit finder."""

from __future__ import annotations

from pydantic import Field

from napari_sciml.core.mask_setting import MaskSetting
from napari_sciml.core.settings import RunSettings


class DiffractionSettings(RunSettings):
    """Settings of a run over diffraction frames."""

    min_tiles: int = Field(
        3, ge=1, le=900, description="A frame is a hit if at least so many tiles hold Bragg spots."
    )
    mask: MaskSetting = Field(
        None,
        description="Pixels to ignore: an image file of the frames' size, not zero where to ignore. Empty "
        "takes the mask in the data file, if it has one; 'none' takes no mask.",
    )
    hot_pixels: bool = Field(
        True,
        description="Look through the stack for single pixels that are bright in most frames; ignore them.",
    )
    drop_suspects: bool = Field(
        True,
        description="Do not count tiles whose spots lie on rings around the beam, as those of ice do.",
    )
