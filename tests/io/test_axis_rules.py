"""Names that programs give to axes mean one letter; what they leave open is filled in or asked for."""

from __future__ import annotations

import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.axis_rules import letter_of, letters_of, plan_axes


@pytest.mark.parametrize(
    ("letter", "names"),
    [
        ("x", "x X column Columns width x_pixel_offset"),
        ("y", "y Row rows HEIGHT pixel_y y-axis"),
        ("z", "z slice Slices depth plane"),
        ("t", "t time Frame frames frame_number"),
        ("c", "c Channel channels ch"),
        ("?", "dim_0 axis_1 phony_dim_2 qx theta sample_row energy n"),
    ],
)
def test_words_of_other_programs_mean_a_letter(letter: str, names: str) -> None:
    assert {name: letter_of(name) for name in names.split()} == dict.fromkeys(names.split(), letter)
    assert letter_of("x [um]") == letter_of("X axis") == "x"
    assert letter_of(None) == letter_of("") == "?"


def test_names_that_mean_nothing_are_no_names() -> None:
    assert letters_of(["dim_0", "dim_1"]) is None
    assert letters_of([None, "Row", "Column"]) == ("?", "y", "x")
    assert letters_of(["time", "frame", "y", "x"]) == ("?", "?", "y", "x")


@pytest.mark.parametrize(
    ("letters", "names", "order"),
    [
        ("xyz", "zyx", (2, 1, 0)),
        ("xy?", "zyx", (2, 1, 0)),
        ("?xy", "zyx", (0, 2, 1)),
        ("t??", "tyx", (0, 1, 2)),
        ("??yx", "tzyx", (0, 1, 2, 3)),
        ("???", "zyx", (0, 1, 2)),
    ],
)
def test_axes_without_a_name_get_the_letters_that_are_left(
    letters: str, names: str, order: tuple[int, ...]
) -> None:
    plan = plan_axes(tuple(letters), (5, 6, 7, 8)[: len(letters)], None, "file", keep=False)
    assert ("".join(plan.names), plan.order) == (names, order)


@pytest.mark.parametrize("letters", ["x??", "zx", "xzz"])
def test_rows_and_columns_that_cannot_be_told_are_asked_for(letters: str) -> None:
    with pytest.raises(
        SciMLError, match=r"rows and columns cannot be told: say what they are, .* --axes|axes"
    ):
        plan_axes(tuple(letters), (5, 6, 7)[: len(letters)], None, "file", keep=False)
