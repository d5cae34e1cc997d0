"""Settings that every run takes. One pydantic model gives the form, the tooltip, the option and the docs."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from napari_sciml.core.errors import SciMLError

BACKENDS = ("float32", "codebook", "int8", "spiking")
RUNTIMES = ("auto", "torch", "onnxruntime", "openvino")
MOST_LEVELS = 16


class RunSettings(BaseModel):
    """What any technique can be told; each technique adds its own fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    backend: Literal["float32", "codebook", "int8", "spiking"] = Field(
        "float32", description="What computes the scores: floating point, few levels, integers or spikes."
    )
    runtime: Literal["auto", "torch", "onnxruntime", "openvino"] = Field(
        "auto", description="Library that executes the network; auto takes the fastest that agrees."
    )
    levels: int = Field(
        8,
        ge=1,
        le=MOST_LEVELS,
        description="Backend codebook: how many values the weights may take, and the data too.",
    )
    data_levels: int | None = Field(
        None,
        ge=1,
        le=MOST_LEVELS,
        description="Backend codebook: how many values the data may take; if not given, like the weights.",
    )
    method: Literal["constrain", "trained", "qat", "data"] = Field(
        "qat",
        description="Backend codebook: weights rounded after training as in the paper, with values trained "
        "afterwards, or trained to be rounded (quantization-aware); data: exact weights that learned from "
        "rounded data.",
    )
    scope: Literal["global", "layer", "channel"] = Field(
        "layer",
        description="Backend codebook: one set of values for all, for each layer or each channel.",
    )
    targets: Literal["convolutions", "weights", "biases"] = Field(
        "weights", description="Backend codebook: what is rounded; biases means all weights and the biases."
    )
    codebook: str | None = Field(
        None, description="Backend codebook: a file with a constrained network, instead of a stored one."
    )
    model: str | None = Field(
        None, description="A model's name or folder; empty means the technique's own model."
    )
    threshold: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        description="Lowest score that counts. Raise it for fewer, surer finds; 0 returns every candidate.",
    )


Settings = TypeVar("Settings", bound=BaseModel)


def parse_settings(kind: type[Settings], values: dict[str, Any]) -> Settings:
    """Build settings of `kind` from plain values, turning pydantic's report into one sentence.

    Raises
    ------
    SciMLError
        For an unknown name or a value outside its range.
    """
    unknown = sorted(set(values) - set(kind.model_fields))
    if unknown:
        known = ", ".join(sorted(kind.model_fields))
        raise SciMLError(f"There is no setting called {', '.join(unknown)}", f"use one of {known}")
    try:
        return kind(**values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "settings"
        raise SciMLError(
            f"The setting {where}={first.get('input')!r} is not valid",
            str(first["msg"]).lower().removeprefix("value error, "),
        ) from error


def with_values(settings: Settings, values: dict[str, Any]) -> Settings:
    """Return `settings` with some values replaced and checked.

    Raises
    ------
    SciMLError
        For an unknown name or a value outside its range.
    """
    return parse_settings(type(settings), {**dict(settings), **values})
