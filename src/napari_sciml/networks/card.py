"""The model card: what a model is, what it was trained on and how good it is, as checked data."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from napari_sciml.networks.codebook.spec import CodebookSpec

CARD_FILE = "card.json"


class Metric(BaseModel):
    """One measured figure with its 95 % interval."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="What was measured, for example accuracy or F1.")
    value: float
    low: float = Field(description="Lower end of the 95 % interval.")
    high: float = Field(description="Upper end of the 95 % interval.")
    n: int = Field(ge=1, description="How many cases it was measured on.")
    split: str = Field(description="Which cases, for example random, slab-held-out, fibre-held-out, real.")
    baseline: float | None = Field(
        default=None, description="What a simple method reaches on the same cases."
    )
    note: str = ""


class VariantRecord(BaseModel):
    """One set of weights of the model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = Field(description="File of the weights, beside the card.")
    sha256: str = Field(description="Hash of that file.")
    parent: str = Field(
        default="", description="Hash of the weights it was derived from; empty for the first."
    )
    note: str = Field(default="", description="What it was calibrated or fine-tuned on.")
    backend: str = Field(default="", description="What runs it; empty if the variant's name says so.")
    codebook: CodebookSpec | None = Field(default=None, description="Levels, method and scope of a codebook.")
    metrics: tuple[Metric, ...] = Field(default=(), description="How near it comes to its parent.")
    command: str = Field(default="", description="The command that made it.")


class CalibrationRecord(BaseModel):
    """Normalised training images that were kept, to calibrate and to compare variants with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    sha256: str
    n: int = Field(ge=1, description="How many images.")
    note: str = Field(default="", description="Where they come from.")


class ModelCard(BaseModel):
    """Everything a person should know before trusting a model, and what the program needs to load it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = 1
    name: str
    technique: str
    architecture: str = Field(description="Tag of the network, for example table-vii-dense.")
    classes: tuple[str, ...] = Field(description="Names of the classes in the order of the columns.")
    input: tuple[int, int] | None = Field(
        description="Rows and columns of an image that it labels; None for a field of any size."
    )
    normalisation: str = Field(description="Tag of the rule for pixel values, for example per-patch.")
    parameters: int = Field(default=0, ge=0, description="Number of weights without the head.")
    head_parameters: int = Field(default=0, ge=0, description="Number of weights of the head.")
    licence: str
    version: str = "1"
    trained_on: str = Field(default="", description="The training data in words.")
    training: dict[str, Any] = Field(default_factory=dict, description="The training data in numbers.")
    seeds: tuple[int, ...] = ()
    headline: str = Field(default="", description="Which metric is the one figure to quote, as name/split.")
    metrics: tuple[Metric, ...] = ()
    variants: dict[str, VariantRecord] = Field(default_factory=dict)
    calibration: CalibrationRecord | None = None
    attachments: dict[str, str] = Field(
        default_factory=dict, description="Further files of the model by name, such as training.csv."
    )
    limits: str = Field(default="", description="Where not to trust it.")
    command: str = Field(default="", description="The command that made it.")

    @property
    def files(self) -> frozenset[str]:
        """Every file that it names."""
        kept = [] if self.calibration is None else [self.calibration.file]
        weights = (record.file for record in self.variants.values())
        return frozenset({*weights, *kept, *self.attachments.values()})

    @property
    def headline_metric(self) -> Metric | None:
        """The one figure to quote, or None if none was measured."""
        for metric in self.metrics:
            if f"{metric.name}/{metric.split}" == self.headline:
                return metric
        return None
