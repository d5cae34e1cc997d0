"""`CodebookSpec`: how a network was brought to few levels."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from napari_sciml.core.settings import MOST_LEVELS, RunSettings

Method = Literal["constrain", "trained", "qat", "data"]
Scope = Literal["global", "layer", "channel"]
Targets = Literal["convolutions", "weights", "biases"]


class CodebookSpec(BaseModel):
    """Which numbers of a network were replaced by how many levels, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    levels: int = Field(default=8, ge=1, le=MOST_LEVELS, description="Values that a weight may take.")
    data_levels: int | None = Field(
        default=8,
        ge=1,
        le=MOST_LEVELS,
        description="Values that a pixel may take; None leaves the data alone.",
    )
    method: Method = "qat"
    scope: Scope = "layer"
    targets: Targets = "weights"

    @classmethod
    def of(cls, settings: RunSettings) -> CodebookSpec:
        """Give what a run asks for."""
        return cls(
            levels=settings.levels,
            data_levels=settings.data_levels or settings.levels,
            method=settings.method,
            scope=settings.scope,
            targets=settings.targets,
        )

    @property
    def bits(self) -> int:
        """Bits that an index into the levels needs."""
        return bits_for(self.levels)

    @property
    def key(self) -> str:
        """Name of the variant in a model card, for example ``codebook-8-qat-layer``."""
        parts = ["codebook", str(self.levels)]
        if self.data_levels != self.levels:
            parts.append(f"data{self.data_levels or 'float'}")
        parts += [self.method, self.scope]
        return "-".join(parts + ([] if self.targets == "weights" else [self.targets]))


def bits_for(levels: int) -> int:
    """Give ``ceil(log2 levels)``: 1 for 2 levels, 2 for 3 and 4; a single level needs none."""
    return math.ceil(math.log2(levels))
