#!/usr/bin/env bash
# The guess: zarr.save_array(store, array, chunks=...) stores the array in chunks of that shape, since its
# documentation passes further keywords on to `create`, which takes `chunks`.
# What happens: TypeError, for `chunks` and for `dtype`; `fill_value` is passed on. zarr.create_array works.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet "zarr==3.1.6"
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
import numpy as np
import zarr

print("zarr", zarr.__version__)
pixels = np.ones((40, 40), np.uint16)
for name, value in (("chunks", (10, 10)), ("dtype", "uint16")):
    try:
        zarr.save_array(f"{name}.zarr", pixels, **{name: value})
    except TypeError as error:
        print(f"save_array(..., {name}={value!r}):", error)
        assert "multiple values" in str(error)
    else:
        raise SystemExit(f"save_array takes {name} now")
zarr.save_array("fill.zarr", pixels, fill_value=3)
print("save_array(..., fill_value=3): fill value", zarr.open_array("fill.zarr").fill_value)
assert zarr.open_array("fill.zarr").fill_value == 3
made = zarr.create_array("made.zarr", shape=pixels.shape, chunks=(10, 10), dtype=pixels.dtype)
made[...] = pixels
print("create_array(..., chunks=(10, 10)): chunks", made.chunks)
assert made.chunks == (10, 10)
PYTHON
