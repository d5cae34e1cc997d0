"""Which array of a container is the image."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.which_array import ArrayEntry, SeveralImages, choose_image


def entry(part: str, shape: tuple[int, ...], *, stated: bool = False, dtype: str = "uint16") -> ArrayEntry:
    return ArrayEntry(part, shape, np.dtype(dtype), stated)


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([entry("/exchange/data_white", (9, 64, 80))], id="a longer white"),
        pytest.param([entry("/entry/dark", (9, 64, 80)), entry("/entry/mask", (64, 80))], id="dark and mask"),
        pytest.param([entry("/reconstruction/flatfield/data", (9, 64, 80))], id="a group of flats"),
        pytest.param([entry("/average", (64, 80), dtype="float64")], id="the average of the frames"),
        pytest.param([entry("/s1/data", (4, 32, 40)), entry("/s2/data", (2, 16, 20))], id="a pyramid"),
        pytest.param([entry("/theta", (300,)), entry("/table", (50, 2))], id="tables"),
        pytest.param([entry("/names", (64, 80), dtype="S8")], id="words"),
    ],
)
def test_what_belongs_to_an_image_is_not_taken(others: list[ArrayEntry]) -> None:
    assert choose_image([*others, entry("/exchange/data", (8, 64, 80))], "f.h5").part == "/exchange/data"


def test_what_the_file_states_goes_before_size_and_name() -> None:
    stated = entry("/entry/dark/data", (3, 64, 80), stated=True)
    assert choose_image([entry("/big", (900, 64, 80)), stated], "f.h5") is stated


def test_two_that_are_as_good_are_told_in_three_lines() -> None:
    with pytest.raises(SeveralImages) as caught:
        choose_image([entry("/a", (8, 64, 80)), entry("/b", (5, 64, 80))], "f.h5")
    assert [choice.part for choice in caught.value.choices] == ["/a", "/b"]
    assert caught.value.lines == (
        "f.h5 holds 2 images that may be meant:",
        "  /a (8 x 64 x 80 uint16), /b (5 x 64 x 80 uint16).",
        'Name one as "f.h5::/a", or with --dataset /a.',
    )
    assert "\n" not in caught.value.sentence


def test_a_mask_alone_can_be_opened() -> None:
    assert choose_image([entry("/mask", (64, 80))], "mask.h5").part == "/mask"


def test_no_image_at_all() -> None:
    with pytest.raises(SciMLError, match=r"f\.h5 holds no image .*/x \(3,\) uint16"):
        choose_image([entry("/x", (3,))], "f.h5")
