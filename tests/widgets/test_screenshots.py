"""Pictures for a person to look at: the window at 1280x720, before and after a run, dark and light."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter


def bundle() -> np.ndarray:
    """Bright pixels over something that looks a little like a slice."""
    from fixtures.fakes import spots

    random = np.random.default_rng(0)
    haze = gaussian_filter(random.normal(0, 60, (12, 256, 256)), (0, 3, 3))
    return np.clip(np.maximum(spots(shape=(12, 256, 256), count=700), 40 + haze), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_window_at_1280x720(window, screenshots, theme):
    viewer = window.viewer
    viewer.window.show()
    viewer.window.resize(1280, 720)
    viewer.theme = theme
    window.open_image(bundle(), scale=(0.65,) * 3, units=("um",) * 3, axis_labels=("z", "y", "x"))
    window.qtbot.wait(200)
    before = viewer.window.screenshot(str(screenshots / f"run_page_{theme}_before.png"), flash=False)
    window.run()
    window.qtbot.wait(300)
    after = viewer.window.screenshot(str(screenshots / f"run_page_{theme}_after.png"), flash=False)
    print(f"pictures of the panel are in {screenshots}")

    for picture in (before, after):
        assert picture.shape[:2] == (720, 1280)
    orange = np.array([0xE6, 0x9F, 0x00])
    assert (np.abs(before[..., :3].astype(int) - orange).max(-1) < 12).sum() < 50
    assert (np.abs(after[..., :3].astype(int) - orange).max(-1) < 12).sum() > 500
    # Every control is where a person can see it: nothing is cut off at the right.
    page = window.find("sciml_run_page")
    assert page.width() <= window.find("sciml_run_page_scroll").viewport().width()
