"""The tables of an evaluation replace those of an earlier one."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from napari_sciml.io.saving.file_sets import open_set
from napari_sciml.training.evaluated import EVALUATION, save_evaluation


def test_tables_are_replaced_together(tmp_path: Path) -> None:
    for name in ("evaluation.csv", "gisaxs-lattice-reliability.csv", "notes.csv"):
        (tmp_path / name).write_text("old")
    table = pd.DataFrame({"name": ["recall"], "value": [1 / 3]})
    first = save_evaluation(tmp_path, "gisaxs", {"evaluation.csv": table, "roc.csv": table})
    assert first == [tmp_path / "evaluation.csv", tmp_path / "roc.csv"]
    pd.testing.assert_frame_equal(pd.read_csv(first[1]), table)
    (second,) = save_evaluation(tmp_path, "diffraction", {"evaluation.csv": table[:0]})
    assert second.read_text() == "name,value\n"
    assert {path.name for path in tmp_path.iterdir()} == {"evaluation.csv", "notes.csv", *EVALUATION}
    assert open_set(tmp_path, *EVALUATION).record["technique"] == "diffraction"
