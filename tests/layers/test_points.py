from __future__ import annotations

import json

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from fixtures.fakes import SpotTechnique, spots
from fixtures.point_layers import findings_to_layers
from napari_sciml.core.progress import CancelToken, drive
from napari_sciml.core.provenance import METADATA_KEY, Provenance
from napari_sciml.core.source import ImageSource
from napari_sciml.layers.spatial import Place
from napari_sciml.techniques.microct.settings import MicroCTSettings


def findings(image, cancel=None, **settings):
    source = ImageSource.from_array(image, name="slab")
    return drive(SpotTechnique().run(source, MicroCTSettings(**settings), cancel))


def layer_of(found, image):
    place = Place.of(ViewerModel().add_image(image, name="slab"))
    return Layer.create(*findings_to_layers(found, place)[0])


def test_each_point_has_score_label_and_source():
    image = spots()
    found = findings(image, threshold=0.4)
    layer = layer_of(found, image)
    assert list(layer.features.columns) == ["score", "label", "source"]
    where = layer.data.astype(int)
    np.testing.assert_allclose(layer.features["score"], image[tuple(where.T)] / 255)
    assert set(layer.features["label"]) == {"fiber"}
    assert set(layer.features["source"]) == {"model"}


def test_the_run_record_rides_along_and_can_be_stored():
    image = spots()
    record = layer_of(findings(image), image).metadata[METADATA_KEY]
    assert json.loads(json.dumps(record)) == record
    assert Provenance.model_validate(record).technique == "microct"
    assert record["partial"] is False


def test_a_stopped_run_is_marked_in_name_and_record():
    image = spots()
    token = CancelToken()
    work = SpotTechnique().run(ImageSource.from_array(image, name="slab"), MicroCTSettings(), token)
    next(work)
    token.cancel()
    layer = layer_of(drive(work), image)
    assert layer.name == "slab: fibres (partial)"
    assert layer.metadata[METADATA_KEY]["partial"] is True
    assert set(layer.data[:, 0]) <= {0.0, 1.0}


def test_nothing_found_is_an_empty_layer_that_can_be_added_to():
    image = np.zeros((3, 20, 20), np.uint8)
    layer = layer_of(findings(image), image)
    assert layer.data.shape == (0, 3)
    layer.add([1, 2, 3])
    assert layer.features["source"].tolist() == ["manual"]
    assert np.isnan(layer.features["score"].iloc[0])


def test_a_flat_image_gets_flat_points():
    image = spots(shape=(40, 50))
    layer = layer_of(findings(image), image)
    assert layer.ndim == 2
    assert len(layer.data) == (image >= 0.5 * 255).sum()


def test_markers_are_as_large_as_a_fibre_and_hollow():
    image = spots()
    layer = layer_of(findings(image), image)
    assert layer.size == pytest.approx(13.5)
    assert (layer.face_color[:, 3] == 0).all()
