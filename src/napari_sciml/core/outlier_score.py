"""How much an answer looks like no lattice at all: one number from the probabilities of the classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def outlier_score(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return the entropy of each row ``(n, classes)`` over its largest possible value, 0 to 1.

    A network that was taught to answer "all alike" on what is no lattice has it near 1 there. Two classes
    that share the answer, as FCC111 and HCP may, give 0.36 only.
    """
    p = np.clip(probabilities.astype(np.float64), 1e-12, 1)
    result: npt.NDArray[np.float64] = -(p * np.log(p)).sum(axis=1) / np.log(p.shape[1])
    return result
