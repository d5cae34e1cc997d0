"""`SimulationController`: a pattern that follows its sliders, as a layer of the viewer."""

from __future__ import annotations

import weakref
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.components import ViewerModel
from napari.layers import Image, Layer
from napari.utils.events import Event
from psygnal import Signal

from napari_sciml.app.base.jobs import Job, JobRunner
from napari_sciml.app.base.worker import Crashed, Failed, Finished, Outcome, TaskRunner, run_in_thread
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import Progress
from napari_sciml.core.settings import parse_settings
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.keys import KNOWN_KEY, SAMPLE_KEY
from napari_sciml.layers.remake import ORIGIN, Origin
from napari_sciml.layers.scattering_look import scattering_look

NAME = "GISAXS simulation"
ROWS, COLUMNS = 120, 200
"""Size of the pattern in pixels: small enough to follow a slider."""
CRASHED = "The pattern could not be simulated; napari shows what happened."


@dataclass(frozen=True)
class SimulationState:
    """What the page Simulate shows.

    Attributes
    ----------
    values
        Properties of the sample and the device that differ from the simulator's defaults.
    seed
        Decides grains and counts.
    live
        Whether a layer follows the sliders.
    error
        Why there is no pattern for these values.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    live: bool = False
    error: str = ""


@dataclass(frozen=True)
class Pattern:
    """One image ``(h, w)``, the settings that it states, and how to make it again."""

    image: npt.NDArray[np.float32]
    known: Mapping[str, object]
    origin: Origin


class SimulationController:
    """Simulates off the main thread, always what was asked for last.

    Parameters
    ----------
    viewer
        The real viewer; it is held weakly.
    start
        Starts work; tests hand in one that runs at once.
    """

    changed = Signal(object)

    def __init__(self, viewer: ViewerModel, start: TaskRunner = run_in_thread) -> None:
        self._viewer = weakref.ref(viewer)
        self._jobs = JobRunner(viewer, start)
        self._layer: weakref.ref[Layer] | None = None
        self.state = SimulationState()
        viewer.layers.events.removed.connect(self._on_removed)

    def set_value(self, name: str, value: Any) -> None:
        """Change one property; the layer follows if there is one."""
        self._show(replace(self.state, values={**self.state.values, name: value}))
        self._follow()

    def reset(self) -> None:
        """Go back to the simulator's own values."""
        self._show(replace(self.state, values={}))
        self._follow()

    def reseed(self) -> None:
        """Draw other grains and other counts."""
        self._show(replace(self.state, seed=self.state.seed + 1))
        self._follow()

    def open_layer(self) -> None:
        """Add the pattern as a new layer, which then follows the sliders; an older one stays as it is."""
        self._layer = None
        self._simulate()

    @property
    def layer(self) -> Layer | None:
        """The layer that follows, if it is still in the viewer."""
        viewer, layer = self._viewer(), None if self._layer is None else self._layer()
        return layer if viewer is not None and layer is not None and layer in viewer.layers else None

    @property
    def is_busy(self) -> bool:
        """Whether a pattern is being made."""
        return self._jobs.is_busy

    def _follow(self) -> None:
        if self.layer is not None:
            self._simulate()

    def _simulate(self) -> None:
        # Only the last of the requests that come while one is worked on is fulfilled.
        self._jobs.when_idle(self._begin)

    def _begin(self) -> None:
        values, seed = dict(self.state.values), self.state.seed
        self._jobs.begin(Job(NAME, lambda token: _work(values, seed), self._on_end, quiet=True))

    def _on_end(self, outcome: Outcome[Pattern]) -> None:
        match outcome:
            case Finished(result=pattern):
                self._deliver(pattern)
                self._show(replace(self.state, error="", live=self.layer is not None))
            case Failed(error=error):
                self._show(replace(self.state, error=error.sentence))
            case Crashed():
                self._show(replace(self.state, error=CRASHED))

    def _deliver(self, pattern: Pattern) -> None:
        viewer, layer = self._viewer(), self.layer
        if viewer is None:
            return
        image = pattern.image
        look = scattering_look(ImageSource.from_array(image, name=NAME))
        metadata = {**look.pop("metadata"), KNOWN_KEY: pattern.known, SAMPLE_KEY: {ORIGIN: pattern.origin}}
        if isinstance(layer, Image):
            layer.data = image
            layer.metadata = metadata
            layer.contrast_limits = look.get("contrast_limits", layer.contrast_limits)
        else:
            place = right_of_layers(viewer)
            added = viewer.add_image(image, name=NAME, metadata=metadata, translate=place, **look)
            self._layer = weakref.ref(added)
            viewer.reset_view()

    def _on_removed(self, event: Event) -> None:
        if self.state.live and self.layer is None:
            self._show(replace(self.state, live=False))

    def _show(self, state: SimulationState) -> None:
        self.state = state
        self.changed.emit(self.state)


def right_of_layers(viewer: ViewerModel) -> tuple[float, float]:
    """Return where a new image does not cover what is shown: to the right of it, at the same height."""
    if not len(viewer.layers):
        return 0.0, 0.0
    top, bottom = viewer.layers.extent.world[:, -2:]
    return float(top[0]), float(bottom[1] + 0.05 * (bottom[1] - top[1]))


def _work(values: Mapping[str, Any], seed: int) -> Generator[Progress, None, Pattern]:
    """Simulate one pattern."""
    from napari_sciml.techniques.gisaxs.simulate.image import simulate
    from napari_sciml.techniques.gisaxs.simulate.spec import GisaxsSpec

    spec = parse_settings(GisaxsSpec, {"rows": ROWS, "columns": COLUMNS, **values})
    if 2 * spec.radius_nm > spec.spacing_nm:
        raise SciMLError(
            f"Particles of {2 * spec.radius_nm:g} nm do not fit at a distance of {spec.spacing_nm:g} nm",
            "make the spacing larger or the radius smaller",
        )
    pattern = simulate(spec, seed)
    yield Progress(1, 1, "patterns")
    known = {
        "qy_range": spec.qy_range,
        "qz_range": spec.qz_range,
        "energy_kev": spec.energy_kev,
        "incidence_deg": spec.incidence_deg,
    }
    given = {name: getattr(spec, name) for name in ("rows", "columns", *values)}
    words = ", ".join(f"{name}={value!r}" for name, value in given.items())
    origin = Origin(
        imports="from napari_sciml.techniques.gisaxs.simulate import GisaxsSpec, simulate",
        expression=f"simulate(GisaxsSpec({words}), seed={seed}).image",
        command="",
        file="",
    )
    return Pattern(np.where(pattern.dead, np.nan, pattern.image), known, origin)
