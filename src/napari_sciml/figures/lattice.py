"""`save_lattice_picture`: a scattering image on its q axes with predicted spots, and the chances as bars."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.figures.layout import DPI, INK
from napari_sciml.io.saving.atomic import replacing

FOUND = "#009E73"
MISSING = "#D55E00"
BAR = "#0072B2"
"""Okabe-Ito green, vermilion and blue."""


def save_lattice_picture(
    values: npt.NDArray[np.floating],
    qy: npt.NDArray[np.floating],
    qz: npt.NDArray[np.floating],
    spots: Sequence[tuple[float, float, bool]],
    chances: Mapping[str, float],
    path: str | os.PathLike[str],
    *,
    title: str = "",
    caption: Sequence[str] = (),
    unit: str = "1/nm",
) -> Path:
    """Draw an image in q.

    Parameters
    ----------
    values
        ``(rows, columns)`` intensity, NaN where nothing was measured; row 0 at the largest q_z.
    qy, qz
        Axes, rising and falling.
    spots
        q_y, q_z and whether the image shows it, for each predicted spot.
    chances
        Probability of each class.

    Raises
    ------
    SciMLError
        If the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 6.2), dpi=DPI)
    FigureCanvasAgg(figure)
    figure.text(0.02, 0.96, title, va="center", size=14, color=INK)
    for number, line in enumerate(caption):
        figure.text(0.02, 0.09 - 0.03 * number, line, va="center", size=9, color=INK)
    _draw_image(figure.add_axes((0.07, 0.18, 0.58, 0.72)), values, qy, qz, spots, unit)
    _draw_chances(figure.add_axes((0.75, 0.18, 0.2, 0.72)), chances)
    with replacing(path) as draft:
        figure.savefig(draft, dpi=DPI, facecolor="white", metadata={"Title": title})
    return Path(path)


def _draw_image(
    axes: Any,
    values: npt.NDArray[np.floating],
    qy: npt.NDArray[np.floating],
    qz: npt.NDArray[np.floating],
    spots: Sequence[tuple[float, float, bool]],
    unit: str,
) -> None:
    """Draw the logarithm of an image, and rings and crosses where spots are found and missing."""
    measured = values[np.isfinite(values) & (values > 0)]
    low, high = np.percentile(measured, (2, 99.9)) if measured.size else (0.1, 1.0)
    logs = np.log10(np.maximum(np.nan_to_num(values, nan=low), low))
    half_x, half_y = abs(float(qy[1] - qy[0])) / 2, abs(float(qz[1] - qz[0])) / 2
    axes.imshow(
        np.where(np.isfinite(values), logs, np.nan),
        cmap="gray",
        vmax=np.log10(max(high, low * 1.01)),
        extent=(qy[0] - half_x, qy[-1] + half_x, qz[-1] - half_y, qz[0] + half_y),
        aspect="auto",
        interpolation="nearest",
    )
    axes.set_facecolor("#404060")
    for shown, color, mark, word in ((True, FOUND, "o", "found"), (False, MISSING, "x", "missing")):
        places = np.array([(y, z) for y, z, found in spots if found is shown]).reshape(-1, 2)
        if len(places):
            # Ring in colour, so that what lies below stays visible.
            look: dict[str, Any] = {"facecolors": "none", "edgecolors": color} if shown else {"c": color}
            axes.scatter(
                places[:, 0],
                places[:, 1],
                marker=mark,
                s=70,
                linewidths=1.5,
                label=f"{word}: {len(places)}",
                **look,
            )
    if spots:
        axes.legend(loc="upper right", fontsize=9, framealpha=0.85, title="predicted spots", title_fontsize=9)
    axes.set_xlabel(f"q_y ({unit})")
    axes.set_ylabel(f"q_z ({unit})")


def _draw_chances(bars: Any, chances: Mapping[str, float]) -> None:
    """Draw one bar for each class, with its number."""
    names = list(chances)
    bars.barh(range(len(names)), [chances[name] for name in names], color=BAR)
    bars.set_yticks(range(len(names)), names)
    bars.invert_yaxis()
    bars.set_xlim(0, 1)
    bars.set_xlabel("probability")
    for row, name in enumerate(names):
        bars.text(min(chances[name] + 0.02, 0.8), row, f"{chances[name]:.0%}", va="center", size=9, color=INK)
