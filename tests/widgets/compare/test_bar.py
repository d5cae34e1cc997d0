from __future__ import annotations

import numpy as np


def test_the_bar_waits_for_a_result(window):
    window.open_image()
    assert window.find("sciml_comparison").isHidden()
    window.run()
    assert not window.find("sciml_comparison").isHidden()
    assert window.find("sciml_compare_backend").currentText() == "int8"
    assert window.find("sciml_compare_leave").isHidden()


def test_comparing_walking_and_leaving_by_clicks(window):
    run = window.technique.run

    def worse(source, settings, cancel=None):
        if settings.backend == "int8":
            dimmed = np.where(np.asarray(source.data) < 200, 0, source.data).astype(np.uint8)
            source = type(source).from_array(dimmed, axes=source.axes, name=source.name)
        return (yield from run(source, settings, cancel))

    window.technique.run = worse
    image = window.open_image()
    window.run()
    points = window.points
    window.press("sciml_compare")
    window.wait_for(lambda: window.text("sciml_compare_summary") != "")
    found, kept = (int((image.data >= limit).sum()) for limit in (127.5, 200))
    share = f"{found - kept} only with float32"
    assert share in window.text("sciml_compare_summary")
    assert window.text("sciml_compare_legend") == "◇\u00a0only\u00a0float32"
    assert window.viewer.canvas.grid.enabled
    window.press("sciml_compare_next")
    assert window.text("sciml_compare_place").startswith(f"1 of {found - kept}: only float32")
    window.press("sciml_compare_previous")
    assert window.text("sciml_compare_place").startswith(f"{found - kept} of")
    window.press("sciml_compare_leave")
    assert not window.viewer.canvas.grid.enabled
    assert list(window.viewer.layers) == [image, points]
    assert window.text("sciml_compare_summary") == ""
    assert window.find("sciml_compare_leave").isHidden()


def test_another_backend_is_chosen_and_shown_in_a_new_panel(window):
    window.open_image()
    window.run()
    box = window.find("sciml_compare_backend")
    box.setCurrentIndex(box.findData("codebook"))
    box.activated.emit(box.currentIndex())
    first, window.panel = window.panel, window.open_panel()
    assert window.find("sciml_compare_backend").currentText() == "low-bit"
    window.press("sciml_compare")
    window.wait_for(lambda: window.text("sciml_compare_summary") != "")
    assert window.technique.seen[-1].backend == "codebook"
    window.panel = first
