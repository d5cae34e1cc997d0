"""What a person changed in the points of a result: as data, so that it is saved and comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True, eq=False)
class Corrections:
    """The points of one overlay that a person made, described or took away.

    A point of the network is known again by its position, to the last bit.

    Attributes
    ----------
    positions
        ``(n, axes)`` in pixels of the source.
    features
        One row for each, in the same order: ``score, label, source`` and whatever columns the person added.
        Where ``source`` is ``model``, the person gave a point of the network a label or a value of their own;
        it is kept also while the threshold hides the point.
    deleted
        ``(m, axes)``: points that the network found and the person took away. They do not come back at any
        threshold.
    """

    positions: npt.NDArray[np.float64]
    features: pd.DataFrame
    deleted: npt.NDArray[np.float64]

    @classmethod
    def none(cls, axes: int) -> Corrections:
        """Return what nobody changed yet, in an image of so many axes."""
        return cls(np.empty((0, axes)), pd.DataFrame(), np.empty((0, axes)))

    def __bool__(self) -> bool:
        return bool(len(self.positions) or len(self.deleted) or len(self.features.columns))

    def __eq__(self, other: Any) -> bool:
        return (
            isinstance(other, Corrections)
            and np.array_equal(self.positions, other.positions)
            and np.array_equal(self.deleted, other.deleted)
            and self.features.equals(other.features)
        )

    __hash__ = None  # type: ignore[assignment]
