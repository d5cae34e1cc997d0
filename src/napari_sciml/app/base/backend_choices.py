"""What computes the scores: the choices on offer, and what each means for a model, told before anything runs.

Reads model cards only; no network is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_sciml.app.base.runtime_text import able_runtime
from napari_sciml.backends.registry import BACKENDS, backend_of, backend_specs
from napari_sciml.backends.runtimes import no_graph_runtime
from napari_sciml.core.backend_options import CodebookOptions, RuntimeOptions
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_import import load
from napari_sciml.core.settings import RunSettings, parse_settings
from napari_sciml.networks.card import Metric
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.model import Model, Variant
from napari_sciml.networks.registry import get_model

METHODS = [
    ("quantisation-aware training", "qat"),
    ("levels trained", "trained"),
    ("quantised after training", "constrain"),
    ("exact, quantised data", "data"),
]
SCOPES = [("each layer", "layer"), ("each channel", "channel"), ("the whole network", "global")]
TARGETS = [
    ("all weights", "weights"),
    ("weights and biases", "biases"),
    ("convolutions only", "convolutions"),
]
NAMES = tuple(CodebookOptions.model_fields)
"""Settings of what computes; they are one choice for all techniques."""
CODEBOOK_NAMES = tuple(name for name in NAMES if name not in RuntimeOptions.model_fields)
"""Those of low-bit networks."""


def backend_choices() -> list[tuple[str, str]]:
    """Return words and name of each backend, in the order of the combo."""
    return [(spec.title, spec.name) for spec in backend_specs()]


def others_than(own: str) -> list[tuple[str, str]]:
    """Return few words and name of each backend that a result of `own` can be compared with.

    Those that can be told more than a runtime may be compared with themselves, told otherwise.
    """
    return [
        (spec.short or spec.title, spec.name)
        for spec in backend_specs()
        if spec.name != own or set(spec.option_names) - {"runtime"}
    ]


def changed(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Merge choices and keep only what differs from the defaults, in the order of `NAMES`.

    Another number of levels, or another way to them, takes the place of a codebook file.
    """
    fields = RunSettings.model_fields
    replaces_file = set(changes) & set(CODEBOOK_NAMES) and "codebook" not in changes
    merged = {**(without_file(values) if replaces_file else values), **changes}
    return {
        name: merged[name]
        for name in NAMES
        if name in merged and merged[name] is not None and merged[name] != fields[name].default
    }


