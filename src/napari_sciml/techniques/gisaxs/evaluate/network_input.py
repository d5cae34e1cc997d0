"""What a network is given for the images of the data sets: squares, normalised as a run would do it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.networks.normalise.log_contrast import LogContrast
from napari_sciml.techniques.gisaxs.axes.q_image import QImage
from napari_sciml.techniques.gisaxs.network_square import count_like, network_square


def normalised(images: npt.NDArray[np.floating], *, half_plane: bool) -> npt.NDArray[np.float32]:
    """Return images ``(n, h, w)`` that start at q_z = 0 as a shipped network sees them, ``(n, 100, 100)``."""
    rows, columns = images.shape[1:]
    qy, qz = np.linspace(0 if half_plane else -1, 1, columns), np.linspace(1, 0, rows)
    squares = [network_square(QImage(count_like(image.astype(np.float32)), qy, qz)) for image in images]
    return LogContrast().apply(np.stack(squares))
