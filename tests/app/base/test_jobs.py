"""One machine for long work, turned by hand: no window, no thread."""

from __future__ import annotations

import gc
import weakref

import pytest

from napari_sciml.app.base.jobs import Going, Job, JobRunner, Phase
from napari_sciml.app.base.turn import Turn
from napari_sciml.app.base.worker import Crashed, Failed, Finished, outcome_of
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import Progress


class Viewer:
    """Something that can go away."""


class Hands:
    """A runner whose work is turned step by step."""

    def __init__(self, turn=None) -> None:
        self.viewer = Viewer()
        self.tasks = []
        self.runner = JobRunner(self.viewer, self.tasks.append, turn)
        self.goings = []
        self.ends = []
        self.runner.changed.connect(lambda: self.goings.append(self.runner.going))

    def begin(self, to=3, fail=None, **kwargs):
        def work(token):
            for done in range(1, to + 1):
                if token.cancelled:
                    return "stopped"
                yield Progress(done, to)
                if fail is not None:
                    raise fail
            return "done"

        return self.runner.begin(Job("count", work, self.ends.append, to, **kwargs))

    def step(self, task) -> None:
        task.on_step(next(task.work))

    def finish(self, task) -> None:
        work = outcome_of(task.work)
        while True:
            try:
                task.on_step(next(work))
            except StopIteration as stop:
                task.on_end(stop.value)
                return


@pytest.fixture
def hands() -> Hands:
    return Hands()


def test_a_task_is_told_step_by_step_and_once_at_its_end(hands):
    steps = []
    assert hands.begin(on_step=steps.append)
    (task,) = hands.tasks
    hands.finish(task)
    assert [step.done for step in steps] == [1, 2, 3]
    assert hands.ends == [Finished("done")]
    phases = [going.phase for going in hands.goings]
    assert phases == [Phase.RUNNING] * 4 + [Phase.IDLE]
    assert hands.goings[2].seconds_left is not None
    assert hands.goings[-1] == Going()
    task.on_end(Finished("again"))
    task.on_step(Progress(1, 3))
    assert len(hands.ends) == 1
    assert len(hands.goings) == 5


def test_a_second_task_waits_for_nobody_and_is_refused(hands):
    assert hands.begin()
    assert not hands.begin()
    assert len(hands.tasks) == 1


def test_stop_is_seen_by_the_work_and_its_end_is_told(hands):
    hands.begin()
    hands.runner.stop()
    assert hands.runner.going.phase is Phase.STOPPING
    hands.finish(hands.tasks[0])
    assert hands.ends == [Finished("stopped")]


def test_stopping_keeps_how_far_it_is(hands):
    hands.begin()
    hands.step(hands.tasks[0])
    hands.runner.stop()
    assert hands.runner.going == Going(Phase.STOPPING, Progress(1, 3))


def test_what_can_be_mended_and_what_cannot_are_outcomes(hands):
    hands.begin(fail=SciMLError("No"))
    hands.finish(hands.tasks[0])
    assert isinstance(hands.ends[0], Failed)
    hands.begin()
    hands.tasks[1].on_end(Crashed(ZeroDivisionError()))
    assert isinstance(hands.ends[1], Crashed)
    assert not hands.runner.is_busy


def test_an_idle_runner_is_told_only_when_the_result_is_there(hands):
    hands.begin()
    seen = []
    hands.runner.changed.connect(lambda: seen.append((hands.runner.going.phase, len(hands.ends))))
    hands.finish(hands.tasks[0])
    assert seen[-1] == (Phase.IDLE, 1)


def test_of_what_waits_for_the_end_the_last_is_called(hands):
    called = []
    hands.runner.when_idle(lambda: called.append("now"))
    hands.begin()
    for name in ("first", "last"):
        hands.runner.when_idle(lambda name=name: called.append(name))
    assert called == ["now"]
    hands.finish(hands.tasks[0])
    assert called == ["now", "last"]


def test_dropped_work_is_stopped_and_told_to_nobody(hands):
    steps = []
    hands.begin(on_step=steps.append)
    hands.runner.when_idle(lambda: pytest.fail("it was dropped"))
    hands.runner.drop()
    assert hands.runner.is_busy, "it has not ended yet"
    hands.finish(hands.tasks[0])
    assert not hands.runner.is_busy
    assert hands.ends == steps == []


def test_work_for_a_closed_viewer_is_stopped_and_told_to_nobody(hands):
    hands.begin()
    hands.viewer = None
    gc.collect()
    hands.finish(hands.tasks[0])
    assert hands.ends == []


def test_running_work_does_not_keep_its_runner(hands):
    hands.begin()
    task, gone = hands.tasks[0], weakref.ref(hands.runner)
    hands.runner = None
    gc.collect()
    assert gone() is None
    hands.finish(task)
    assert hands.ends == []


def test_those_in_turn_wait_and_are_told_why():
    turn = Turn()
    first, second = Hands(turn), Hands(turn)
    changes = []
    turn.changed.connect(lambda: changes.append(second.runner.blocked))
    first.begin(why="The first works.")
    assert first.runner.blocked == ""
    assert second.runner.blocked == "The first works."
    assert not second.begin()
    first.finish(first.tasks[0])
    assert changes == ["The first works.", ""]
    assert second.begin()


def test_the_next_task_may_begin_in_the_word_about_the_last_and_keeps_the_turn():
    turn = Turn()
    first, second = Hands(turn), Hands(turn)

    def work(token):
        yield Progress(1, 1)

    first.runner.begin(Job("one", work, lambda outcome: first.begin(why="Still."), why="Once."))
    first.finish(first.tasks[0])
    assert second.runner.blocked == "Still."


def test_a_mistake_in_who_is_told_gives_the_turn_back():
    turn = Turn()
    first, second = Hands(turn), Hands(turn)

    def work(token):
        yield Progress(1, 1)

    def broken(outcome):
        raise ZeroDivisionError

    first.runner.begin(Job("one", work, broken, why="Once."))
    with pytest.raises(ZeroDivisionError):
        first.finish(first.tasks[0])
    assert second.begin()
