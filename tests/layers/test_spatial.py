from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from fixtures.fakes import SpotTechnique, spots
from fixtures.point_layers import findings_to_layers
from napari_sciml.core.progress import drive
from napari_sciml.layers.source import source_from_layer
from napari_sciml.layers.spatial import Place, spatial_kwargs
from napari_sciml.layers.transform_sync import TransformSync
from napari_sciml.techniques.microct.settings import MicroCTSettings

TURNED = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
AFFINE = np.array([[2.0, 0.0, 0.0, 5.0], [0.0, 0.5, 0.3, -4.0], [0.0, -0.3, 0.5, 1.0], [0.0, 0.0, 0.0, 1.0]])
PLACES = {
    "plain": {},
    "scale": {"scale": (2.0, 0.65, 0.65)},
    "translate": {"translate": (-3.0, 100.0, 0.5)},
    "micrometres": {"scale": (0.65, 0.65, 0.65), "units": ("um", "um", "um")},
    "mixed units": {"scale": (1.3, 650.0, 650.0), "units": ("um", "nm", "nm")},
    "axis labels": {"axis_labels": ("slice", "row", "column")},
    "rotate": {"rotate": TURNED, "scale": (3.0, 2.0, 1.0)},
    "shear": {"shear": (0.1, 0.2, 0.3)},
    "affine": {"affine": AFFINE},
    "everything": {
        "scale": (0.7, 0.65, 0.6),
        "translate": (1.0, 2.0, 3.0),
        "rotate": TURNED,
        "shear": (0.1, 0.0, 0.2),
        "affine": AFFINE,
        "units": ("um", "um", "um"),
        "axis_labels": ("z", "y", "x"),
    },
}


# napari places such layers rightly in the world, but draws their slices without the turn, and says so.
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_points_lie_exactly_on_their_image(place):
    viewer = ViewerModel()
    image = viewer.add_image(spots(), **place)
    findings = drive(SpotTechnique().run(source_from_layer(image), MicroCTSettings()))

    points = viewer.add_layer(Layer.create(*findings_to_layers(findings, Place.of(image))[0]))

    bright = np.argwhere(image.data >= 0.5 * 255)
    assert len(bright) > 5
    in_world = {tuple(np.round(image.data_to_world(p), 9)) for p in bright}
    assert {tuple(np.round(points.data_to_world(p), 9)) for p in points.data} == in_world
    assert points.units == image.units
    assert points.axis_labels == image.axis_labels


@pytest.mark.parametrize("keep", [(1, 2), (0, 2)])
def test_outputs_of_fewer_dimensions_keep_their_own_axes(keep):
    viewer = ViewerModel()
    image = viewer.add_image(
        np.zeros((4, 5, 6)),
        scale=(3.0, 2.0, 0.5),
        translate=(10.0, 20.0, 30.0),
        units=("um", "nm", "pixel"),
        axis_labels=("z", "y", "x"),
        affine=np.diag([1.0, 4.0, 5.0, 1.0]),
    )

    lower = Layer.create(
        np.zeros((1, len(keep))), {"ndim": len(keep), **spatial_kwargs(image, keep)}, "points"
    )

    probe = np.array([1.0, 2.0, 3.0])
    expected = np.asarray(image.data_to_world(probe))[list(keep)]
    np.testing.assert_allclose(lower.data_to_world(probe[list(keep)]), expected)
    assert lower.units == tuple(image.units[i] for i in keep)
    assert lower.axis_labels == tuple("zyx"[i] for i in keep)


def test_shear_is_cut_by_axes_too():
    image = ViewerModel().add_image(np.zeros((4, 5, 6)), shear=(0.1, 0.2, 0.3))
    # The vector holds (z,y), (z,x), (y,x): of y and x only the last remains.
    np.testing.assert_allclose(spatial_kwargs(image, (1, 2))["shear"], [[1.0, 0.3], [0.0, 1.0]])


def test_the_remembered_place_does_not_follow_the_layer():
    image = ViewerModel().add_image(np.zeros((4, 5, 6)), scale=(1.0, 2.0, 3.0))
    place = Place.of(image)
    image.scale = (9.0, 9.0, 9.0)
    np.testing.assert_allclose(place.spatial["scale"], (1.0, 2.0, 3.0))


def test_results_follow_their_image_when_it_is_moved_later():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((4, 5, 6)))
    points = viewer.add_points(np.ones((1, 3)))
    transform_sync = TransformSync(image, [points])

    image.scale = (0.7, 0.65, 0.65)
    image.units = ("um", "um", "um")
    image.affine = AFFINE
    image.translate = (1.0, 2.0, 3.0)

    np.testing.assert_allclose(points.data_to_world((1, 2, 3)), image.data_to_world((1, 2, 3)))
    assert points.units == image.units
    del transform_sync
