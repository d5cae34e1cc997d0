"""How long the rest of a run takes, from how fast it goes."""

from __future__ import annotations

import pytest

from napari_sciml.core.progress import Progress
from napari_sciml.core.time_left import TimeLeft


def test_the_time_left_does_not_count_the_loading_before_the_first_step():
    left = TimeLeft()
    assert left.seconds_left(Progress(1, 11), now=100.0) is None
    assert left.seconds_left(Progress(2, 11), now=102.0) == pytest.approx(18.0)
    assert left.seconds_left(Progress(6, 11), now=110.0) == pytest.approx(10.0)
    assert left.seconds_left(Progress(11, 11), now=120.0) == 0.0


def test_a_new_kind_of_step_starts_anew():
    left = TimeLeft()
    left.seconds_left(Progress(1, 4, "tiles"), now=0.0)
    assert left.seconds_left(Progress(2, 4, "tiles"), now=1.0) == pytest.approx(2.0)
    assert left.seconds_left(Progress(1, 9, "files"), now=2.0) is None
    assert left.seconds_left(Progress(2, 9, "files"), now=5.0) == pytest.approx(21.0)


def test_a_step_that_brings_nothing_gives_no_estimate():
    left = TimeLeft()
    left.seconds_left(Progress(1, 4), now=0.0)
    assert left.seconds_left(Progress(1, 4), now=5.0) is None


def test_loading_between_the_start_and_the_first_unit_does_not_count():
    left = TimeLeft()
    assert left.seconds_left(Progress(0, 11), now=0.0) is None
    assert left.seconds_left(Progress(1, 11), now=100.0) is None
    assert left.seconds_left(Progress(2, 11), now=102.0) == pytest.approx(18.0)
