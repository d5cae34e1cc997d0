"""`CodebookSpec`: how a low-bit network was made."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from napari_sciml.core.backend_options import MOST_LEVELS, CodebookOptions

Method = Literal["constrain", "trained", "qat", "data"]
Scope = Literal["global", "layer", "channel"]
Targets = Literal["convolutions", "weights", "biases"]

EXACT_DATA = ("field-robust",)
"""Rules whose values keep the sizes that they have in an image, from faint texture to bright spots."""


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
    def of(cls, settings: CodebookOptions, rule: str = "") -> CodebookSpec:
        """Return what a run asks for.

        Parameters
        ----------
        rule
            Tag of the model's rule for pixel values. If nobody says how many levels the data get, they get as
            many as the weights; but fields that were only scaled (`EXACT_DATA`) stay as they are, since a
            network that sees differences of neighbouring pixels is lost among few grey levels.
        """
        usual = None if rule in EXACT_DATA else settings.levels
        return cls(
            levels=settings.levels,
            data_levels=settings.data_levels or usual,
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
    """Return ``ceil(log2 levels)``: 1 for 2 levels, 2 for 3 and 4; a single level needs none."""
    return math.ceil(math.log2(levels))
