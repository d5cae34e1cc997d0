from __future__ import annotations

import gc
import weakref

import numpy as np
from napari.components import ViewerModel
from napari.utils._proxies import PublicOnlyProxy

from napari_sciml.app.session import session_for
from napari_sciml.core.provenance import METADATA_KEY


def test_a_viewer_has_one_session_however_it_is_handed_over():
    viewer = ViewerModel()
    first = session_for(PublicOnlyProxy(viewer))
    gc.collect()
    assert session_for(viewer) is first
    assert session_for(PublicOnlyProxy(viewer)) is first
    assert session_for(ViewerModel()) is not first


def test_a_session_dies_with_its_viewer():
    viewer = ViewerModel()
    session = weakref.ref(session_for(viewer))
    del viewer
    gc.collect()
    assert session() is None


def test_points_of_a_run_opened_from_a_file_are_watched_too():
    viewer = ViewerModel()
    session_for(viewer)
    points = viewer.add_points(
        np.zeros((2, 3)),
        features={"score": [0.5, 0.6], "label": ["fiber"] * 2, "source": ["model"] * 2},
        metadata={METADATA_KEY: {}},
    )
    points.selected_data = {0}
    points.add([1, 2, 3])
    assert points.features["source"].iloc[-1] == "manual"
    assert np.isnan(points.features["score"].iloc[-1])


def test_other_points_are_left_alone():
    viewer = ViewerModel()
    session_for(viewer)
    points = viewer.add_points(np.zeros((2, 3)), features={"score": [0.5, 0.6], "source": ["model"] * 2})
    points.selected_data = {0}
    points.add([1, 2, 3])
    assert points.features["source"].iloc[-1] == "model"
