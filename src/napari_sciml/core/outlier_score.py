"""How much an answer is out of distribution: one number from the probabilities of the classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def outlier_score(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return the entropy of each row ``(n, classes)`` over its largest possible value, 0 to 1.

    A network that was trained to answer "all alike" on what is none of its classes has it near 1 there. Two
    of seven classes that share the answer give 0.36 only.
    """
    p = np.clip(probabilities.astype(np.float64), 1e-12, 1)
    result: npt.NDArray[np.float64] = -(p * np.log(p)).sum(axis=1) / np.log(p.shape[1])
    return result
