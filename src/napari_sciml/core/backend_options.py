"""Options of each kind of backend. `RunSettings` has all of them under the same flat names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from napari_sciml.core.lazy_import import load

MOST_LEVELS = 16
"""Levels of a codebook at the most: four bits."""


@dataclass(frozen=True)
class OneOf:
    """Marks a text that must be one of several, which are known only when the program runs.

    Attributes
    ----------
    names
        Returns those on offer.
    """

    names: Callable[[], Sequence[str]]

    def check(self, value: str) -> str:
        """Return `value`, or raise `ValueError` that names what is on offer."""
        names = self.names()
        if value not in names:
            raise ValueError(f"use one of {', '.join(names)}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))


def backend_names() -> list[str]:
    """Return the names of the backends that are here; those of packages too."""
    names: list[str] = load("napari_sciml.backends.registry:backend_names")()
    return names


class BackendOptions(BaseModel):
    """Options of every backend: nothing but its name."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    backend: Annotated[str, OneOf(backend_names)] = Field(
        "float32", description="What computes the scores: floating point, low-bit weights or integers."
    )


class RuntimeOptions(BackendOptions):
    """For those that a library of several can execute."""

    runtime: Literal["auto", "torch", "onnxruntime", "openvino"] = Field(
        "auto", description="Library that executes the network; auto takes the fastest that agrees."
    )


class CodebookOptions(RuntimeOptions):
    """For low-bit networks: how many levels, and how they are found."""

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
        description="Backend codebook: constrain quantises after training as in the paper, trained then "
        "trains the levels, qat is quantisation-aware training; data: exact weights trained on quantised "
        "data.",
    )
    scope: Literal["global", "layer", "channel"] = Field(
        "layer",
        description="Backend codebook: one set of values for all, for each layer or each channel.",
    )
    targets: Literal["convolutions", "weights", "biases"] = Field(
        "weights", description="Backend codebook: what is quantised; biases means all weights and the biases."
    )
    codebook: str | None = Field(
        None, description="Backend codebook: a file with a constrained network, instead of a stored one."
    )
