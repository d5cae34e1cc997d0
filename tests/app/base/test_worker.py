from __future__ import annotations

import threading

from qtpy.QtCore import QCoreApplication, QThread

from napari_sciml.app.base.worker import Crashed, Failed, Finished, Task, run_in_thread
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import Progress


def counting(to, then=None):
    for done in range(1, to + 1):
        yield Progress(done, to)
    if then is not None:
        raise then
    return threading.get_ident()


def run(qtbot, work):
    steps, ends, threads = [], [], set()

    def note(where, value):
        threads.add(QThread.currentThread() is QCoreApplication.instance().thread())
        where.append(value)

    run_in_thread(
        Task(
            work,
            title="count",
            total=3,
            on_step=lambda step: note(steps, step.done),
            on_end=lambda outcome: note(ends, outcome),
        )
    )
    qtbot.waitUntil(lambda: bool(ends), timeout=5000)
    qtbot.wait(50)
    assert threads == {True}
    assert len(ends) == 1
    return steps, ends[0]


def test_work_runs_elsewhere_and_reports_here(qtbot):
    steps, outcome = run(qtbot, counting(3))
    assert steps == [1, 2, 3]
    assert isinstance(outcome, Finished)
    assert outcome.result != threading.get_ident()


def test_what_a_person_can_mend_is_an_outcome_and_no_traceback(qtbot):
    with qtbot.capture_exceptions() as raised:
        _, outcome = run(qtbot, counting(2, SciMLError("No", "try")))
    assert isinstance(outcome, Failed)
    assert outcome.error.sentence == "No: try."
    assert raised == []


def test_a_bug_keeps_its_traceback(qtbot):
    with qtbot.capture_exceptions() as raised:
        _, outcome = run(qtbot, counting(2, ZeroDivisionError("bug")))
    assert isinstance(outcome, Crashed)
    assert [kind for kind, *_ in raised] == [ZeroDivisionError]
