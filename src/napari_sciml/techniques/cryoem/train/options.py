"""What ``train cryoem`` can be told: a map of one's own."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from napari_sciml.techniques.simulate_and_train import TrainingOptions


class MapOptions(TrainingOptions):
    """A density map, for a model that sorts this particle into views."""

    map: Path | None = Field(
        None,
        description="A density map of your particle (MRC, a cube): train a model that sorts it into views, "
        "in some minutes, instead of training all shipped models.",
    )
    map_pixel_size_A: float | None = Field(
        None, description="Edge of the map's voxels in Angstrom, where its file does not say."
    )

    def use(self, technique: str, folder: str = "FOLDER") -> str:
        """Return the command that uses a trained model."""
        if self.map is None:
            return super().use(technique, folder)
        return f"napari-sciml run {technique} INPUT --views network --orientation-model {folder} --out DIR"
