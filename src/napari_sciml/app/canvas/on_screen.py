"""`OnScreen`: the last result in the viewer, decided live, with its displayed frame and words about that."""

from __future__ import annotations

import weakref

from napari.components import ViewerModel
from napari.layers import Layer
from psygnal import Signal

from napari_sciml.app.canvas.caption import Caption
from napari_sciml.app.canvas.frame_link import FrameLink
from napari_sciml.app.canvas.lease import Canvas
from napari_sciml.app.canvas.live_settings import Live
from napari_sciml.app.canvas.result import Result
from napari_sciml.core.findings import Findings
from napari_sciml.core.settings import RunSettings
from napari_sciml.layers.spatial import Place
from napari_sciml.techniques.registry import window_of


class OnScreen:
    """Holds one result at a time. The layers of earlier ones stay, hidden.

    Parameters
    ----------
    viewer
        The real viewer; it is held weakly.
    canvas
        Says other words about a frame while it is lent.
    """

    edited = Signal()
    """Emitted after a person changed the layers of the result."""
    moved = Signal()
    """Emitted when the viewer may show another frame."""
    turned = Signal()
    """Emitted when two dimensions are shown instead of three, or three instead of two."""

    def __init__(self, viewer: ViewerModel, canvas: Canvas) -> None:
        self._viewer = weakref.ref(viewer)
        self._canvas = canvas
        self._caption = Caption(viewer)
        self._frames = FrameLink(viewer)
        self._frames.changed.connect(self.moved.emit)
        self.result: Result | None = None
        viewer.dims.events.ndisplay.connect(self._on_ndisplay)

    def deliver(
        self, findings: Findings, image: Layer | None, place: Place, settings: RunSettings | None
    ) -> None:
        """Show findings of a run in new layers.

        Parameters
        ----------
        findings
            As they are decided now.
        image
            Where they were found; they follow it as long as it is in the viewer.
        place
            Where that image was; counts if it is gone.
        settings
            Of the run, with the pixels that its record leaves out; None if it cannot be run once more.
        """
        viewer = self._viewer()
        if viewer is None:
            return
        # Who holds the canvas would show the older result again when leaving.
        self._canvas.clear()
        if image is not None and image not in viewer.layers:
            image = None
        # The image may have been moved during the run; the points belong to where it is now.
        place = place if image is None else Place.of(image)
        result = Result.deliver(viewer, findings, place, image)
        result.settings = settings
        self.put(result)

    def put(self, result: Result) -> None:
        """Take a result whose layers are in the viewer already, for example those of a saved run."""
        self._canvas.clear()
        older, self.result = self.result, result
        if older is not None and older.place.name == result.place.name:
            # Two results on one image cannot be told apart; the older one is hidden, not lost.
            for layer in older.layers:
                layer.visible = False
        result.edited.connect(self.edited.emit)

    def of(self, technique: str) -> Result | None:
        """Return the result if it is of this technique; the sliders of another are not its own."""
        result = self.result
        return None if result is None or result.findings.provenance.technique != technique else result

    @property
    def is_there(self) -> bool:
        """Whether the viewer shows a layer of the result."""
        viewer = self._viewer()
        return self.result is not None and viewer is not None and self.result.is_in(viewer)

    def is_live(self, result: Result | None) -> bool:
        """Whether the sliders change a result: its points on screen, or its table, which needs no layer."""
        viewer = self._viewer()
        if result is None or viewer is None:
            return False
        return bool(window_of(result.findings.provenance.technique).live) or result.is_in(viewer)

    def decide(self, result: Result | None, threshold: float, live: Live) -> None:
        """Decide a result again, if the sliders change it."""
        if result is not None and self.is_live(result):
            result.decide(threshold, live)

    def frame(self, result: Result | None) -> int | None:
        """Return which frame of a result is displayed."""
        return None if result is None else self._frames.frame(result)

    def go_to(self, result: Result | None, frame: int) -> None:
        """Display a frame of a result."""
        if result is not None:
            self._frames.go_to(result, frame)

    def caption(self, findings: Findings | None, frame: int | None) -> None:
        """Say on the canvas what a frame shows, as long as the result has a layer there."""
        viewer = self._viewer()
        said = ""
        # In three dimensions no frame is displayed, or all are.
        flat = viewer is not None and viewer.dims.ndisplay == 2
        if findings is not None and frame is not None and flat and self.is_there:
            words = window_of(findings.provenance.technique).caption_text(findings, frame)
            said = words and self._canvas.words(words, frame)
        self._caption.show(said)

    def _on_ndisplay(self, event: object) -> None:
        self.turned.emit()
