"""One loop over frames: a bad one costs itself, a stop keeps what is there, and all bad ones are an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.image_loop import Series
from napari_sciml.core.progress import CancelToken, Progress, drive


def test_every_frame_is_worked_on_and_counted():
    series, seen = Series("film", 3), []

    def work(number: int) -> Iterator[None]:
        seen.append(number)
        yield

    assert list(series.each(range(3), work)) == [Progress(n, 3, "frames") for n in (1, 2, 3)]
    assert (seen, series.done, series.failed, series.problems) == ([0, 1, 2], 3, [], [])


def test_a_bad_frame_costs_only_itself_and_one_sentence():
    series = Series("film", 3, "micrographs")

    def work(number: int) -> Iterator[None]:
        if number == 1:
            raise SciMLError("it is empty", "leave it out")
        yield

    assert [step.done for step in series.each(range(3), work)] == [1, 2, 3]
    assert series.failed == [1]
    assert series.problems == ["Micrograph 1 was left out: it is empty."]


def test_a_part_that_fails_on_the_way_counts_as_a_whole():
    series = Series("volume", 2, "tiles", units=3)

    def work(plane: str) -> Iterator[None]:
        yield
        if plane == "top":
            raise SciMLError("it is torn")
        yield
        yield

    steps = list(series.each(["top", "base"], work, place=lambda plane: f"the {plane}"))
    assert [(step.done, step.total) for step in steps] == [(n, 6) for n in (1, 3, 4, 5, 6)]
    assert series.problems == ["The top was left out: it is torn."]


def test_a_stop_keeps_what_is_there():
    series, cancel = Series("film", 9), CancelToken()

    def work(number: int) -> Iterator[None]:
        if number == 0:
            raise SciMLError("it is empty")
        if number == 3:
            cancel.cancel()
        yield

    drive(series.each(range(9), work, cancel))
    assert (series.done, series.failed) == (4, [0])


def test_where_all_are_bad_the_first_reason_is_the_error():
    series = Series("film", 2)

    def work(number: int) -> Iterator[None]:
        raise SciMLError(f"reason {number}", f"hint {number}")
        yield

    with pytest.raises(SciMLError, match="film cannot be used: reason 0") as caught:
        drive(series.each(range(2), work))
    assert caught.value.hint == "hint 0"


def test_what_is_no_mistake_of_a_person_is_not_hidden():
    def work(number: int) -> Iterator[None]:
        raise ValueError("a bug")
        yield

    with pytest.raises(ValueError, match="a bug"):
        drive(Series("film", 2).each(range(2), work))


def test_a_stop_before_all_were_tried_is_no_error():
    series, cancel = Series("film", 3), CancelToken()

    def work(number: int) -> Iterator[None]:
        cancel.cancel()
        raise SciMLError("it is empty")
        yield

    drive(series.each(range(3), work, cancel))
    assert series.failed == [0]
    drive(Series("film", 0).each([], work))
