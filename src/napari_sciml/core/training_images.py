"""`Examples`: training images of a model, as its network sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Examples:
    """Images that a network can be calibrated on and trained with; the later ones validate it.

    Attributes
    ----------
    images
        ``(n, h, w)``, normalised; fields for a dense model. In random order.
    description
        What they are, for a model card.
    vary
        ``vary(batch)`` changes a torch batch ``(b, h, w)`` a little, as training did whenever it showed an
        image; None if training showed each image as it is. Where a map is learnt, nothing may move.
    """

    images: npt.NDArray[np.float32]
    description: str
    vary: Callable[[Any], Any] | None = None
