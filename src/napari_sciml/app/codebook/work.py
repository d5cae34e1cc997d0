"""What the codebook editor does away from the main thread: load weights, and run what is displayed."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from napari_sciml.app.canvas.preview import InSight
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.findings import Findings
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.settings import parse_settings
from napari_sciml.core.source import ImageSource
from napari_sciml.core.technique import Technique
from napari_sciml.networks.codebook.constrained import Constrained, Weights
from napari_sciml.networks.codebook.spec import CodebookSpec

Source = Literal["stored", "file", "k-means", "fall-back"]
"""Weights stored beside the model, a file, K-means as it was asked for, or because nothing else is stored."""


@dataclass(frozen=True)
class Loaded:
    """What an editor of values starts from: what a run with the present choices uses.

    Attributes
    ----------
    weights
        The float32 weights with batch normalisation folded, by name.
    opened
        The stored codebook or that in the chosen file; where there is none, the weights quantised by K-means.
    first
        What starting again brings back: `opened` where the codebook was trained, else the K-means values.
    trained
        Whether every weight keeps its place in the table, since training found it. If not, it goes to
        the value that is nearest to its float32 value.
    source
        Where `opened` comes from.
    """

    weights: Weights
    opened: Constrained
    first: Constrained
    trained: bool
    source: Source


@dataclass(frozen=True)
class PreviewOrder:
    """A run over one slice with an edited codebook."""

    technique: Technique
    source: ImageSource
    seen: InSight
    values: Mapping[str, Any]
    constrained: Constrained


def load(model_name: str, spec: CodebookSpec, path: str | None) -> Generator[Progress, None, Loaded]:
    """Read the weights of a model and the codebook that a run uses, or quantise the weights if there is none.

    Raises
    ------
    SciMLError
        If a weight or codebook file cannot be read, belongs to another model, or holds exact weights.
    """
    from napari_sciml.backends.codebook import nearest_codebook
    from napari_sciml.networks.codebook.constrained import constrain
    from napari_sciml.networks.codebook.module import folded_module, weights_of
    from napari_sciml.networks.registry import get_model

    yield Progress(0, 1, "networks")
    model = get_model(model_name)
    opened = nearest_codebook(model, spec, path).constrained
    if not opened.coded:
        where = f"The codebook of {model_name}" if path is None else f"The codebook {path}"
        raise SciMLError(f"{where} holds exact weights", "choose one whose weights were quantised")
    weights = weights_of(folded_module(model))
    trained = opened.spec.method != "constrain"
    first = opened
    if path is not None and not trained:
        first = constrain(weights, opened.spec, opened.data, parent=opened.parent)
    source: Source = "k-means" if spec.method == "constrain" else "fall-back"
    if path is not None:
        source = "file"
    elif trained:
        source = "stored"
    return Loaded(weights, opened, first, trained, source)


def preview(order: PreviewOrder, token: CancelToken) -> Generator[Progress, None, Findings]:
    """Run what is displayed with an edited codebook.

    Raises
    ------
    SciMLError
        If the slice cannot be read or the run cannot start.
    """
    from napari_sciml.networks.codebook.file import write

    yield Progress(0, 1, "slices")
    whole = order.source
    part = ImageSource.from_array(
        whole.read(order.seen.index),
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