def without_file(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out a codebook file: it belongs to one model."""
    return {name: value for name, value in values.items() if name != "codebook"}


def used(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what the chosen backend does not look at; it waits for the one that does."""
    backend = values.get("backend", RunSettings.model_fields["backend"].default)
    spec = BACKENDS.specs().get(backend)
    unused = set(NAMES) - {"backend", *(() if spec is None else spec.option_names)}
    if able_runtime(backend, values.get("runtime", "auto")) == "auto":
        unused.add("runtime")
    return {name: value for name, value in values.items() if name not in unused}


def use_text(model_name: str, values: Mapping[str, Any]) -> str:
    """Return in a sentence or two what a run with these choices would use: size, agreement or fall-back.

    Empty for a model that does not exist; the plan says so.
    """
    try:
        model = get_model(model_name)
        settings = parse_settings(RunSettings, dict(values))
    except SciMLError:
        return ""
    spec = backend_of(settings.backend)
    if spec.use_text:
        return str(load(spec.use_text)(model, spec.options_of(settings)))
    if why := spec.why_not():
        return f"The backend {spec.name} cannot run here: {why}."
    return size_text(model, spec.variant)


def codebook_use_text(model: Model, settings: CodebookOptions) -> str:
    """Return which levels a run would use: those of a file, stored ones, or some made when it starts."""
    if settings.codebook is not None:
        return f"The codebook in {settings.codebook}. Changing a choice below leaves it."
    spec = CodebookSpec.of(settings, model.normalisation)
    variant = find_variant(model, "codebook", spec)
    if variant is not None:
        return described(model, variant)
    data = (
        "" if model.card.get("calibration") else " The data stay as they are: no training images were kept."
    )
    how = (
        "Quantised when the run starts; how well that agrees was not measured."
        if spec.method == "constrain"
        else f"{model.name} has no such weights: its float32 weights will be quantised when the run starts, "
        f"without training.{_stored_text(model)}"
    )
    return how + data


def _stored_text(model: Model) -> str:
    """Name the codebooks that a model has."""
    words = [
        f"{spec.levels} levels ({spec.method}, {spec.scope})"
        for variant in model.variants
        if (spec := variant.spec) is not None and variant.kind == "codebook"
    ]
    return f" It has {', '.join(words)}." if words else ""


def integer_use_text(model: Model, settings: RuntimeOptions) -> str:
    """Return how large the integers are and how near to float32, or why they cannot run."""
    variant = find_variant(model, "int8")
    if variant is None:
        return f"{model.name} has no int8 weights: float32 will run instead."
    if no_graph_runtime():
        return (
            "No runtime for integers is installed: float32 will run instead. "
            'To get one: pip install "napari-sciml[fast]".'
        )
    return described(model, variant)


def find_variant(model: Model, kind: str, spec: CodebookSpec | None = None) -> Variant | None:
    """Return a stored set of weights, or None."""
    return next((v for v in model.variants if v.kind == kind and spec in (None, v.spec)), None)


def described(model: Model, variant: Variant) -> str:
    """Return how large a stored set of weights is and how near it comes to float32."""
    words = [size_text(model, variant.kind, variant.spec)]
    metrics = metrics_of(model, variant)
    agreement = next((m for m in metrics if "agree" in m.name.lower()), None)
    if agreement is not None:
        words.append(
            f"The same label as float32 in {share_text(agreement.value)} of {agreement.n:,} test cases."
        )
    if agreement is None:
        words += [
            f"{m.name[:1].upper()}{m.name[1:]} {share_text(m.value)} of {m.n:,} ({m.split})."
            for m in metrics
            if 0 <= m.value <= 1
        ][:1]
    return " ".join(words)


def metrics_of(model: Model, variant: Variant) -> list[Metric]:
    """Return the figures that the card has for a set of weights."""
    for record in model.card["variants"].values():
        if record["sha256"] == variant.sha256:
            return [Metric.model_validate(metric) for metric in record["metrics"]]
    return []


def size_text(model: Model, kind: str, spec: CodebookSpec | None = None) -> str:
    """Return how large the file of a set of weights is, beside that of float32."""
    variant, parent = find_variant(model, kind, spec), find_variant(model, "float32")
    if variant is None or parent is None:
        return ""
    try:
        size, whole = variant.size_bytes, parent.size_bytes
    except OSError:
        # The run says that the file is missing.
        return ""
    if variant is parent:
        return f"Stored weights: {bytes_text(size)}."
    return f"Stored weights: {bytes_text(size)}, {ratio_text(whole, size)}."


def bytes_text(count: int) -> str:
    """Write a size as a person would say it: ``71 kB``, ``2.3 MB``.

    Examples
    --------
    >>> bytes_text(71464), bytes_text(2286592), bytes_text(320)
    ('71 kB', '2.3 MB', '320 B')
    """
    if count < 1000:
        return f"{count} B"
    return f"{count / 1e3:.0f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"


def ratio_text(whole: int, size: int) -> str:
    """Return how a size compares with that of float32.

    Examples
    --------
    >>> ratio_text(2286592, 71464), ratio_text(100, 120)
    ('32 times smaller than float32', 'no smaller than float32')
    """
    if not size or whole / size < 1.05:
        return "no smaller than float32"
    ratio = whole / size
    return (
        f"{ratio:.1f} times smaller than float32" if ratio < 10 else f"{ratio:.0f} times smaller than float32"
    )


def share_text(value: float) -> str:
    """Write a share in percent, and never round it up to all."""
    percent = 100 * value
    return f"{percent:.0f} %" if percent in (0, 100) else f"{min(percent, 99.99):.4g} %"
