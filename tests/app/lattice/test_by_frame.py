from __future__ import annotations

import numpy as np
import pytest

from fixtures.gisaxs_findings import findings, small_series
from napari_sciml.app.base.text import percent
from napari_sciml.app.forms.lattice_axes import leave_way, still_known, way_of
from napari_sciml.app.lattice.by_frame import bars, caption, features_in, lattice_table, rows_of
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES
from napari_sciml.techniques.gisaxs.settings import GisaxsSettings


@pytest.fixture(scope="module")
def found():
    return findings(small_series(), GisaxsSettings(explore=True))


def test_the_table_has_a_row_for_each_frame_the_failed_one_too(found):
    table = lattice_table(found)
    assert table["lattice"].tolist() == ["HCP", "HCP", "FCC111", "unknown", "unknown", "failed"]
    assert table["spots"].tolist() == ["3/4"] * 3 + ["–"] * 3
    assert table["spacing_nm"].tolist()[:2] == [24.0, 23.0]
    assert np.isnan(table["agreement"].iloc[-1])
    assert np.isnan(table["probability"].iloc[-1])


def test_bars_are_those_of_the_frame_and_say_what_counts(found):
    shown = bars(found, 2)
    assert shown.names == CLASSES
    assert dict(zip(shown.names, shown.values, strict=True))["FCC111"] == pytest.approx(0.62)
    assert sum(shown.values) == pytest.approx(1)
    assert (shown.threshold, shown.named) == (0.5, True)
    assert not bars(found, 3).named
    assert np.isnan(bars(found, 5).values).all()
    assert bars(found, None).names == bars(found, 77).names == ()


def test_every_frame_has_its_row_in_the_strip(found):
    names, rows = rows_of(found)
    assert names == (*CLASSES, "unknown", "failed")
    assert [names[row] for row in rows] == ["HCP", "HCP", "FCC111", "unknown", "unknown", "failed"]


def test_a_caption_is_short_and_honest(found):
    assert caption(found, 0) == "HCP 97 %"
    assert caption(found, 3) == "unknown (BCC100 41 %)"
    assert caption(found, 4) == "unknown: unlike all seven lattices"
    assert caption(found, 5) == "no answer: the frame could not be used"
    assert caption(found, 99) == ""
    assert caption(found.at_threshold(0.98), 0) == "unknown (HCP 97 %)"


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, "0 %"), (0.001, "< 1 %"), (0.5, "50 %"), (0.994, "99 %"), (0.9999, "> 99 %"), (1.0, "100 %")],
)
def test_nearly_certain_is_not_certain(share, words):
    assert percent(share) == words


def test_features_are_those_of_the_frame(found):
    assert features_in(found, 0)["kind"].tolist() == ["peak", "ring"]
    assert len(features_in(found, 5)) == 0
    assert features_in(findings(small_series(), GisaxsSettings()), 0) is None


def test_the_way_to_q_is_what_was_said_then_wished_then_stated():
    assert way_of({}, {}, "") == "ranges"
    assert way_of({"poni": "a.poni"}, {}, "ranges") == "poni"
    assert way_of({"beam_row": 0.0}, {}, "") == "typed"
    assert way_of({}, {"distance_mm": 900.0}, "") == "typed"
    assert way_of({}, {"distance_mm": 900.0}, "ranges") == "ranges"
    assert way_of({"energy_kev": 9.0}, {}, "poni") == "poni"


def test_leaving_a_way_takes_its_settings_along_and_no_others():
    said = {"poni": "a.poni", "incidence_deg": 0.2, "qy_range": (-1, 1), "mask": "none", "half_plane": True}
    assert leave_way(said, "typed") == {"incidence_deg": 0.2, "mask": "none"}
    assert leave_way(said, "poni") == {"poni": "a.poni", "incidence_deg": 0.2, "mask": "none"}


def test_a_geometry_of_the_callers_own_replaces_ranges_that_an_image_states():
    known = {"qy_range": (-1, 1), "energy_kev": 9.0, "distance_mm": 900.0}
    assert still_known(known, {}) == known
    assert still_known(known, {"pixel_um": 172.0}) == {"energy_kev": 9.0, "distance_mm": 900.0}
    assert still_known(known, {"poni": "a.poni"}) == {"energy_kev": 9.0}
