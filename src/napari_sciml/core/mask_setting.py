"""The mask as a setting: a file, an array, or none; every technique with a detector takes it alike."""

from __future__ import annotations

import os
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, PlainSerializer

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
    """Return in the run record which mask was used."""
    if isinstance(value, np.ndarray):
        return f"array of {value.shape[0]} x {value.shape[1]} px, {int(value.sum())} of them ignored"
    return None if value is None else str(value)


MaskSetting = Annotated[Any, BeforeValidator(check_mask), PlainSerializer(describe_mask)]
