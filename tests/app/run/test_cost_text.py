from __future__ import annotations

import pytest

from napari_sciml.app.base.backend_choices import share_text
from napari_sciml.app.run.cost_text import choice_line, network_rows
from napari_sciml.core.provenance import NetworkRecord, Provenance, SourceRecord


def record(**network) -> Provenance:
    facts = {
        "label": "int8",
        "milliseconds": 41.7,
        "model_bytes": 600_000,
        "float_bytes": 2_286_592,
        "multiply_adds": 1e9,
        "energy_mJ": 0.23,
        **network,
    }
    return Provenance(
        technique="microct",
        model="m",
        weights_sha256="",
        backend="int8",
        runtime="onnxruntime",
        normalisation="",
        settings={},
        source=SourceRecord(
            name="a", path=None, shape=(4, 4), dtype="uint8", axes=("y", "x"), pixel_size=None, unit="pixel"
        ),
        units_done=1,
        units_total=1,
        seconds=1.0,
        network=NetworkRecord(**facts),
    )


def test_what_is_rare_is_told_apart():
    rows = dict(
        network_rows(record(compared=512, agreement=0.98, unusual=10, unusual_agreement=0.0, difference=0.5))
    )
    assert rows["Agreement"] == (
        "the same label as float32 in 98 % of 512 answers, and in 0 % of the 10 rare ones; "
        "scores differ by at most 0.5"
    )


def test_each_figure_is_one_row():
    rows = dict(network_rows(record(compared=512, agreement=0.998046875, difference=0.0312)))
    assert rows == {
        "Computed by": "int8, ONNX Runtime",
        "Network": "42 ms",
        "Model": "600 kB, 3.8 times smaller than float32",
        "Agreement": "the same label as float32 in 99.8 % of 512 answers; scores differ by at most 0.031",
        "Energy": "230 µJ (estimate)",
    }


def test_float32_has_no_ratio_and_nothing_to_agree_with():
    rows = dict(network_rows(record(label="float32", model_bytes=2_286_592)))
    assert rows["Model"] == "2.3 MB"
    assert "Agreement" not in rows


def test_an_old_record_says_nothing():
    old = record().model_copy(update={"network": None})
    assert network_rows(old) == []
    assert choice_line(old) == ""


def test_the_reason_for_a_runtime_is_a_sentence():
    assert choice_line(record(choice="fastest here: 3.1x torch")) == "Fastest here: 3.1x PyTorch."
    assert choice_line(record()) == ""


@pytest.mark.parametrize(
    ("share", "words"), [(1.0, "100 %"), (0.999999, "99.99 %"), (0.9956, "99.56 %"), (0.0, "0 %")]
)
def test_a_share_is_never_rounded_up_to_all(share, words):
    assert share_text(share) == words
