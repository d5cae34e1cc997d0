"""Images that are made when they are looked at, and what the next ones cost."""

from __future__ import annotations

import pytest

from napari_sciml.core import made_on_demand
from napari_sciml.core.made_on_demand import Making


@pytest.fixture
def clock(monkeypatch):
    """A clock that making an image moves on by two seconds."""
    now = [0.0]
    monkeypatch.setattr(made_on_demand.time, "perf_counter", lambda: now[0])
    return now


def frames(clock, count, kept, cost=1.0):
    made = []

    def make(number):
        made.append(number)
        clock[0] += 2.0
        return f"frame {number}"

    return Making(make, count, kept, "frame", cost), made


def test_an_image_is_made_once_as_long_as_it_is_kept(clock):
    make, made = frames(clock, 9, kept=2)
    wanted = (0, 1, 0, 2, 0, 1)
    assert [make(number) for number in wanted] == [f"frame {number}" for number in wanted]
    assert made == [0, 1, 2, 1]
    assert make.seconds == 8.0


def test_before_the_first_the_cost_is_the_estimate(clock):
    make, _ = frames(clock, 9, kept=2, cost=1.5)
    assert make.ahead() == 13.5
    assert make.ahead(again=4) == pytest.approx(19.5)


def test_those_made_teach_what_the_others_take(clock):
    make, _ = frames(clock, 40, kept=2)
    for number in range(20):
        make(number)
    assert make.ahead() == pytest.approx(80.0, rel=0.05)


def test_what_is_kept_costs_nothing_if_all_can_be(clock):
    make, _ = frames(clock, 10, kept=10, cost=2.0)
    for number in range(4):
        make(number)
    assert make.ahead() == pytest.approx(12.0)
    few, _ = frames(clock, 10, kept=4, cost=2.0)
    few(0)
    assert few.ahead() == pytest.approx(20.0)
