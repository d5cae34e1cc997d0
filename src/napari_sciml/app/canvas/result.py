"""`Result`: findings and the layers that show them, changed together."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence

from napari.components import ViewerModel
from napari.layers import Layer, Points, Vectors
from psygnal import Signal

from napari_sciml.app.canvas.derived_result import Addition, Files
from napari_sciml.app.canvas.live_settings import Live, decided
from napari_sciml.core.findings import Findings, PointsOverlay, TilesOverlay
from napari_sciml.core.provenance import METADATA_KEY
from napari_sciml.core.settings import RunSettings
from napari_sciml.layers.excluded_area import area_grid
from napari_sciml.layers.points import record
from napari_sciml.layers.points_sync import HandEdits, PointsSync, points_sync_for
from napari_sciml.layers.run_layers import Part, run_layers
from napari_sciml.layers.spatial import Place
from napari_sciml.layers.tiles import grid_of, show_outlines
from napari_sciml.layers.transform_sync import Grid, TransformSync


class Result:
    """The outcome of one run, on screen."""

    edited = Signal()

    def __init__(
        self, findings: Findings, place: Place, syncs: list[tuple[PointsOverlay, PointsSync]]
    ) -> None:
        self.findings = findings
        self.place = place
        self.settings: RunSettings | None = None
        """Settings of the run, with the pixels that the record leaves out; None for a result of no run."""
        self.saved: Findings | None = None
        """As it was saved, with all that was made of it, for one that was opened again; else None."""
        self._additions: list[Addition] = []
        self._image: weakref.ref[Layer] | None = None
        self._syncs = syncs
        self._outlines: list[tuple[TilesOverlay, weakref.ref[Vectors]]] = []
        self._scores: list[weakref.ref[Layer]] = []
        self._areas: list[weakref.ref[Layer]] = []
        self._paths: list[weakref.ref[Layer]] = []
        self._transform_sync: TransformSync | None = None
        for _, sync in syncs:
            sync.edited.connect(self.edited.emit)

    @classmethod
    def deliver(cls, viewer: ViewerModel, findings: Findings, place: Place, image: Layer | None) -> Result:
        """Add the layers of `findings` to `viewer`, at `place`. Predictions always get new layers.

        If `image` is given, they follow it when it is moved or its scale or units are set.
        """
        layers = [(part, viewer.add_layer(Layer.create(*data))) for part, data in run_layers(findings, place)]
        return cls.adopt(layers, findings, place, image)

    @classmethod
    def adopt(
        cls, layers: Sequence[tuple[Part, Layer]], findings: Findings, place: Place, image: Layer | None
    ) -> Result:
        """Take layers that show `findings` already, for example those of a saved run, as a result."""
        result = cls(findings, place, [])
        grids: dict[Layer, Grid] = {}
        for part, layer in layers:
            match part.role, layer:
                case "scores", _:
                    field = grid_of(findings, findings.tiles[part.number])
                    grids[layer] = (field.scale, field.translate)
                    result._scores.append(weakref.ref(layer))
                case "outlines", Vectors():
                    result._outlines.append((findings.tiles[part.number], weakref.ref(layer)))
                case "left out", _:
                    field = area_grid(findings)
                    grids[layer] = (field.scale, field.translate)
                    result._areas.append(weakref.ref(layer))
                case "paths", _:
                    result._paths.append(weakref.ref(layer))
                case "points", Points():
                    overlay = findings.overlays[part.number]
                    sync = points_sync_for(layer, overlay.label)
                    sync.adopt(findings, overlay)
                    sync.edited.connect(result.edited.emit)
                    result._syncs.append((overlay, sync))
        if image is not None:
            result._image = weakref.ref(image)
            on_image = [layer for layer in result.layers if layer not in grids]
            result._transform_sync = TransformSync(image, on_image, grids)
        return result

    @property
    def image(self) -> Layer | None:
        """The image that it was found in, as long as that exists."""
        return None if self._image is None else self._image()

    @property
    def points(self) -> list[Points]:
        """The points layers that still exist."""
        return [sync.layer for _, sync in self._syncs if sync.layer is not None]

    @property
    def syncs(self) -> list[tuple[PointsOverlay, PointsSync]]:
        """Who watches the points layers that still exist, and what they show."""
        return [(overlay, sync) for overlay, sync in self._syncs if sync.layer is not None]

    @property
    def layers(self) -> list[Layer]:
        """All layers that still exist."""
        refs = [*self._scores, *(ref for _, ref in self._outlines), *self._areas, *self._paths]
        return [*(layer for ref in refs if (layer := ref()) is not None), *self.points]

    @property
    def edits(self) -> HandEdits:
        """What a person changed in the layers."""
        parts = [sync.edits for _, sync in self._syncs]
        return HandEdits(
            sum(p.added for p in parts),
            sum(p.removed for p in parts),
            sum(p.labelled for p in parts),
            sum(p.columns for p in parts),
        )

    @property
    def ndim(self) -> int:
        """Number of axes of the image."""
        return len(self.findings.provenance.source.axes)

    @property
    def frames(self) -> int | None:
        """Number of frames of the image, or None if the main table is not about frames."""
        if "frame" not in self.findings.table:
            return None
        return self.findings.provenance.source.shape[0] if self.ndim >= 3 else 1

    @property
    def frame_axis(self) -> tuple[float, float]:
        """Where frame 0 lies in the world, and how far it is to the next, along the axis of frames."""
        for layer in self.points:
            here, there = (
                float(layer.data_to_world([number, *[0] * (self.ndim - 1)])[0]) for number in (0, 1)
            )
            return here, there - here
        spatial = self.place.spatial
        affine = spatial["affine"]
        return (
            float(affine[0, 0] * spatial["translate"][0] + affine[0, -1]),
            float(affine[0, 0] * spatial["scale"][0]),
        )

    def add(self, addition: Addition) -> None:
        """Save with it, and tell scripts, what a page makes of it. Adding the same again changes nothing."""
        if addition not in self._additions:
            self._additions.append(addition)

    def complete(self) -> Findings:
        """Return the findings with all that was made of them since, for example views of picked particles."""
        findings = self.findings
        for addition in self._additions:
            findings = addition.complete(findings)
        return findings

    def files(self) -> Files:
        """Return the further files that are saved with it."""
        return {name: file for addition in self._additions for name, file in addition.files().items()}

    def addition_settings(self) -> Mapping[str, object]:
        """Return the settings of what was made of it."""
        return {name: value for one in self._additions for name, value in one.settings().items()}

    def is_in(self, viewer: ViewerModel) -> bool:
        """Whether `viewer` still shows a layer of this result."""
        return any(layer in viewer.layers for layer in self.layers)

    def decide(self, threshold: float, live: Live) -> None:
        """Decide again and change the layers in place. No network is run, no hand-made point is lost.

        `live` are further settings that decide, for example ``{"min_tiles": 5}``.
        """
        before = self.findings.provenance.settings["threshold"]
        self.findings = decided(self.findings, threshold, live)
        if threshold != before:
            for overlay, sync in self._syncs:
                sync.show(self.findings, overlay)
            for tiles, ref in self._outlines:
                if (lines := ref()) is not None:
                    show_outlines(lines, self.findings, tiles)
        said = record(self.findings)
        for layer in self.layers:
            layer.metadata = {**layer.metadata, METADATA_KEY: said}
