from __future__ import annotations

import pytest

from napari_sciml.app import demo
from napari_sciml.app.base.jobs import Phase
from napari_sciml.app.session import session_for
from napari_sciml.core.errors import SciMLError


@pytest.fixture
def viewer(make_napari_viewer, technique):
    # The sample is no dark field with bright spots; only its few brightest pixels shall count.
    technique.floor = 253
    return make_napari_viewer()


def test_the_demo_shows_the_sample_with_the_panel_docked_and_the_model_run(viewer, qtbot):
    demo.open_demo("microct", viewer)
    runs = session_for(viewer).runs
    qtbot.waitUntil(lambda: bool(runs.state.result) and runs.state.phase is Phase.IDLE, timeout=30000)
    assert [layer.name for layer in viewer.layers] == ["CMC phantom", "CMC phantom: fibres"]
    assert any("SciML" in name for name in viewer.window.dock_widgets)


def test_a_picture_of_the_finished_run_is_saved(viewer, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "SETTLE_MS", 100)
    closed = []
    monkeypatch.setattr(type(viewer), "close", lambda self: closed.append(self))
    demo.open_demo("microct", viewer)
    demo.quit_with_picture(viewer, tmp_path / "demo.png")
    qtbot.waitUntil(lambda: bool(closed), timeout=30000)
    assert (tmp_path / "demo.png").stat().st_size > 10_000
    assert session_for(viewer).runs.state.result
    monkeypatch.undo()


def test_a_technique_without_a_sample_is_a_sentence(viewer):
    with pytest.raises(SciMLError, match="There is no demo called dowsing: use one of cryoem, diffraction"):
        demo.open_demo("dowsing", viewer)


def test_the_command_line_refuses_unknown_techniques(capsys):
    with pytest.raises(SystemExit):
        demo.main(["dowsing"])
    assert "invalid choice" in capsys.readouterr().err
