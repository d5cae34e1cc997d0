"""What the codebook editor does away from the main thread: load weights, and run what is in view."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import Findings
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.settings import parse_settings
from napari_sciml.core.source import ImageSource
from napari_sciml.core.technique import Technique
from napari_sciml.networks.codebook.constrained import Constrained, Weights
from napari_sciml.networks.codebook.spec import CodebookSpec


@dataclass(frozen=True)
class Loaded:
    """The float32 weights of a model and its first values.

    Attributes
    ----------
    weights
        With batch normalisation folded, by name.
    best
        The weights rounded by K-means.
    opened
        What a codebook file holds, where one was chosen; else `best` again.
    """

    weights: Weights
    best: Constrained
    opened: Constrained


@dataclass(frozen=True)
class View:
    """The slice or frame that is looked at: an index into the source that keeps its axes."""

    index: tuple[slice, ...]

    @property
    def offset(self) -> tuple[float, ...]:
        """Where its first pixel lies in the whole image."""
        return tuple(float(part.start or 0) for part in self.index)


@dataclass(frozen=True)
class PreviewOrder:
    """A run over one slice with an edited codebook."""

    technique: Technique
    source: ImageSource
    view: View
    values: Mapping[str, Any]
    constrained: Constrained


def load(model_name: str, spec: CodebookSpec, path: str | None) -> Generator[Progress, None, Loaded]:
    """Read the weights of a model and round them.

    Raises
    ------
    SciMLError
        If a weight or codebook file cannot be read, or belongs to another model.
    """
    from napari_sciml.backends.codebook import constrained_now
    from napari_sciml.networks.codebook.file import read
    from napari_sciml.networks.codebook.module import folded_module, weights_of
    from napari_sciml.networks.registry import get_model

    yield Progress(0, 1, "networks")
    model = get_model(model_name)
    parent = model.variant("float32").sha256
    opened = None if path is None else read(path)
    if opened is not None and opened.parent not in ("", parent):
        raise SciMLError(
            f"The codebook {path} was made for other weights than those of {model_name}",
            "choose the model that it was made for",
        )
    if opened is not None and not opened.coded:
        raise SciMLError(f"The codebook {path} holds exact weights", "choose one whose weights were rounded")
    wanted = (spec if opened is None else opened.spec).model_copy(update={"method": "constrain"})
    best = constrained_now(model, wanted, parent).constrained
    return Loaded(weights_of(folded_module(model)), best, best if opened is None else opened)


def preview(order: PreviewOrder, token: CancelToken) -> Generator[Progress, None, Findings]:
    """Run what is in view with an edited codebook.

    Raises
    ------
    SciMLError
        If the slice cannot be read or the run cannot start.
    """
    from napari_sciml.networks.codebook.file import write

    yield Progress(0, 1, "slices")
    whole = order.source
    part = ImageSource.from_array(
        whole.read(order.view.index),
        axes=whole.axes,
        pixel_size=whole.pixel_size,
        unit=whole.unit,
        name=whole.name,
        known=whole.known,
    )
    with tempfile.TemporaryDirectory(prefix="napari-sciml-") as folder:
        path = Path(folder) / "edited.safetensors"
        write(path, order.constrained)
        values = {**order.values, "backend": "codebook", "codebook": str(path)}
        settings = parse_settings(order.technique.settings_type, values)
        return (yield from order.technique.run(part, settings, token))


def save(constrained: Constrained, path: Path) -> Generator[Progress, None, Path]:
    """Write a codebook file.

    Raises
    ------
    SciMLError
        If it cannot be written.
    """
    from napari_sciml.networks.codebook.file import write

    yield Progress(0, 1, "files")
    write(path, constrained)
    return path
