"""Peaks, rings, arcs and lines of a GISAXS image, whatever made them: nothing here knows a lattice.

`noise` says how sure each pixel is, `peaks` finds what stands out in every direction, `ridges` what stands
out across and goes on along a circle or a straight line, `curves` measures and draws it.

Their limits were set by hand; the tests hold them to how few features images of pure noise show, and to
features of known place and width in simulated images.
"""

from __future__ import annotations

import pandas as pd

from napari_sciml.techniques.gisaxs.axes.q_image import QImage
from napari_sciml.techniques.gisaxs.features.curves import find_curves, outline
from napari_sciml.techniques.gisaxs.features.noise import flatten
from napari_sciml.techniques.gisaxs.features.peaks import find_peaks, without_peaks
from napari_sciml.techniques.gisaxs.local_contrast import log_image

__all__ = ["COLUMNS", "find_features", "outline"]

COLUMNS = ("kind", "q_y", "q_z", "q", "width", "extent", "angle_deg", "strength")
PEAK_PX, CURVE_PX = 400, 200
"""Larger images are averaged down to about so many pixels before peaks, and curves, are looked for."""


def find_features(image: QImage) -> pd.DataFrame:
    """Find peaks, rings, arcs and lines.

    A peak on a curve is a peak if the curve that goes on to its sides stands out by at most 60 % of what the
    peak does; its place is then no part of the curve. Otherwise it is part of the curve alone.
    On images of pure noise, fewer than one in ten shows any feature.

    Parameters
    ----------
    image
        Linear intensities or counts; NaN where nothing was measured.

    Returns
    -------
    DataFrame
        One row for each feature, the strongest of each kind first:

        - ``kind``: peak, ring, arc or line; a ring is seen in most of the azimuths that were measured.
        - ``q_y, q_z``: the peak, or the middle of the curve, 1/nm; ``q`` is their length.
        - ``width``: full width at half maximum, 1/nm: radial for rings and arcs, across for lines, the mean
          of both for peaks. That of the detector's pixels is in it; what is about two pixels wide may be
          narrower.
        - ``extent``: length of a line, 1/nm; of rings and arcs in degrees around q = 0; 0 for peaks.
        - ``angle_deg``: middle of a ring or arc; direction of a line (0 flat, 90 upright); 0 for peaks.
        - ``strength``: by how many standard deviations of the noise it stands out.

    Raises
    ------
    SciMLError
        If nothing was measured, or the image is too small.
    """
    peaks = find_peaks(image, log_image(image, PEAK_PX))
    coarse = log_image(image, CURVE_PX)
    curves = find_curves(coarse, flatten(coarse), without_peaks(coarse, peaks))
    rows = [peak.row() for peak in peaks] + [curve.row() for curve in curves]
    return pd.DataFrame(rows, columns=list(COLUMNS))
