from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_sciml.app.compare.text import legend, names_of, place_text, summary
from napari_sciml.core.provenance import NetworkRecord, Provenance, SourceRecord
from napari_sciml.layers.disagreements import Comparison, Count

SOURCE = SourceRecord(
    name="a", path=None, shape=(4, 4), dtype="uint8", axes=("y", "x"), pixel_size=None, unit="pixel"
)


def record(backend: str, label: str = "", codebook: str | None = None) -> Provenance:
    costs = {"milliseconds": 1.0, "model_bytes": 1, "float_bytes": 1, "multiply_adds": 1.0, "energy_mJ": 1.0}
    return Provenance(
        technique="microct",
        model="m",
        weights_sha256="",
        backend=backend,
        runtime="torch",
        normalisation="",
        settings={"codebook": codebook},
        source=SOURCE,
        units_done=1,
        units_total=1,
        seconds=1.0,
        network=NetworkRecord(label=label, **costs) if label else None,
    )


def made(*counts: Count, kinds=()) -> Comparison:
    table = pd.DataFrame(
        {
            "y": np.arange(len(kinds), dtype=float),
            "x": 0.0,
            "kind": list(kinds),
            "what": ["only float32" for _ in kinds],
            "score_float32": 0.9,
            "score_int8": np.nan,
            "size": 1.0,
        }
    )
    return Comparison(("float32", "int8"), ("y", "x"), table, counts)


def test_agreement_is_said_in_numbers_and_never_rounded_up_to_all():
    assert summary(made(Count("fibres", 1880, 1, 1))) == (
        "float32 and int8 agree on 1,880 of 1,882 fibres (99.89 %); 1 only with float32, 1 only with int8."
    )
    assert "(99.99 %)" in summary(made(Count("fibres", 999_999, 1)))
    assert summary(made(Count("fibres", 7))) == "float32 and int8 agree on all 7 fibres."
    assert summary(made(Count("fibres", 0))) == "float32 and int8 agree that there are no fibres."


def test_tiles_and_frames_are_said_together():
    assert summary(made(Count("Bragg tiles", 9, second=1), Count("frames", 3, other=1))) == (
        "float32 and int8 agree on 9 of 10 Bragg tiles (90 %); 1 only with int8; "
        "and on 3 of 4 frames (75 %); 1 called otherwise."
    )
    assert summary(made(Count("Bragg tiles", 9), Count("frames", 3))) == (
        "float32 and int8 agree on all 9 Bragg tiles and on all 3 frames."
    )


def test_the_legend_names_the_symbols_that_are_there():
    assert legend(made()) == ""
    assert legend(made(kinds=("second", "first"))).replace("\u00a0", " ") == "◇ only float32   △ only int8"
    assert legend(made(kinds=("other",))) == "☆\u00a0called\u00a0otherwise"


def test_a_difference_is_told_with_both_scores():
    assert (
        place_text(made(kinds=("first", "first")), 1) == "2 of 2: only float32 (scores: float32 0.90, int8 -)"
    )


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        (record("float32"), record("int8"), ("float32", "int8")),
        (record("float32"), record("float32"), None),
        (
            record("float32", "float32"),
            record("codebook", "4 levels, quantised after training"),
            ("float32", "4 levels"),
        ),
        (
            record("codebook", "4 levels, quantisation-aware"),
            record("codebook", "4 levels, quantised after training"),
            ("4 levels, quantisation-aware", "4 levels, quantised after training"),
        ),
        (
            record("codebook", "4 levels, quantised after training", "/d/mine.safetensors"),
            record("codebook", "4 levels, quantised after training"),
            ("mine", "4 levels"),
        ),
    ],
)
def test_results_are_named_as_shortly_as_tells_them_apart(first, second, names):
    assert names_of(first, second) == names
