"""What a run teaches about this machine, with a clock that the tests hold."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from napari_sciml.core.progress import Progress, drive
from napari_sciml.core.run_rate import RunRates


class Clock:
    """Stands still unless somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rates(clock: Clock, tmp_path: Path) -> RunRates:
    return RunRates(lambda: tmp_path / "cache" / "rates.json", clock)


def tiles(clock: Clock, seconds: Sequence[float], total: int) -> Generator[Progress, None, str]:
    """Work on tiles that take so many seconds each; fewer than `total` are a stopped run."""
    for number, one in enumerate(seconds, 1):
        clock.wait(one)
        yield Progress(number, total)
    return "found"


def test_without_experience_an_estimate_is_the_cost(rates):
    assert rates.estimate("tiles", 7.0) == 7.0


def test_a_long_run_teaches_nearly_all(rates, clock):
    assert drive(rates.timed(tiles(clock, [1.0] * 60, 60), "tiles", cost=6.0)) == "found"
    assert rates.estimate("tiles", 6.0) == pytest.approx(60.0, rel=0.2)
    assert rates.estimate("frames", 6.0) == 6.0


def test_a_stopped_run_teaches_what_it_saw(rates, clock):
    drive(rates.timed(tiles(clock, [1.0] * 20, 500), "tiles", cost=50.0))
    assert 250 < rates.estimate("tiles", 50.0) < 500


def test_a_slow_first_tile_teaches_nothing(rates, clock):
    drive(rates.timed(tiles(clock, [140.0], 150), "tiles", cost=120.0))
    assert rates.estimate("tiles", 120.0) == 120.0
    drive(rates.timed(tiles(clock, [140.0, *[0.8] * 149], 150), "tiles", cost=120.0))
    assert rates.estimate("tiles", 120.0) == pytest.approx(120.0, rel=0.01)


def test_a_run_stopped_at_2_of_150_tiles_does_not_make_2_minutes_3_hours(rates, clock):
    """Both tiles were slow, as those of a network that is still being loaded are."""
    drive(rates.timed(tiles(clock, [140.0, 5.0], 150), "tiles", cost=120.0))
    assert 60 < rates.estimate("tiles", 120.0) < 240


def test_a_run_of_one_image_counts_as_one(rates, clock):
    for _ in range(10):
        drive(rates.timed(tiles(clock, [30.0], 1), "images", cost=10.0))
    assert rates.estimate("images", 10.0) == pytest.approx(30.0, rel=0.15)


def test_what_happens_elsewhere_is_not_counted(rates, clock):
    making = 0.0

    def work() -> Generator[Progress, None, None]:
        nonlocal making
        for number in range(1, 41):
            clock.wait(2.0)
            making += 2.0
            clock.wait(0.1)
            yield Progress(number, 40, "frames")

    drive(rates.timed(work(), "frames", cost=4.0, elsewhere=lambda: making))
    assert rates.estimate("frames", 4.0) == pytest.approx(4.0)


def test_the_time_of_whoever_watches_is_not_counted(rates, clock):
    drive(
        rates.timed(tiles(clock, [1.0] * 40, 40), "tiles", cost=40.0), on_progress=lambda step: clock.wait(9)
    )
    assert rates.estimate("tiles", 40.0) == pytest.approx(40.0)


def test_the_next_session_knows_what_this_one_learnt(rates, clock, tmp_path):
    drive(rates.timed(tiles(clock, [1.0] * 60, 60), "tiles", cost=6.0))
    again = RunRates(lambda: tmp_path / "cache" / "rates.json", clock)
    assert again.estimate("tiles", 6.0) == rates.estimate("tiles", 6.0) > 30


@pytest.mark.parametrize("text", ["", "[1]", '{"tiles": "fast"}', '{"tiles": -1}', '{"tiles": NaN}'])
def test_a_damaged_memory_is_none(text, tmp_path):
    (tmp_path / "rates.json").write_text(text)
    assert RunRates(lambda: tmp_path / "rates.json").estimate("tiles", 3.0) == 3.0


def test_a_memory_that_cannot_be_written_changes_nothing_else(clock, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    rates = RunRates(lambda: tmp_path / "cache" / "rates.json", clock)
    drive(rates.timed(tiles(clock, [1.0] * 60, 60), "tiles", cost=6.0))
    assert rates.estimate("tiles", 6.0) > 30


def test_an_error_passes_and_teaches_nothing(rates, clock):
    def work() -> Generator[Progress, None, None]:
        for number in (1, 2, 3):
            clock.wait(9.0)
            yield Progress(number, 9)
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        drive(rates.timed(work(), "tiles", cost=1.0))
    assert rates.estimate("tiles", 1.0) == 1.0
