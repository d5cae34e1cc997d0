"""The time that a run will take, told before it starts, on a machine whose clock the tests hold."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import numpy as np
import pytest

from fixtures.by_hand import ByHand
from napari_sciml.backends import FieldScores, runtime_choice, start_up_cost
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.made_on_demand import Making
from napari_sciml.core.plan import RunPlan
from napari_sciml.core.progress import CancelToken, drive
from napari_sciml.core.run_rate import RATES
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.microct.recipe import MicroCT
from napari_sciml.techniques.microct.settings import MicroCTSettings

TILES = 150


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The only clock there is; it stands still unless somebody waits."""
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(RATES, "_clock", lambda: now[0])
    return now


class Machine:
    """Opens predictors that take time: for loading, for the first tile, for all others."""

    def __init__(self, clock: list[float], opening: float, first: float, tile: float) -> None:
        self.clock, self.opening, self.first, self.tile = clock, opening, first, tile

    def __call__(self, model: Any, settings: Any) -> ByHand:
        self.clock[0] += self.opening
        waits = iter([self.first])

        class Waiting(ByHand):
            runtime: ClassVar[str] = "torch"

            def field(_, tile: Any, stride: int) -> FieldScores:
                self.clock[0] += next(waits, self.tile)
                shape = tuple(-(-(n - 15) // stride) for n in tile.shape)
                return FieldScores(np.zeros((*shape, 2), np.float32), stride, 7.5)

        return Waiting(model, settings)


def volume() -> ImageSource:
    """One tile in each slice."""
    return ImageSource.from_array(np.random.default_rng(0).integers(0, 9, (TILES, 64, 64), np.uint8))


def plan(source: ImageSource, **settings: Any) -> RunPlan:
    return MicroCT().plan(source, MicroCTSettings.model_validate(settings))


def measured(clock: list[float], machine: Machine, source: ImageSource, stop_after: int = TILES) -> float:
    """Run, perhaps stop, and return how long it took."""
    cancel, start = CancelToken(), clock[0]
    work = MicroCT(opener=machine).run(source, MicroCTSettings(), cancel)
    drive(work, lambda step: cancel.cancel() if step.done >= stop_after else None)
    return clock[0] - start


def within_two(estimate: float, true: float) -> bool:
    return true / 2 <= estimate <= 2 * true


def test_a_run_teaches_the_next_plan(clock: list[float]) -> None:
    source, machine = volume(), Machine(clock, opening=0.3, first=2.0, tile=1.5)
    assert not within_two(plan(source).seconds, 225)
    true = measured(clock, machine, source)
    assert true > 200
    assert within_two(plan(source).seconds, true)


def test_a_run_stopped_at_2_of_150_tiles_does_not_make_the_next_plan_3_hours(clock: list[float]) -> None:
    source = volume()
    before = plan(source).seconds
    each = before / TILES
    stopped = measured(clock, Machine(clock, 20.0, 140.0, 6 * each), source, stop_after=2)
    assert stopped > 160
    assert within_two(plan(source).seconds, before)


def test_a_long_run_that_was_stopped_teaches_as_one_that_was_not(clock: list[float]) -> None:
    source, machine = volume(), Machine(clock, opening=0.3, first=2.0, tile=1.5)
    measured(clock, machine, source, stop_after=50)
    assert within_two(plan(source).seconds, 1.5 * TILES)


def test_measuring_runtimes_is_counted_until_it_was_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.delenv(runtime_choice.VARIABLE)
    monkeypatch.setattr(runtime_choice, "cache_folder", lambda: tmp_path)
    for module in (runtime_choice, start_up_cost):
        monkeypatch.setattr(module, "installed", lambda name: True)
    source = volume()
    unknown = plan(source).seconds
    model = get_model("microct-fiber-dense")
    facts = runtime_choice.facts_of(model, "float32")
    choice = runtime_choice.Choice(
        model=model.name, backend="float32", runtime="openvino", why="", facts=facts
    )
    runtime_choice.remember(tmp_path / "choice.json", choice)
    assert plan(source).seconds == pytest.approx(unknown - start_up_cost.MEASURING_S)


def test_making_the_images_is_counted_and_does_not_slow_the_network(clock: list[float]) -> None:
    class Simulated:
        shape, dtype = (TILES, 64, 64), np.dtype(np.uint8)

        def __init__(self) -> None:
            self.making = Making(self.make, TILES, 4, "slice", cost=0.2)

        def make(self, number: int) -> np.ndarray:
            clock[0] += 0.4
            return np.random.default_rng(number).integers(0, 9, (64, 64), np.uint8)

        def __getitem__(self, index: Any) -> np.ndarray:
            return np.stack([self.making(n) for n in range(*index[0].indices(TILES))])

    source = ImageSource.from_array(Simulated())
    stored = plan(volume()).seconds
    assert plan(source).seconds == pytest.approx(stored + 0.2 * TILES)
    each = stored / TILES
    true = measured(clock, Machine(clock, 0.3, 2.0, each), source)
    assert within_two(plan(source).seconds, true)
    assert plan(volume()).seconds == pytest.approx(stored, rel=0.3)


def test_the_record_tells_when_the_run_began_and_how_long_it_took(clock: list[float]) -> None:
    machine = Machine(clock, opening=3.0, first=2.0, tile=1.0)
    found = drive(MicroCT(opener=machine).run(volume(), MicroCTSettings()))
    assert found.provenance.seconds == pytest.approx(3 + 2 + TILES - 1)


@pytest.mark.parametrize(
    ("technique", "model", "said"),
    [
        ("microct", "gisaxs-lattice", "cannot mark fibres in a whole image"),
        ("diffraction", "gisaxs-lattice", "cannot tell Bragg tiles from others"),
        ("gisaxs", "diffraction-bragg", "cannot name lattices"),
        ("cryoem", "microct-fiber-dense", "cannot pick particles"),
    ],
)
def test_a_model_of_another_science_is_refused_before_a_run(technique: str, model: str, said: str) -> None:
    from napari_sciml.techniques import get_technique

    recipe = get_technique(technique)
    source, settings = ImageSource.from_array(np.zeros((2, 64, 64))), recipe.settings_type(model=model)
    assert said in recipe.plan(source, settings).problem
    with pytest.raises(SciMLError, match=said):
        drive(recipe.run(source, settings))
