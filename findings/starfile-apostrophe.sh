#!/usr/bin/env bash
# The guess: a micrograph whose name holds an apostrophe comes back from starfile as it was written, since the file
# that starfile writes holds it as it is, and gemmi reads it.
# What happens: every ' of a file becomes " before it is parsed, so the name comes back as another one, without a
# word. A table of two such names no longer matches its files.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet "starfile==0.5.13" "gemmi==0.7.5" "pandas==3.1.1" "numpy==2.4.6"
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import gemmi
import pandas as pd
import starfile

print("starfile", version("starfile"), "gemmi", gemmi.__version__)
names = ["day'2_0001.mrc", "day'2_0002.mrc"]
starfile.write(pd.DataFrame({"rlnMicrographName": names, "rlnCoordinateX": [1.5, 2.5]}), "picks.star")
inside = [line for line in open("picks.star") if "mrc" in line]
print("in the file:", inside)
back = list(starfile.read("picks.star")["rlnMicrographName"])
gemmis = list(gemmi.cif.read("picks.star").sole_block().find_values("_rlnMicrographName"))
print("starfile reads:", back)
print("gemmi reads:   ", gemmis)
assert all(name in line for name, line in zip(names, inside)), "the file no longer holds the names"
assert gemmis == names, "gemmi no longer reads them"
assert back == [name.replace("'", '"') for name in names], "starfile no longer changes the names"
print("as found: the names come back changed")
PYTHON
