"""The run record: enough to repeat a run and to defend its numbers."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from napari_sciml.core.source import ImageSource

METADATA_KEY = "napari_sciml"
"""Key of `layer.metadata` under which the edge stores the record of the run that made a layer."""

REPORTED_PACKAGES = (
    *("napari-sciml", "napari", "numpy", "torch", "onnxruntime", "scikit-image", "scipy"),
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
        )


class Provenance(BaseModel):
    """The record that travels with every result, in files and in layer metadata."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    format_version: int = 1
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
    """Give the versions of the packages that decide about a result, read without importing them."""
    found = {"python": platform.python_version()}
    for name in REPORTED_PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
