from __future__ import annotations

import pytest
from napari.components import ViewerModel

from napari_sciml.app.canvas.caption import Caption


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def overlay(viewer):
    return viewer.canvas.overlays.text


def test_words_appear_change_and_go(viewer, overlay):
    before = (overlay.text, overlay.visible, overlay.font_size, str(overlay.position))
    caption = Caption(viewer)
    caption.show("HCP 97 %")
    assert (overlay.text, overlay.visible) == ("HCP 97 %", True)
    caption.show("FCC111 80 %")
    assert overlay.text == "FCC111 80 %"
    caption.show("")
    assert (overlay.text, overlay.visible, overlay.font_size, str(overlay.position)) == before


def test_the_words_of_a_person_come_back(viewer, overlay):
    overlay.text, overlay.visible, overlay.font_size = "sample 12", True, 33
    caption = Caption(viewer)
    caption.show("HCP 97 %")
    caption.show("FCC111 80 %")
    caption.show("")
    assert (overlay.text, overlay.visible, overlay.font_size) == ("sample 12", True, 33)


def test_what_a_person_writes_meanwhile_comes_back_too(viewer, overlay):
    caption = Caption(viewer)
    caption.show("HCP 97 %")
    overlay.text = "look here"
    caption.show("HCP 98 %")
    assert overlay.text == "HCP 98 %"
    caption.show("")
    assert overlay.text == "look here"


def test_words_that_a_person_wrote_last_are_not_taken_away_at_the_end(viewer, overlay):
    caption = Caption(viewer)
    caption.show("HCP 97 %")
    overlay.text = "look here"
    caption.show("")
    assert (overlay.text, overlay.visible) == ("look here", True)


def test_who_hides_the_words_does_not_get_the_next_ones(viewer, overlay):
    caption = Caption(viewer)
    caption.show("HCP 97 %")
    overlay.visible = False
    caption.show("FCC111 80 %")
    assert not overlay.visible
    caption.show("")
    caption.show("BCC100 90 %")
    assert overlay.visible


def test_nothing_to_say_touches_nothing(viewer, overlay):
    overlay.text, overlay.visible = "sample 12", False
    Caption(viewer).show("")
    assert (overlay.text, overlay.visible) == ("sample 12", False)
