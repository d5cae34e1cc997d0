"""Opening the panel feels instant: what only a run needs is not imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

CODE = """
import json, sys, time
import numpy as np
import napari.layers
import napari.qt
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication

app = QApplication([])
viewer = ViewerModel()
viewer.add_image(np.zeros((24, 256, 256), np.uint8), name="slab")
before = set(sys.modules)
start = time.process_time()
from napari_sciml.widgets.panel import SciMLPanel
panel = SciMLPanel(viewer)
panel.show()
app.processEvents()
seconds = time.process_time() - start
heavy = sorted({"torch", "sklearn", "matplotlib", "onnx", "onnxruntime", "openvino"} & set(sys.modules))
added = sorted({"scipy", "skimage"} & (set(sys.modules) - before))
print(json.dumps({"seconds": seconds, "heavy": heavy, "added": added}))
"""


def test_the_panel_opens_in_under_a_second_without_torch(tmp_path: Path) -> None:
    # An installed program is compiled once; here the first of two starts does that.
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPYCACHEPREFIX": str(tmp_path)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(CODE)],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["heavy"] == []
    assert seen["added"] == []
    # Seconds of the processor, so that a busy machine does not fail the test.
    assert seen["seconds"] < 1.0
