"""Crop images to the size that a network labels."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.model import Model
from napari_sciml.networks.receptive_window import WINDOW_PX


def crop_centre(model: Model, images: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return images ``(n, h, w)`` of the model's size, larger ones cropped to it for a dense model.

    Raises
    ------
    SciMLError
        If they have another size.
    """
    rows, columns = model.input or (WINDOW_PX, WINDOW_PX)
    larger = model.dense and images.shape[1] >= rows and images.shape[2] >= columns
    if images.shape[1:] != (rows, columns) and not larger:
        raise SciMLError(
            f"The images are {images.shape[1]} x {images.shape[2]} px, but {model.name} labels "
            f"{'at least ' if model.dense else ''}{rows} x {columns} px",
            "crop patches of that size",
        )
    top, left = (images.shape[1] - rows) // 2, (images.shape[2] - columns) // 2
    return images[:, top : top + rows, left : left + columns]
