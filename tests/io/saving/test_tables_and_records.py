"""Tables and run records come back as they were written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.provenance import Provenance, SourceRecord
from napari_sciml.io.saving.record import read_record, write_record
from napari_sciml.io.saving.tables import read_points_csv, write_csv, write_points_csv


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "z": np.zeros(50, dtype=int),
            "y": rng.uniform(0, 99, 50),
            "x": rng.uniform(0, 99, 50),
            "score": rng.uniform(0, 1, 50).astype(np.float32),
        }
    )


def record(done: int = 4) -> Provenance:
    return Provenance(
        technique="microct",
        model="microct-fiber-dense",
        weights_sha256="0" * 64,
        backend="float32",
        runtime="torch",
        normalisation="mean and standard deviation of the volume",
        settings={"threshold": 0.5, "fiber_diameter_px": None},
        source=SourceRecord(
            name="v.tif",
            path="v.tif",
            shape=(3, 4, 5),
            dtype="uint8",
            axes=("z", "y", "x"),
            pixel_size=(0.65, 0.65, 0.65),
            unit="um",
        ),
        units_done=done,
        units_total=4,
        seconds=1.5,
    )


def test_csv_keeps_every_digit(tmp_path: Path, table: pd.DataFrame) -> None:
    again = pd.read_csv(write_csv(table, tmp_path / "t.csv"), dtype={"score": np.float32})
    pd.testing.assert_frame_equal(again, table, check_exact=True)


def test_points_csv_has_the_form_that_napari_reads(tmp_path: Path, table: pd.DataFrame) -> None:
    path = write_points_csv(table, ("y", "x"), tmp_path / "p.csv", drop=("z",))
    assert path.read_text().splitlines()[0] == "index,axis-0,axis-1,score"
    points, features = read_points_csv(path)
    np.testing.assert_array_equal(points, table[["y", "x"]].to_numpy())
    assert list(features.columns) == ["score"]


def test_napari_opens_the_points_csv(tmp_path: Path, table: pd.DataFrame) -> None:
    reading = pytest.importorskip("napari_builtins.io")
    path = write_points_csv(table, ("z", "y", "x"), tmp_path / "p.csv")
    data, meta, kind = reading.csv_to_layer_data(str(path))
    assert kind == "points"
    np.testing.assert_allclose(data, table[["z", "y", "x"]].to_numpy())
    np.testing.assert_allclose(meta["properties"]["score"], table["score"], rtol=1e-6)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "could not be read as a table"),
        ("a,b\n1,2\n", "is not a table of points"),
        ("index,axis-0,axis-2\n0,1,2\n", "is not a table of points"),
        ("index,axis-0,axis-1\n0,one,2\n", "positions that are not numbers"),
    ],
)
def test_other_tables_are_refused(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "p.csv").write_text(content)
    with pytest.raises(SciMLError, match=sentence):
        read_points_csv(tmp_path / "p.csv")
    with pytest.raises(SciMLError, match="There is no file"):
        read_points_csv(tmp_path / "absent.csv")


@pytest.mark.parametrize("done", [2, 4])
def test_record_comes_back_and_says_partial_in_plain_sight(tmp_path: Path, done: int) -> None:
    path = write_record(record(done), tmp_path / "run.json")
    assert json.loads(path.read_text())["partial"] is (done < 4)
    again = read_record(path)
    assert again == record(done).model_copy(update={"started": again.started})
    assert again.partial is (done < 4)


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"technique": "microct"}', b"\xff\xfe\x00"])
def test_other_files_are_no_records(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(SciMLError, match="is not a run record"):
        read_record(tmp_path / "run.json")
    with pytest.raises(SciMLError, match="There is no file"):
        read_record(tmp_path / "absent.json")
