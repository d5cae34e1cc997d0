"""Table V, on a few images: every method, and what was trained before."""

from dataclasses import replace
from pathlib import Path

import pytest

from napari_sciml.core.progress import drive
from reproduce import table_v as module

pytestmark = pytest.mark.slow


def test_table_v_compares_every_method_on_the_same_images(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ENTRIES", tuple(replace(entry, epochs=1) for entry in module.ENTRIES))
        table = drive(module.table_v("physical", 2, tmp_path, per_class=7))
        again = drive(module.table_v("physical", 2, tmp_path, per_class=7))
    assert table.equals(again)
    assert set(table["set"]) == set(module.PAPER)
    assert len(table) == 3 * (1 + len(module.ENTRIES) + 1)
    assert (table["n"] == 14).all()
    shipped = table[table["method"] == "gisaxs-lattice as shipped"]
    assert (shipped["accuracy"] > 0.8).all()
    printed = table[table["method"] == "Table VI as printed"]
    assert printed["paper"].tolist() == [0.9229, 0.826, 0.9157]
    assert (printed["seeds"] == 2).all()
    assert ((table["low"] <= table["accuracy"]) & (table["accuracy"] <= table["high"] + 1e-9)).all()
