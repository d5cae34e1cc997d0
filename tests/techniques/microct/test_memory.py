"""A volume larger than what is allowed in memory, in a process of its own so that nothing else is counted."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest

pytestmark = pytest.mark.slow

SCRIPT = textwrap.dedent(
    """
    import json, sys
    import numpy as np, psutil
    from napari_sciml.backends import FieldScores
    from napari_sciml.core.progress import drive
    from napari_sciml.core.source import ImageSource
    from napari_sciml.techniques.microct import slices
    from napari_sciml.techniques.microct.recipe import MicroCT
    from napari_sciml.techniques.microct.settings import MicroCTSettings

    class Counting:
        # Reads through a plain file, so that memory that belongs to the page cache is not ours.
        def __init__(self, path, shape):
            self.path, self.shape, self.dtype = path, shape, np.dtype(np.uint16)
            self.largest = 0

        def __getitem__(self, index):
            start, stop, _ = index[0].indices(self.shape[0])
            plane = self.shape[1] * self.shape[2]
            pixels = np.fromfile(self.path, self.dtype, (stop - start) * plane, offset=start * plane * 2)
            self.largest = max(self.largest, pixels.nbytes)
            return pixels.reshape(stop - start, *self.shape[1:])[:, index[1], index[2]]

    class Bright:
        # Cheap on purpose: the network's own memory does not depend on the volume.
        backend, runtime, weights_sha256, notes = "float32", "by hand", "0" * 64, ()

        def __init__(self, model, settings):
            self.model = model

        def field(self, tile, stride):
            fiber = 1 / (1 + np.exp(-tile[7:-8:stride, 7:-8:stride]))
            return FieldScores(np.stack((1 - fiber, fiber), axis=-1), stride, 7.5)

        def close(self):
            pass

    path, model, count, edge = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    slices.SLAB_BYTES = 4 * edge * edge * 2
    volume = Counting(path, (count, edge, edge))
    process = psutil.Process()
    settings = MicroCTSettings(model=model)
    recipe = MicroCT(opener=Bright)
    drive(recipe.run(ImageSource.from_array(np.arange(edge * edge).reshape(edge, edge) % 251), settings))
    before = process.memory_info().rss
    peak = [before]
    found = drive(
        recipe.run(ImageSource.from_array(volume), settings),
        lambda step: peak.append(process.memory_info().rss),
    )
    plan = recipe.plan(ImageSource.from_array(volume), settings)
    print(json.dumps({
        "grown": max(peak) - before, "read": volume.largest, "points": len(found.candidates),
        "planned": plan.memory_gb * 1e9,
    }))
    """
)


@pytest.fixture(scope="module")
def measure(tmp_path_factory, random_dense_model):
    path = tmp_path_factory.mktemp("volume") / "volume.raw"
    generator = np.random.default_rng(0)
    with path.open("wb") as file:
        for _ in range(96):
            file.write(generator.integers(0, 4000, 512 * 512, np.uint16).tobytes())

    def run(slices):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, path, random_dense_model.folder, str(slices), "512"],
            check=True,
            capture_output=True,
            text=True,
        )
        return json.loads(done.stdout)

    return run


def test_memory_does_not_grow_with_the_volume(measure):
    short, long = measure(8), measure(96)
    megabyte = 2**20
    assert long["points"] > 8 * short["points"]
    # 50 MB of pixels pass through 2 MB of them at a time.
    assert long["read"] == 4 * 512 * 512 * 2
    assert long["grown"] < 25 * megabyte
    assert long["grown"] - short["grown"] < 12 * megabyte
    assert long["grown"] < long["planned"]
