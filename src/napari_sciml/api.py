"""The Python contract: seven functions that scripts and notebooks rely on."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError, SciMLWarning
from napari_sciml.core.progress import CancelToken, Progress, drive
from napari_sciml.core.settings import parse_settings
from napari_sciml.core.source import ImageSource

IMAGES_AT_ONCE = 8192
"""Windows that are given to the network in one call: bounds memory, changes no answer."""

OPENING = ("dataset", "axes", "channel", "shape", "dtype")
"""What `run` hands on to `open_image` and not to the technique."""

if TYPE_CHECKING:
    import pandas as pd

    from napari_sciml.core.findings import Findings
    from napari_sciml.networks.model import Model


def techniques() -> list[str]:
    """Name the sciences that this version can do.

    Examples
    --------
    >>> import napari_sciml as sciml
    >>> "microct" in sciml.techniques()
    True
    """
    from napari_sciml.techniques import technique_names

    return technique_names()


def models() -> pd.DataFrame:
    """List the models that ship with this version.

    Columns: name, technique, classes, input, parameters, variants, accuracy, licence.
    """
    from napari_sciml.networks.registry import models_table

    return models_table()


def model(name: str | os.PathLike[str]) -> Model:
    """Return a model by its name, or the one in a folder that training has written.

    Raises
    ------
    SciMLError
        If there is no such model.
    """
    from napari_sciml.networks.registry import get_model

    return get_model(os.fspath(name))


def classify(
    name: str | os.PathLike[str],
    images: npt.ArrayLike,
    backend: str = "float32",
    **settings: Any,
) -> npt.NDArray[np.float32]:
    """Label raw images.

    Parameters
    ----------
    name
        A model's name or folder.
    images
        Raw, unscaled images ``(n, rows, columns)`` of the size that the model labels; each is normalised
        by itself. For a dense model at least 16 x 16 px: the window at the centre is labelled, which for
        16 x 16 px is the whole image. GISAXS images may have any size.
    backend
        What computes the scores.
    **settings
        Settings of the model's technique, for example ``runtime="torch"`` or ``qy_range=(-1, 1)``.

    Returns
    -------
    ndarray
        Probabilities ``(n, classes)``, columns in the order of ``model(name).classes``.

    Raises
    ------
    SciMLError
        If the images do not fit the model, hold NaN or infinity, or a setting is wrong.

    Warns
    -----
    SciMLWarning
        If something else computed the scores than was asked for, with the reason.
    """
    from napari_sciml.backends import open_for
    from napari_sciml.techniques import get_technique

    network = model(name)
    recipe = get_technique(network.technique)
    chosen = parse_settings(recipe.settings_type, {**settings, "backend": backend})
    patches = as_array(images)
    if patches.ndim != 3:
        raise SciMLError(
            f"The images have the shape {patches.shape}", "give an array (n, rows, columns) of grey values"
        )
    windows = recipe.prepare(network, patches, chosen)
    predictor = open_for(network, chosen)
    for note in predictor.notes:
        warnings.warn(note, SciMLWarning, stacklevel=2)
    answers = np.empty((len(windows), len(network.classes)), np.float32)
    try:
        # A part at a time: normalising works on wider numbers than the images have.
        for start in range(0, len(windows), IMAGES_AT_ONCE):
            part = slice(start, start + IMAGES_AT_ONCE)
            answers[part] = predictor.classify(network.normalise(windows[part]))
    finally:
        predictor.close()
    return answers


def run(
    technique: str,
    image: ImageSource | str | os.PathLike[str] | npt.ArrayLike,
    backend: str = "float32",
    on_progress: Callable[[Progress], None] | None = None,
    cancel: CancelToken | None = None,
    **settings: Any,
) -> Findings:
    """Find what a technique looks for in an image, stack or volume.

    Parameters
    ----------
    technique
        One of `techniques`.
    image
        An array, anything that is indexed like one (memory map, Zarr, dask), a file, a list of files that
        are frames of one series, or an `ImageSource`.
    backend
        What computes the scores.
    on_progress
        Called when the work begins, with ``done=0``, and after each tile.
    cancel
        Raised by another thread to stop the run; what was found until then comes back, marked partial.
    **settings
        The technique's settings, for example ``fiber_diameter_px=20``; and, for a file, ``dataset``,
        ``axes``, ``channel``, ``shape`` and ``dtype`` as `napari_sciml.io.open_image` takes them.

    Raises
    ------
    SciMLError
        If the image, the technique or a setting is not usable.

    Examples
    --------
    >>> import napari_sciml as sciml
    >>> found = sciml.run("microct", "composite.tif", fiber_diameter_px=13.5)  # doctest: +SKIP
    >>> found.table.columns.tolist()  # doctest: +SKIP
    ['z', 'y', 'x', 'score']
    """
    from napari_sciml.techniques import get_technique

    recipe = get_technique(technique)
    opening = {name: settings.pop(name) for name in OPENING if name in settings}
    chosen = parse_settings(recipe.settings_type, {**settings, "backend": backend})
    source = open_source(image, independent_frames=recipe.independent_frames, **opening)
    try:
        return drive(recipe.run(source, chosen, cancel), on_progress)
    finally:
        # What the caller opened stays open.
        if source is not image:
            source.close()


def open_run(path: str | os.PathLike[str]) -> Findings:
    """Open a saved run: its folder, or the ``run.json`` in it.

    Returns
    -------
    Findings
        Equal to those that were saved, candidates included. Its image is opened when pixels are asked for;
        where it is gone or another one now, ``findings.source.absent`` says so.

    Raises
    ------
    SciMLError
        If there is no saved run.

    Examples
    --------
    >>> import napari_sciml as sciml
    >>> found = sciml.open_run("out/")  # doctest: +SKIP
    >>> found.at_threshold(0.7).save("stricter/")  # doctest: +SKIP
    """
    from napari_sciml.techniques import open_run as reopen

    return reopen(path)


def fingerprint(image: ImageSource | str | os.PathLike[str] | npt.ArrayLike) -> str:
    """Return 32 hexadecimal digits by which an image is known again, from its shape, type and a few pixels.

    Takes what `run` takes, and reads so little that 100 GB take less than a second. Pixels of a file count as
    they lie in it: opened with other axes or another pixel size it is the same image.

    Examples
    --------
    >>> import numpy as np
    >>> import napari_sciml as sciml
    >>> image = np.arange(4096.0).reshape(64, 64)
    >>> sciml.fingerprint(image) == sciml.fingerprint(image.copy())
    True
    >>> sciml.fingerprint(image) == sciml.fingerprint(image + 1)
    False
    """
    from napari_sciml.core.fingerprint import fingerprint as digits

    source = open_source(image)
    try:
        return digits(source)
    finally:
        if source is not image:
            source.close()


def open_source(image: Any, *, independent_frames: bool = False, **opening: Any) -> ImageSource:
    """Make an `ImageSource` of whatever a caller has; `independent_frames` and `opening` as in `open_image`.

    Raises
    ------
    SciMLError
        If it cannot be opened, or `opening` says how to open what is no file.
    """
    if opening and not isinstance(image, str | os.PathLike):
        raise SciMLError(f"{', '.join(opening)} say how to open a file", "give a path, or leave them out")
    if isinstance(image, ImageSource):
        return image
    if isinstance(image, str | os.PathLike):
        from napari_sciml.io import open_image

        return open_image(image, independent_frames=independent_frames, **opening)
    if isinstance(image, list | tuple) and image and all(isinstance(f, str | os.PathLike) for f in image):
        from napari_sciml.io.file_series import open_series

        return open_series(image)
    return ImageSource.from_array(image if hasattr(image, "dtype") else as_array(image))


def as_array(values: Any) -> npt.NDArray[Any]:
    """Make an array of nested lists, or say that they are none."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise SciMLError("The rows of the image are of different lengths", "give an array") from error
