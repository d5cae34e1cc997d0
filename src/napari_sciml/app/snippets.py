"""The same run as a line of Python or of the shell, so that the window is never a dead end."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import SPATIAL_AXES, ImageSource


def nameable(source: ImageSource) -> ImageSource:
    """Keep the path of `source` only if opening that file gives these very dimensions.

    A layer can have been cropped, stacked or converted after it was opened; its file is then another
    image, and naming it would promise another result.
    """
    from napari_sciml.io import open_image

    if source.path is None:
        return source
    try:
        opened = open_image(source.path)
    except SciMLError:
        return replace(source, path=None)
    opened.close()
    return source if opened.shape == source.shape else replace(source, path=None)


def python_text(technique: str, source: ImageSource, values: Mapping[str, Any]) -> str:
    """Write the run as a Python script.

    An image that lives in memory only cannot be named; the script then takes the layer out of the viewer.

    Parameters
    ----------
    technique
        Name of the technique.
    source
        The image.
    values
        Settings that differ from the defaults.
    """
    settings = {**values, **stated_pixel_size(source, values)}
    lines = ["import napari_sciml as sciml", ""]
    if source.path is None:
        lines += [
            f"# {source.name!r} is not in a file as it is: run this in napari's console.",
            f"image = viewer.layers[{source.name!r}].data",
        ]
        image = "image"
    else:
        image = repr(source.path)
    arguments = [repr(technique), image, *(f"{name}={value!r}" for name, value in settings.items())]
    one_line = f"findings = sciml.run({', '.join(arguments)})"
    if len(one_line) <= 88:
        lines.append(one_line)
    else:
        lines += ["findings = sciml.run(", *(f"    {argument}," for argument in arguments), ")"]
    lines += ["print(findings.table)", f"findings.save({out_folder(technique, source.name)!r})"]
    return "\n".join(lines) + "\n"


def command_text(technique: str, source: ImageSource, values: Mapping[str, Any]) -> str:
    """Write the run as a command line. An image in memory has to be saved first, and the text says so."""
    settings = {**values, **stated_pixel_size(source, values)}
    note = ""
    path = source.path
    if path is None:
        path = f"{_file_stem(source.name)}.tif"
        note = (
            f"# {source.name!r} is not in a file as it is: save it first "
            f"(File > Save Selected Layers, as {path}), then run\n"
        )
    words = ["napari-sciml", "run", technique, path, "--out", out_folder(technique, source.name)]
    for name, value in settings.items():
        words += [f"--{name.replace('_', '-')}", f"{value}"]
    return f"{note}{shlex.join(words)}\n"


def out_folder(technique: str, name: str) -> str:
    """Suggest a folder for the results of a run on the image called `name`."""
    return f"{_file_stem(name)}-{technique}"


def stated_pixel_size(source: ImageSource, values: Mapping[str, Any]) -> dict[str, float]:
    """State the pixel size that the window used wherever a setting depends on it.

    The file may not know it, or say something else than the layer.
    """
    physical = any(name.endswith(("_um", "_nm", "_A")) for name in values)
    if source.pixel_size is None or "pixel_size_nm" in values or not physical:
        return {}
    edges = {size for size, axis in zip(source.pixel_size, source.axes, strict=True) if axis in SPATIAL_AXES}
    return {"pixel_size_nm": float(f"{edges.pop() * 1000:.9g}")} if len(edges) == 1 else {}


def _file_stem(name: str) -> str:
    kept = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in Path(name).stem)
    return kept.strip("._") or "image"
