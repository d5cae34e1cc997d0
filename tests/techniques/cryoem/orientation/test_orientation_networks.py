"""Both orientation networks: sizes, symmetry, what they learn in a few steps, folders and answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import drive
from napari_sciml.networks.architectures import count_parameters, new_module
from napari_sciml.networks.ours.orientation import OrientationNet
from napari_sciml.networks.paper.table_iii import PAPER_PARAMETERS
from napari_sciml.networks.registry import get_model, open_model
from napari_sciml.techniques.cryoem.density.density_map import DensityMap, built_in_map, fit_box
from napari_sciml.techniques.cryoem.orientation.classify import classify_views, none_of_them
from napari_sciml.techniques.cryoem.orientation.model_map import map_of
from napari_sciml.techniques.cryoem.orientation.references import reference_images
from napari_sciml.techniques.cryoem.train.orientation.dataset import (
    noise_set,
    paper_set,
    random_map,
    realistic_set,
)
from napari_sciml.techniques.cryoem.train.orientation.learn import answer
from napari_sciml.techniques.cryoem.train.orientation.networks import PAPER_NAME, REALISTIC_NAME, train_paper
from napari_sciml.techniques.cryoem.train.orientation.own_map import train_for_map
from napari_sciml.techniques.cryoem.train.orientation.paper_protocol import PaperSettings, fit_table_iii
from napari_sciml.training.fit import FitSettings

PARTICLE = fit_box(built_in_map())


@pytest.fixture(scope="module")
def untrained() -> OrientationNet:
    network = OrientationNet().eval()
    network.start_from(torch.from_numpy(reference_images(PARTICLE)), torch.arange(84))
    return network


def test_table_iii_has_the_papers_weights() -> None:
    module = new_module("table-iii")
    assert sum(count_parameters(module)) == PAPER_PARAMETERS
    assert module(torch.zeros(2, 1, 64, 64)).shape == (2, 84)
    # Rows and columns 62 and 63 are never seen.
    images = torch.randn(1, 1, 64, 64)
    other = images.clone()
    other[..., 62:, :] = 9
    other[..., 62:] = 9
    torch.testing.assert_close(module(images), module(other))


def test_the_network_knows_a_view_at_any_angle_before_it_has_learnt(untrained: OrientationNet) -> None:
    test = realistic_set(PARTICLE, 60, 20, np.inf)
    assert (answer(untrained, test.particles.images).argmax(1) == test.labels).mean() > 0.75


def test_turning_an_image_by_a_right_angle_changes_nothing(untrained: OrientationNet) -> None:
    images = realistic_set(PARTICLE, 4, 21, 0.3).particles.images
    turned = np.roll(np.rot90(images, axes=(1, 2)), 1, axis=1)
    straight, after = answer(untrained, images), answer(untrained, turned)
    assert np.abs(straight - after).max() < 0.05 * np.abs(straight).max()


def test_few_angles_and_all_angles_share_their_weights(untrained: OrientationNet) -> None:
    coarse = OrientationNet(coarse=True).eval()
    coarse.load_state_dict(untrained.state_dict())
    images = realistic_set(PARTICLE, 20, 22, 1.0).particles.images
    same = answer(coarse, images).argmax(1) == answer(untrained, images).argmax(1)
    assert same.mean() > 0.7


def test_images_one_by_one_and_together_get_the_same_answer(untrained: OrientationNet) -> None:
    images = realistic_set(PARTICLE, 6, 23, 0.1).particles.images
    each = np.concatenate([answer(untrained, images[i : i + 1]) for i in range(6)])
    np.testing.assert_allclose(answer(untrained, images), each, rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_table_iii_learns_in_a_few_epochs(tmp_path: Path) -> None:
    images = paper_set(PARTICLE, 500, 0)
    settings = replace(PaperSettings(), fit=FitSettings(5, 50, 2e-3, 5e-2, symmetric=False))
    module = drive(fit_table_iii(images, settings, 0, tmp_path))
    test = paper_set(PARTICLE, 200, 900_000)
    assert (answer(module, test.images).argmax(1) == test.labels).mean() > 0.5


def test_training_by_the_papers_protocol_writes_a_model(tmp_path: Path) -> None:
    drive(train_paper(tmp_path, 0, quick=True))
    model = open_model(tmp_path / PAPER_NAME)
    assert model.card["training"]["protocol"] == "paper"
    assert model.calibration_images().shape == (84, 64, 64)
    assert map_of(model).pixel_size_A == pytest.approx(PARTICLE.pixel_size_A)
    chances = drive(classify_views(realistic_set(PARTICLE, 3, 24, 1.0).particles, model))
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-4)
    # It was never taught what nothing is.
    assert not none_of_them(chances, model).any()


def test_the_shipped_model_names_views_and_says_no() -> None:
    model = get_model(REALISTIC_NAME)
    test = realistic_set(PARTICLE, 100, 25, 0.3)
    chances = drive(classify_views(test.particles, model))
    assert (chances.argmax(axis=1) == test.labels).mean() > 0.8
    assert none_of_them(chances, model).mean() < 0.3
    ice = drive(classify_views(noise_set(PARTICLE, 200, 26), model))
    assert none_of_them(ice, model).mean() > 0.9


def test_the_shipped_table_iii_is_right_about_the_papers_images() -> None:
    model = get_model(PAPER_NAME)
    assert model.parameters == PAPER_PARAMETERS
    test = paper_set(PARTICLE, 300, 900_001)
    images = model.normalise(test.images)
    assert (answer(model.build(), images).argmax(1) == test.labels).mean() > 0.98


def test_boxes_of_another_size_are_refused() -> None:
    test = realistic_set(PARTICLE, 2, 27, 1.0).particles
    with pytest.raises(SciMLError, match="32 pixels"):
        drive(classify_views(replace(test, images=test.images[:, :32, :32]), get_model(REALISTIC_NAME)))


@pytest.mark.slow
def test_a_model_for_ones_own_map(tmp_path: Path) -> None:
    folder = drive(train_for_map(random_map(28), tmp_path / "mine", quick=True))
    model = open_model(folder)
    particle = map_of(model)
    assert particle.box_px == 64
    assert model.calibration_images().shape == (70, 64, 64)
    test = realistic_set(particle, 60, 29, 1.0)
    chances = drive(classify_views(test.particles, model))
    assert (chances.argmax(axis=1) == test.labels).mean() > 0.3
    model.attachment("map.mrc").unlink()
    with pytest.raises(SciMLError, match="missing"):
        map_of(model)


def test_a_map_that_is_no_cube_is_refused(tmp_path: Path) -> None:
    flat = DensityMap(np.zeros((32, 32, 20), np.float32), 5.0, "flat")
    with pytest.raises(SciMLError, match="not a cube"):
        drive(train_for_map(flat, tmp_path / "mine", quick=True))
