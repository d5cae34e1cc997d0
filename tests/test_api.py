from __future__ import annotations

import inspect
import threading

import numpy as np
import pytest

import napari_sciml as sciml
from napari_sciml.core.errors import SciMLWarning
from napari_sciml.core.progress import CancelToken
from napari_sciml.core.source import ImageSource


@pytest.fixture
def patches():
    return np.random.default_rng(0).integers(0, 256, (7, 16, 16), np.uint8)


def test_techniques_can_be_listed_before_and_after_their_package_is_imported():
    assert sciml.techniques() == ["cryoem", "diffraction", "gisaxs", "microct"]
    import napari_sciml.techniques

    assert napari_sciml.techniques() == ["cryoem", "diffraction", "gisaxs", "microct"]
    assert napari_sciml.techniques.technique_names() == ["cryoem", "diffraction", "gisaxs", "microct"]


def test_models_has_the_promised_columns():
    table = sciml.models()
    assert table.columns.tolist() == [
        "name",
        "technique",
        "classes",
        "input",
        "parameters",
        "variants",
        "accuracy",
        "licence",
    ]
    for name in table["name"]:
        assert sciml.model(name).name == name


def test_classify_gives_probabilities_in_the_order_of_the_classes(random_patch_model, patches):
    answers = sciml.classify(random_patch_model.folder, patches)
    assert answers.shape == (7, 2)
    assert answers.dtype == np.float32
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-6)
    assert sciml.model(random_patch_model.folder).classes == ("not_fiber", "fiber")
    module = random_patch_model.build()
    import torch

    with torch.inference_mode():
        logits = module(torch.from_numpy(random_patch_model.normalise(patches))[:, None])
    np.testing.assert_allclose(answers, logits.softmax(1), atol=1e-6)


def test_each_image_is_normalised_by_itself(random_patch_model, random_dense_model, patches):
    for model in (random_patch_model, random_dense_model):
        together = sciml.classify(model.folder, patches)
        alone = sciml.classify(model.folder, patches[3:4] * 2.5 - 1000)
        np.testing.assert_allclose(alone[0], together[3], atol=1e-5)


def test_dense_model_labels_the_window_at_the_centre(random_dense_model):
    image = np.random.default_rng(1).integers(0, 256, (2, 30, 41), np.uint8)
    whole = sciml.classify(random_dense_model.folder, image)
    np.testing.assert_array_equal(whole, sciml.classify(random_dense_model.folder, image[:, 7:23, 12:28]))


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((7, 15, 16), "15 x 16 px"),
        ((7, 17, 16), "17 x 16 px"),
        ((16, 16), "shape"),
        ((7, 16, 16, 1), "shape"),
    ],
)
def test_images_of_the_wrong_size(random_patch_model, shape, said):
    with pytest.raises(sciml.SciMLError, match=said):
        sciml.classify(random_patch_model.folder, np.zeros(shape))


def test_dense_model_needs_a_whole_window(random_dense_model):
    with pytest.raises(sciml.SciMLError, match="at least 16 x 16 px"):
        sciml.classify(random_dense_model.folder, np.zeros((3, 20, 15)))


def test_many_patches_are_labelled_in_parts(random_patch_model, patches, monkeypatch):
    whole = sciml.classify(random_patch_model.folder, patches)
    monkeypatch.setattr("napari_sciml.api.IMAGES_AT_ONCE", 3)
    np.testing.assert_allclose(sciml.classify(random_patch_model.folder, patches), whole, atol=1e-6)


def test_constant_patch_and_no_patches(random_patch_model):
    assert np.isfinite(sciml.classify(random_patch_model.folder, np.full((1, 16, 16), 9))).all()
    assert sciml.classify(random_patch_model.folder, np.empty((0, 16, 16))).shape == (0, 2)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: sciml.run("alchemy", np.zeros((20, 20))), "no technique called 'alchemy'"),
        (lambda: sciml.run("microct", np.zeros((20, 20)), colour="red"), "no setting called colour"),
        (lambda: sciml.run("microct", np.zeros((20, 20)), threshold=2), "threshold=2 is not valid"),
        (lambda: sciml.run("microct", np.zeros((0, 20))), "is empty"),
        (lambda: sciml.run("microct", np.zeros((20, 20), complex)), "complex"),
        (lambda: sciml.run("microct", [[1, 2, 3], [4, 5]]), "different lengths"),
        (lambda: sciml.run("microct", "no/such/file.tif"), "file.tif"),
        (lambda: sciml.model("no-such-model"), "no model called"),
        (lambda: sciml.classify("no-such-model", np.zeros((1, 16, 16))), "no model called"),
    ],
)
def test_what_a_person_can_get_wrong_is_one_sentence(call, said):
    with pytest.raises(sciml.SciMLError, match=said) as caught:
        call()
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_variant_that_is_not_there_is_replaced_and_that_is_told(random_dense_model, patches):
    with pytest.warns(SciMLWarning, match="no int8 variant yet; float32 was used instead of integers"):
        answers = sciml.classify(random_dense_model.folder, patches, backend="int8")
    np.testing.assert_array_equal(answers, sciml.classify(random_dense_model.folder, patches))
    found = sciml.run("microct", np.eye(40), backend="codebook", model=str(random_dense_model.folder))
    assert found.provenance.backend == "codebook"
    assert "its weights were quantised after training instead" in found.provenance.problems[0]
    with pytest.raises(sciml.SciMLError, match="backend='spiking' is not valid: use one of float32"):
        sciml.run("microct", np.eye(40), backend="spiking", model=str(random_dense_model.folder))


def test_run_takes_arrays_files_and_sources(random_dense_model, tmp_path):
    image = np.random.default_rng(2).integers(0, 256, (2, 60, 50), np.uint8)
    np.save(tmp_path / "image.npy", image)
    steps = []
    settings = {"model": str(random_dense_model.folder), "threshold": 0.1}
    results = [
        sciml.run("microct", what, **settings, on_progress=steps.append)
        for what in (image, image.tolist(), tmp_path / "image.npy", ImageSource.from_array(image))
    ]
    assert len(results[0].table) > 5
    for other in results[1:]:
        assert other.table.equals(results[0].table)
    assert results[2].provenance.source.path == str(tmp_path / "image.npy")
    assert [step.done for step in steps[:3]] == [0, 1, 2]


def test_run_can_be_stopped_from_another_thread(random_dense_model):
    image = np.random.default_rng(2).integers(0, 256, (30, 40, 40), np.uint8)
    cancel = CancelToken()

    def stop(step):
        if step.done == 3:
            thread = threading.Thread(target=cancel.cancel)
            thread.start()
            thread.join()

    found = sciml.run("microct", image, model=str(random_dense_model.folder), on_progress=stop, cancel=cancel)
    assert found.partial
    assert (found.provenance.units_done, found.provenance.units_total) == (3, 30)


def test_everything_public_is_documented():
    for name in sciml.__all__:
        assert inspect.getdoc(getattr(sciml, name)), name
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = sciml.nonsense
    assert dir(sciml) == sorted(sciml.__all__)
