"""`Context`: what a technique decides with besides candidates and settings, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class Context:
    """Facts of one run that `Technique.decide` and `Technique.write` need and that the settings do not hold.

    A subclass names them as fields: numbers, words, tuples of them, arrays and tables. They hold no file, no
    network and no function, so a context can be sent to another process and saved.
    """

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(same(getattr(self, one.name), getattr(other, one.name)) for one in fields(self))

    __hash__ = None  # type: ignore[assignment]


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal to the last bit; NaN equals NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, pd.DataFrame):
        return one.equals(other) and list(one.dtypes) == list(other.dtypes)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    if isinstance(one, float):
        return one == other or (one != one and other != other)
    return bool(one == other)
