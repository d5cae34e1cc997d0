from __future__ import annotations

import numpy as np
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.normalise.rules import NORMALISATIONS, FieldRobust, PerPatch

RULES = list(NORMALISATIONS.values())


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (5, 16, 16), np.uint8)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int32, np.uint64, np.float16, np.float64])
def test_patches_are_standardised_whatever_their_type(images, dtype):
    values = (images // 2).astype(dtype)
    result = PerPatch().apply(values)
    assert result.dtype == np.float32
    wide = values.astype(np.float64)
    expected = (wide - wide.mean((1, 2), keepdims=True)) / wide.std((1, 2), keepdims=True)
    np.testing.assert_allclose(result, expected, atol=1e-6)


@pytest.mark.parametrize("factor", [1e-300, 1e-30, 1.0, 1e30, 5e305])
def test_any_range_of_floats(images, factor):
    expected = PerPatch().apply(images)
    np.testing.assert_allclose(PerPatch().apply((images - 128.0) * factor), expected, atol=1e-5)
    field = FieldRobust().apply((images - 128.0) * factor)
    assert np.isfinite(field).all()
    assert 0.3 < np.ptp(field) < 30


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("value", [0, 7, -3.25, 1e9])
def test_constant_image_becomes_zeros(rule, value):
    assert not rule.apply(np.full((2, 16, 16), value)).any()


@pytest.mark.parametrize("rule", RULES)
def test_each_image_by_itself(rule, images):
    mixed = images.astype(np.float64) * np.array([1, 10, 1e3, 1e-3, 0])[:, None, None]
    together = rule.apply(mixed)
    for one, alone in zip(mixed, together, strict=True):
        np.testing.assert_array_equal(rule.apply(one[None])[0], alone)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite_is_refused_with_a_count(rule, bad):
    images = np.ones((2, 16, 16))
    images[1, 3, 4] = bad
    with pytest.raises(SciMLError, match="1 of 512 pixels"):
        rule.apply(images)


@pytest.mark.parametrize("rule", RULES)
def test_what_is_no_stack_of_grey_images_is_refused(rule):
    for wrong in (np.zeros((16, 16)), np.zeros((2, 0, 16)), np.zeros((2, 4, 4), complex)):
        with pytest.raises(SciMLError):
            rule.apply(wrong)
    assert rule.apply(np.zeros((0, 16, 16))).shape == (0, 16, 16)


def test_field_rule_passes_integers_without_rounding():
    field = np.random.default_rng(1).integers(0, 65536, (1, 64, 64), np.uint16)
    result = FieldRobust().apply(field).astype(np.float64)
    gain = np.ptp(result) / np.ptp(field.astype(np.float64))
    assert np.log2(gain) == round(np.log2(gain))
    np.testing.assert_array_equal(np.diff(result.ravel()), np.diff(field.astype(np.float64).ravel()) * gain)


def test_half_precision_loses_nothing():
    field = np.random.default_rng(1).normal(1000, 3, (1, 40, 40)).astype(np.float16)
    np.testing.assert_array_equal(FieldRobust().apply(field), FieldRobust().apply(field.astype(np.float64)))


def test_one_absurd_pixel_does_not_flatten_the_field():
    field = np.random.default_rng(2).normal(0.1, 0.005, (1, 64, 64)).astype(np.float32)
    field[0, 0, 0] = 3e38
    result = FieldRobust().apply(field)
    assert np.isfinite(result).all()
    assert 0.5 < result[0, 1:].std() < 2


def test_field_that_is_mostly_background_keeps_its_contrast():
    field = np.zeros((1, 100, 100))
    field[0, :10, :10] = np.random.default_rng(3).normal(50, 5, (10, 10))
    assert FieldRobust().apply(field)[0, :10, :10].std() > 0.01
