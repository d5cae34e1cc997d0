"""What was said of one image stays with it."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel

from napari_sciml.app.run.run_requests import RunRequests, all_techniques

PONI = {"poni": "film.poni", "incidence_deg": 0.2, "mask": "mask.tif", "explore": True}


def test_the_geometry_of_one_image_does_not_follow_to_the_next() -> None:
    viewer = ViewerModel()
    first = viewer.add_image(np.zeros((40, 50)))
    requests = RunRequests(viewer, all_techniques())
    requests.choose_technique("gisaxs")
    requests.change_values("gisaxs", PONI)
    second = viewer.add_image(np.zeros((40, 50)))
    assert requests.image.image is second
    assert requests.request.values["gisaxs"] == {"explore": True}, "what is wanted of a run stays"
    requests.change_values("gisaxs", {"qy_range": (-1, 1), "explore": True})
    requests.image.choose(first)
    assert requests.request.values["gisaxs"] == PONI
    requests.image.choose(second)
    assert requests.request.values["gisaxs"] == {"qy_range": (-1, 1), "explore": True}
    viewer.layers.remove(second)
    assert requests.request.values["gisaxs"] == PONI


def test_what_is_said_before_there_is_an_image_is_of_the_first() -> None:
    viewer = ViewerModel()
    requests = RunRequests(viewer, all_techniques())
    requests.change_values("gisaxs", PONI)
    viewer.add_image(np.zeros((40, 50)))
    assert requests.request.values["gisaxs"] == PONI
