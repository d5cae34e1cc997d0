"""How near a variant comes to its float32 parent."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.networks.card import Metric
from napari_sciml.networks.normalise.pixels import FloatArray
from napari_sciml.training.metrics import wilson

TIE_MARGIN = 0.1
"""Difference of probability below which either of the two best classes may win; set by hand, as in
`backends.tuner`."""
SPLIT = "training images kept apart"


def agreement(wanted: FloatArray, found: FloatArray, *, dense: bool) -> tuple[Metric, ...]:
    """Compare probabilities ``(n, classes)`` of the parent and of a variant, label by label.

    The last figure leaves out where two classes of float32 are nearly equal, as for images of nothing that
    was learned.

    Parameters
    ----------
    dense
        Whether the rows are elements of maps.
    """
    same = wanted.argmax(axis=1) == found.argmax(axis=1)
    what = "elements of maps" if dense else "images"
    furthest = np.abs(found - wanted).max()
    rates = [
        share(
            "agreement with float32",
            same,
            f"labels of {what}; the largest difference of a probability is {furthest:.3f}",
        )
    ]
    if dense:
        # Most of a field is background, which hides the rest.
        labels = wanted.argmax(axis=1)
        kinds = [same[labels == label] for label in np.unique(labels)]
        rarest = min(kinds, key=len)
        rates.append(
            share("agreement with float32, rarest label", rarest, f"{what} with the rarest label of float32")
        )
    best = np.sort(wanted, axis=1)
    sure = best[:, -1] - best[:, -2] > TIE_MARGIN
    if sure.any():
        note = f"{what} whose two best classes are more than {TIE_MARGIN} apart in float32"
        rates.append(share("agreement with float32, where it is sure", same[sure], note))
    return tuple(rates)


def share(name: str, same: npt.NDArray[np.bool_], note: str) -> Metric:
    """Return a share with its interval."""
    value = float(same.mean())
    low, high = wilson(int(same.sum()), len(same))
    # The formula misses 0 and 1 by rounding.
    ends = {"low": min(low, value), "high": max(high, value)}
    return Metric(name=name, value=value, n=len(same), split=SPLIT, note=note, **ends)
