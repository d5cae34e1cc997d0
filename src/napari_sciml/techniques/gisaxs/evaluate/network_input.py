"""What a network is given for the images of the data sets: squares, normalised as a run would do it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sciml.networks.normalise.log_contrast import LogContrast
from napari_sciml.techniques.gisaxs.axes.q_image import QImage
from napari_sciml.techniques.gisaxs.network_square import SIZE_PX, count_like, network_square


def squares(images: npt.NDArray[np.floating], *, half_plane: bool) -> npt.NDArray[np.float32]:
    """Return the `network_square` of each image ``(n, h, w)``, which starts at q_z = 0."""
    rows, columns = images.shape[1:]
    qy = np.linspace(0 if half_plane else -1, 1, columns)
    qz = np.linspace(1, 0, rows)
    result = np.empty((len(images), SIZE_PX, SIZE_PX), np.float32)
    for image, square in zip(images, result, strict=True):
        square[...] = network_square(QImage(count_like(image.astype(np.float32)), qy, qz))
    return result


def normalised(images: npt.NDArray[np.floating], *, half_plane: bool) -> npt.NDArray[np.float32]:
    """Return `squares` as the shipped networks see them."""
    return LogContrast().apply(squares(images, half_plane=half_plane))
