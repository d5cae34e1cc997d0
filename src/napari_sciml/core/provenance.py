"""The run record: enough to repeat a run and to defend its numbers."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from napari_sciml.core.source import Absent, ImageSource

METADATA_KEY = "napari_sciml"
"""Key of `layer.metadata` under which the edge stores the record of the run that made a layer."""

FORMAT_VERSION = 2
"""Of run records and saved runs. Version 1 had tables only."""

REPORTED_PACKAGES = (
    *("napari-sciml", "napari", "numpy", "torch", "onnxruntime", "openvino", "scikit-image", "scipy"),
    *("h5py", "hdf5plugin", "fabio", "pycbf", "tifffile"),
)


class SourceRecord(BaseModel):
    """Which pixels went in."""

    model_config = ConfigDict(frozen=True)

    name: str
    path: str | None
    shape: tuple[int, ...]
    dtype: str
    axes: tuple[str, ...]
    pixel_size: tuple[float, ...] | None
    unit: str
    opened: dict[str, Any] = Field(
        default_factory=dict, description="How the file was opened beside its path."
    )

    @classmethod
    def of(cls, source: ImageSource) -> SourceRecord:
        """Describe `source` without reading its pixels."""
        return cls(
            name=source.name,
            path=source.path,
            shape=source.shape,
            dtype=str(source.dtype),
            axes=source.axes,
            pixel_size=source.pixel_size,
            unit=source.unit,
            opened=dict(source.opened),
        )

    def absent(self, reason: str) -> ImageSource:
        """Return the source as it was described, without its pixels."""
        return ImageSource(
            data=Absent(self.shape, self.dtype, reason),
            axes=self.axes,
            pixel_size=self.pixel_size,
            unit=self.unit,
            name=self.name,
            path=self.path,
        )


class NetworkRecord(BaseModel):
    """What the network cost in a run, and how near it came to its float32 parent."""

    model_config = ConfigDict(frozen=True)

    label: str = Field(description="The weights in a few words, for example int8 or 8 levels, qat.")
    milliseconds: float = Field(description="Time in the network, without reading and preparing.")
    model_bytes: int = Field(description="Size of the file with the weights.")
    float_bytes: int = Field(description="Size of its float32 parent.")
    multiply_adds: float = Field(description="Multiply-adds in this run.")
    energy_mJ: float = Field(description="An estimate from the number of operations, not a measurement.")
    compared: int = Field(0, description="Answers of this run that float32 was asked for too.")
    agreement: float | None = Field(None, description="Share of those with the same label as float32.")
    unusual: int = Field(
        0, description="Answers that float32 does not give the label of nearly all, such as background."
    )
    unusual_agreement: float | None = Field(
        None, description="Share of those with the same label as float32; a network that sees nothing has 0."
    )
    difference: float | None = Field(None, description="Largest difference of a score from float32.")
    choice: str = Field("", description="Why this runtime: what was measured on this machine, in one line.")


class Provenance(BaseModel):
    """The record that travels with every result, in files and in layer metadata."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    format_version: int = FORMAT_VERSION
    technique: str
    model: str
    weights_sha256: str
    backend: str
    runtime: str
    normalisation: str
    settings: dict[str, Any]
    source: SourceRecord
    units_done: int
    units_total: int
    what: str = "tiles"
    seconds: float
    network: NetworkRecord | None = None
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = Field(
        (), description="Parts that failed, or had to be mended, while the rest went on."
    )
    started: str = Field(
        default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"),
        description="When the run began (UTC, ISO 8601).",
    )
    versions: dict[str, str] = Field(default_factory=lambda: package_versions())

    @property
    def partial(self) -> bool:
        """Whether the run was stopped before its end."""
        return self.units_done < self.units_total


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that decide about a result, read without importing them."""
    found = {"python": platform.python_version()}
    for name in REPORTED_PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
