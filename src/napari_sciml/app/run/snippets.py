"""The same run as a line of Python or of the shell, so that the window is never a dead end."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from napari_sciml.app.base.free_names import file_stem
from napari_sciml.app.forms.mask_layer import LayerMask
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import SPATIAL_AXES, ImageSource
from napari_sciml.layers.remake import Origin
from napari_sciml.techniques.registry import window_of

Write = Callable[[str, ImageSource, Mapping[str, Any], Origin | None], str]
"""``write(technique, source, values, origin)`` puts a run into words."""


def nameable(source: ImageSource) -> ImageSource:
    """Keep the path of `source` only if opening that file gives these very dimensions.

    A layer can have been cropped, stacked or converted after it was opened; its file is then another
    image, and naming it would promise another result. Of what is known, that is left which the file does not
    state by itself.
    """
    from napari_sciml.io import open_image

    if source.path is None:
        return source
    try:
        opened = open_image(source.path)
    except SciMLError:
        return replace(source, path=None)
    opened.close()
    if opened.shape != source.shape:
        return replace(source, path=None)
    stated = opened.known
    unstated = {name: value for name, value in source.known.items() if stated.get(name) != value}
    return replace(source, known=unstated)


def python_text(
    technique: str, source: ImageSource, values: Mapping[str, Any], origin: Origin | None = None
) -> str:
    """Write the run as a Python script.

    An image that lives in memory only cannot be named; the script then makes it again, or takes the layer
    out of the viewer. So it does with a mask that was painted.

    Parameters
    ----------
    technique
        Name of the technique.
    source
        The image.
    values
        Settings that differ from the defaults.
    origin
        How to make the image again.
    """
    # Code that makes the image again says what is known of it by itself.
    made = source.path is None and origin is not None
    known = {} if made else window_of(technique).used_known(source.known, values)
    settings = {**known, **values, **stated_pixel_size(source, values)}
    lines = ["import napari_sciml as sciml"]
    if source.path is not None:
        image = repr(source.path)
        lines.append("")
    elif origin is not None:
        image = origin.expression
        lines += [origin.imports, ""]
    else:
        image = "image"
        lines += [
            "",
            f"# {source.name!r} is not in a file as it is: run this in napari's console.",
            f"image = viewer.layers[{source.name!r}].data",
        ]
    arguments = [repr(technique), image]
    for name, value in settings.items():
        if isinstance(value, LayerMask):
            lines += [
                f"# The {name} was painted in the layer {value.name!r}: run this in napari's console.",
                f"{name} = viewer.layers[{value.name!r}].data",
            ]
            arguments.append(f"{name}={name}")
        else:
            arguments.append(f"{name}={value!r}")
    one_line = f"findings = sciml.run({', '.join(arguments)})"
    if len(one_line) <= 88:
        lines.append(one_line)
    else:
        lines += ["findings = sciml.run(", *(f"    {argument}," for argument in arguments), ")"]
    lines += ["print(findings.table)", f"findings.save({out_folder(technique, source.name)!r})"]
    return "\n".join(lines) + "\n"


def command_text(
    technique: str, source: ImageSource, values: Mapping[str, Any], origin: Origin | None = None
) -> str:
    """Write the run as a command line. What is in memory only has to be saved first, and the text says so."""
    known = window_of(technique).used_known(source.known, values)
    settings = {**known, **values, **stated_pixel_size(source, values)}
    lines = []
    path = source.path
    if path is None and origin is not None and origin.command:
        path = origin.file
        lines.append(origin.command)
    elif path is None:
        path = f"{file_stem(source.name)}.tif"
        lines.append(
            f"# {source.name!r} is not in a file as it is: save it first "
            f"(File > Save Selected Layers, as {path}), then run"
        )
    words = ["napari-sciml", "run", technique, path, "--out", out_folder(technique, source.name)]
    for name, value in settings.items():
        text = f"{value}"
        if isinstance(value, LayerMask):
            text = f"{file_stem(value.name)}.tif"
            lines.append(
                f"# The {name} was painted in the layer {value.name!r}: save it first "
                f"(File > Save Selected Layers, as {text}), then run"
            )
        words += [*option(name, text, value)]
    return "\n".join([*lines, shlex.join(words)]) + "\n"


def option(name: str, text: str, value: Any) -> list[str]:
    """Write a setting as an option of the command line; a switch has two names and no value."""
    dashed = name.replace("_", "-")
    if isinstance(value, tuple | list):
        return [f"--{dashed}", *(f"{part:g}" for part in value)]
    if isinstance(value, bool):
        return [f"--{dashed}" if value else f"--no-{dashed}"]
    return [f"--{dashed}", text]


def out_folder(technique: str, name: str) -> str:
    """Suggest a folder for the results of a run on the image called `name`."""
    return f"{file_stem(name)}-{technique}"


def stated_pixel_size(source: ImageSource, values: Mapping[str, Any]) -> dict[str, float]:
    """State the pixel size that the window used wherever a setting depends on it.

    The file may not know it, or say something else than the layer.
    """
    physical = any(name.endswith(("_um", "_nm", "_A")) for name in values)
    said = any(name.startswith("pixel_size_") for name in values)
    if source.pixel_size is None or said or not physical:
        return {}
    edges = {size for size, axis in zip(source.pixel_size, source.axes, strict=True) if axis in SPATIAL_AXES}
    return {"pixel_size_nm": float(f"{edges.pop() * 1000:.9g}")} if len(edges) == 1 else {}
