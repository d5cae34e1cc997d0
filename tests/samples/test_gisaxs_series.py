from __future__ import annotations

import numpy as np
import pytest

from napari_sciml.samples import gisaxs_series as sample
from napari_sciml.techniques.gisaxs.lattices.lattice import CLASSES


@pytest.fixture(scope="module")
def series():
    return sample.gisaxs_series()


def test_the_series_states_what_it_is_without_a_frame_being_made(series):
    assert series.shape == (sample.FRAMES, sample.SIZE_PX, sample.SIZE_PX)
    assert series.axes == ("t", "y", "x")
    assert series.dtype == np.int32
    assert series.known["qy_range"] == (-0.8, 0.8)
    assert set(series.known) == {"qy_range", "qz_range", "energy_kev", "incidence_deg"}
    assert series.making.seconds == 0


def test_a_frame_holds_counts_with_a_gap_and_a_beamstop_marked(series):
    frame = series.read((20, slice(None), slice(None)))
    dead = frame < 0
    assert (frame[dead] == sample.NOT_MEASURED).all()
    assert dead.all(axis=1).sum() == 4
    assert 4 <= dead.all(axis=0).sum() <= 10
    assert 0.98 * sample.PEAK_COUNTS < frame.max() < 1.02 * sample.PEAK_COUNTS
    # Below the horizon there is nothing but the flat background.
    assert frame[-20:][~dead[-20:]].mean() < 2


def test_frames_do_not_depend_on_the_order_in_which_they_are_made(series):
    assert (sample.gisaxs_series().data[20] == series.data[20]).all()
    part = series.data[19:21, 50:60, 3]
    assert part.shape == (2, 10)
    assert (part[1] == series.data[20][50:60, 3]).all()
    assert (series.data[-4] == series.data[20]).all()
    with pytest.raises(IndexError, match="frame 24 of 24"):
        series.data[24]


def test_the_truth_names_one_lattice_for_each_ordered_frame():
    truth = sample.truth()
    assert truth["frame"].tolist() == list(range(sample.FRAMES))
    assert set(truth["lattice"]) == {"", "HCP", "FCC111", "BCC100"} <= {"", *CLASSES}
    for frame, lattice in truth[["frame", "lattice"]].itertuples(index=False):
        if lattice:
            assert sample.shares(frame) == {lattice: 1.0}
            assert frame >= sample.ORDERED
    assert all(sum(sample.shares(frame).values()) == pytest.approx(1) for frame in truth["frame"])


def test_stacking_faults_come_and_go_around_the_turn():
    faults = [sample.faults(frame) for frame in range(sample.FRAMES)]
    assert max(faults) == max(faults[sample.TURNED - 1 : sample.TURNED + 1]) > 0.4
    assert faults[sample.ORDERED] == faults[sample.SWITCHED - 1] == 0 == faults[-1]


def test_the_series_can_be_written_as_a_file(series, tmp_path, monkeypatch):
    class Short(sample.SimulatedSeries):
        def __array__(self, dtype=None, copy=None):
            return np.asarray(self[20:21], dtype=dtype)

    monkeypatch.setattr(sample, "SimulatedSeries", Short)
    sample.write_series(str(tmp_path / "series.npy"))
    assert (np.load(tmp_path / "series.npy")[0] == series.data[20]).all()
