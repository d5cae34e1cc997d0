"""What a person can tell the hit finder."""

from __future__ import annotations

import os
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field, PlainSerializer

from napari_sciml.core.settings import RunSettings

NO_MASK = "none"


def check_mask(value: Any) -> Any:
    """Take a path or the word ``none`` as text, an array as flags ``(h, w)``, true where to ignore."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    flags = np.asarray(value)
    if flags.ndim != 2 or flags.dtype.kind not in "buif":
        raise ValueError(f"give a file or an array (rows, columns), not one of shape {flags.shape}")
    return flags != 0


def describe_mask(value: Any) -> str | None:
    """Say in the run record which mask was used."""
    if isinstance(value, np.ndarray):
        return f"array of {value.shape[0]} x {value.shape[1]} px, {int(value.sum())} of them ignored"
    return None if value is None else str(value)


MaskSetting = Annotated[Any, BeforeValidator(check_mask), PlainSerializer(describe_mask)]


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
