"""`Result`: findings and the layers that show them, changed together."""

from __future__ import annotations

from typing import Any

from napari.layers import Layer, Points
from psygnal import Signal

from napari_sciml.core.findings import Findings, PointsOverlay
from napari_sciml.layers.follower import Follower
from napari_sciml.layers.keeper import HandEdits, PointsKeeper, keeper_for
from napari_sciml.layers.points import findings_to_layers
from napari_sciml.layers.spatial import Place


class Result:
    """The outcome of one run, on screen."""

    edited = Signal()

    def __init__(
        self, findings: Findings, place: Place, keepers: list[tuple[PointsOverlay, PointsKeeper]]
    ) -> None:
        self.findings = findings
        self.place = place
        self._keepers = keepers
        self._follower: Follower | None = None
        for _, keeper in keepers:
            keeper.edited.connect(self.edited.emit)

    @classmethod
    def deliver(cls, viewer: Any, findings: Findings, place: Place, image: Layer | None) -> Result:
        """Add the layers of `findings` to `viewer`, at `place`. Predictions always get new layers.

        If `image` is given, they follow it when it is moved or its scale or units are set.
        """
        keepers = []
        for overlay, data in zip(findings.overlays, findings_to_layers(findings, place), strict=True):
            layer = viewer.add_layer(Layer.create(*data))
            keepers.append((overlay, keeper_for(layer, overlay.label)))
        result = cls(findings, place, keepers)
        if image is not None:
            result._follower = Follower(image, result.layers)
        return result

    @property
    def layers(self) -> list[Points]:
        """The layers that still exist."""
        return [keeper.layer for _, keeper in self._keepers if keeper.layer is not None]

    @property
    def edits(self) -> HandEdits:
        """What a person changed in the layers."""
        parts = [keeper.edits for _, keeper in self._keepers]
        return HandEdits(sum(p.added for p in parts), sum(p.removed for p in parts))

    def is_in(self, viewer: Any) -> bool:
        """Whether `viewer` still shows a layer of this result."""
        return any(layer in viewer.layers for layer in self.layers)

    def set_threshold(self, threshold: float) -> None:
        """Decide again and change the layers in place. No network is run, no hand-made point is lost."""
        self.findings = self.findings.at_threshold(threshold)
        for overlay, keeper in self._keepers:
            keeper.show(self.findings, overlay)
