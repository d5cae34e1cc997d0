"""The canvas is lent, and comes back as it was."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_sciml.app.canvas.lease import Canvas, Part

ALL = Part.SELECTION | Part.GRID | Part.CAMERA


@pytest.fixture
def viewer() -> ViewerModel:
    viewer = ViewerModel()
    for name in ("first", "second", "third"):
        viewer.add_image(np.zeros((5, 40, 50)), name=name)
    viewer.layers["second"].visible = False
    viewer.layers.selection.active = viewer.layers["first"]
    return viewer


@pytest.fixture
def canvas(viewer) -> Canvas:
    return Canvas(viewer)


class Borrower:
    """Takes the canvas, changes everything, and gives it back when it is asked."""

    def __init__(self, canvas, viewer, log, name, parts=ALL, **kwargs) -> None:
        self.log, self.name = log, name
        self.lease = canvas.borrow(self.leave, parts, **kwargs)
        self.lease.hide(viewer.layers)
        self.lease.host([viewer.add_image(np.ones((5, 40, 50)), name=name)])

    def leave(self) -> None:
        self.log.append(self.name)
        self.lease.give_back()


def look(viewer):
    grid, camera = viewer.canvas.grid, viewer.scene.camera
    return (
        [(layer.name, layer.visible) for layer in viewer.layers],
        viewer.layers.selection.active.name,
        (grid.enabled, grid.stride, grid.shape, grid.spacing),
        (viewer.dims.ndisplay, tuple(viewer.dims.point)),
        (tuple(camera.center), camera.zoom, tuple(camera.angles)),
    )


def upset(viewer) -> None:
    """Change all that can be seen."""
    grid, camera = viewer.canvas.grid, viewer.scene.camera
    viewer.dims.ndisplay = 3
    viewer.dims.set_point(0, 4)
    grid.enabled, grid.stride, grid.shape, grid.spacing = True, 2, (1, 2), 9
    camera.center, camera.zoom, camera.angles = (1.0, 2.0, 3.0), 7.0, (1.0, 2.0, 3.0)
    viewer.layers.selection.active = viewer.layers[-1]


def test_everything_comes_back_as_it_was(viewer, canvas):
    viewer.dims.set_point(0, 2)
    before = look(viewer)
    borrower = Borrower(canvas, viewer, [], "guest")
    upset(viewer)
    assert [layer.name for layer in viewer.layers if layer.visible] == ["guest"]
    borrower.lease.give_back()
    assert look(viewer) == before


def test_what_was_not_borrowed_stays_as_a_person_has_it_now(viewer, canvas):
    borrower = Borrower(canvas, viewer, [], "guest", Part.SELECTION)
    viewer.dims.set_point(0, 4)
    viewer.scene.camera.zoom = 7.0
    viewer.canvas.grid.stride = 2
    borrower.lease.give_back()
    assert viewer.dims.point[0] == 4
    assert viewer.scene.camera.zoom == 7
    assert viewer.canvas.grid.stride == 2
    assert viewer.layers.selection.active.name == "first"


def test_who_wants_it_alone_asks_the_holder_to_leave(viewer, canvas):
    before, log = look(viewer), []
    first = Borrower(canvas, viewer, log, "one")
    second = Borrower(canvas, viewer, log, "two")
    assert log == ["one"]
    assert not first.lease.is_held
    assert canvas.holder is second.lease
    assert [layer.name for layer in viewer.layers if layer.visible] == ["two"]
    second.lease.give_back()
    assert look(viewer) == before


def test_who_does_not_leave_is_put_out(viewer, canvas):
    before = look(viewer)
    lease = canvas.borrow(lambda: None, ALL)
    lease.hide(viewer.layers)
    upset(viewer)
    second = canvas.borrow(lambda: None, ALL)
    assert not lease.is_held
    assert look(viewer) == before
    second.give_back()
    assert canvas.holder is None


def test_on_top_of_each_other_they_unwind_in_order(viewer, canvas):
    before, log = look(viewer), []
    below = Borrower(canvas, viewer, log, "below")
    upset(viewer)
    between = look(viewer)
    above = Borrower(canvas, viewer, log, "above", on_top=True)
    assert log == []
    above.lease.give_back()
    assert look(viewer) == between
    Borrower(canvas, viewer, log, "middle", on_top=True)
    Borrower(canvas, viewer, log, "top", on_top=True)
    below.lease.give_back()
    assert log == ["top", "middle"]
    assert look(viewer) == before


def test_giving_back_twice_changes_nothing_more(viewer, canvas):
    borrower = Borrower(canvas, viewer, [], "guest")
    borrower.lease.give_back()
    viewer.layers["first"].visible = False
    borrower.lease.give_back()
    assert not viewer.layers["first"].visible


def test_layers_that_went_meanwhile_are_not_missed(viewer, canvas):
    borrower = Borrower(canvas, viewer, [], "guest")
    viewer.layers.remove(viewer.layers["guest"])
    viewer.layers.remove(viewer.layers["first"])
    borrower.lease.give_back()
    assert [(layer.name, layer.visible) for layer in viewer.layers] == [("second", False), ("third", True)]


def test_words_are_those_of_the_holders_from_below(viewer, canvas):
    changes = []
    canvas.changed.connect(lambda: changes.append(canvas.words("cubic", 3)))
    below = Borrower(canvas, viewer, [], "below")
    below.lease.say(lambda said, frame: f"{said} in {frame}")
    above = Borrower(canvas, viewer, [], "above", on_top=True)
    above.lease.say(lambda said, frame: f"({said})")
    assert changes[-1] == "(cubic in 3)"
    below.lease.give_back()
    assert changes[-1] == "cubic"


def test_a_closed_viewer_is_not_kept_and_lends_nothing():
    viewer = ViewerModel()
    canvas, gone = Canvas(viewer), weakref.ref(viewer)
    lease = canvas.borrow(lambda: None, ALL)
    del viewer
    gc.collect()
    assert gone() is None
    lease.give_back()
    assert canvas.borrow(lambda: None) is None
