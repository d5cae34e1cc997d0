from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from fixtures.fakes import SpotTechnique, spots
from napari_sciml.app.base.run_request import RunRequest
from napari_sciml.app.run.resolve import resolve
from napari_sciml.app.run.text import NO_IMAGE


class FlatTechnique(SpotTechnique):
    name = "flat"
    title = "Flat things"

    def refusal(self, source):
        return "" if source.ndim == 2 else f"{source.name} is not flat."


def image(data=None, **kwargs):
    return ViewerModel().add_image(spots() if data is None else data, name="slab", **kwargs)


def test_without_an_image_the_next_step_is_said():
    found = resolve(RunRequest(), None, [SpotTechnique()])
    assert found.blocked == NO_IMAGE
    assert found.source is None


def test_a_plain_volume_is_ready_to_run():
    found = resolve(RunRequest(), image(), [SpotTechnique()])
    assert not found.blocked
    assert found.plan.line == "6 tiles, about 12 s, 0.4 GB"
    assert found.values == {}
    assert found.facts.line == "6 × 40 × 50 (z, y, x), uint8, no pixel size"


@pytest.mark.parametrize(("shape", "offered"), [((6, 40, 50), ["microct"]), ((40, 50), ["microct", "flat"])])
def test_techniques_are_offered_by_what_the_image_is(shape, offered):
    found = resolve(RunRequest(), image(spots(shape=shape)), [SpotTechnique(), FlatTechnique()])
    assert [choice.name for choice in found.offered] == offered


def test_a_wish_that_the_image_does_not_allow_falls_back_to_what_is_offered():
    found = resolve(RunRequest(technique="flat"), image(), [SpotTechnique(), FlatTechnique()])
    assert found.technique.name == "microct"
    assert not found.blocked


def test_if_nothing_suits_the_image_the_reason_is_given():
    found = resolve(RunRequest(), image(), [FlatTechnique()])
    assert found.blocked == "slab is not flat."


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"fiber_diameter_px": 1.0}, "fiber_diameter_px=1.0 is not valid"),
        ({"speed": 3}, "no setting called speed"),
        ({"fiber_diameter_um": 8.0}, "does not say how large a pixel is"),
    ],
)
def test_settings_that_cannot_work_block_with_their_reason(values, reason):
    found = resolve(RunRequest(values={"microct": values}), image(), [SpotTechnique()])
    assert reason in found.blocked


def test_an_rgb_layer_is_offered_and_refused_with_a_reason():
    photo = ViewerModel().add_image(np.zeros((20, 30, 3), np.uint8), rgb=True, name="photo")
    assert "photo is a colour image" in resolve(RunRequest(), photo, [SpotTechnique()]).blocked


def test_only_what_differs_from_the_defaults_is_passed_on():
    request = RunRequest(model="spots-2", values={"microct": {"axis": 1}}, threshold=0.7)
    found = resolve(request, image(), [SpotTechnique()])
    assert found.values == {"axis": 1, "threshold": 0.7, "model": "spots-2"}


def test_the_axis_of_a_volume_is_not_asked_of_a_flat_image():
    request = RunRequest(values={"microct": {"axis": 2, "fiber_diameter_px": 9.0}})
    assert resolve(request, image(spots(shape=(40, 50))), [SpotTechnique()]).values == {
        "fiber_diameter_px": 9.0
    }


def test_axes_are_called_what_the_layer_calls_them():
    named = image(axis_labels=("slice", "row", "column"), scale=(2, 0.5, 0.5), units=("um",) * 3)
    facts = resolve(RunRequest(), named, [SpotTechnique()]).facts
    assert facts.axis_names == ("slice", "row", "column")
    assert facts.pixel_size_um == (2.0, 0.5, 0.5)
    assert "pixel 2 × 0.5 × 0.5 µm" in facts.line
    assert resolve(RunRequest(), image(), [SpotTechnique()]).facts.axis_names == ("z", "y", "x")
