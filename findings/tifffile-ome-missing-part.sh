#!/usr/bin/env bash
# The guess: an OME-TIFF in two files of which one is not there raises when its planes are read, or at least warns in
# Python; pixels that do not exist are not made up.
# What happens: the series keeps its full shape, and the planes of the missing file are zeros. Nothing is raised and
# no warning is issued; one line goes to the logger.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet "tifffile==2026.3.3" "numpy==2.4.6"
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
import logging
import os
import warnings

import numpy as np
import tifffile

print("tifffile", tifffile.__version__)
xml = """<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"
 UUID="urn:uuid:00000000-0000-4000-8000-00000000000{own}">
 <Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16"
  SizeX="50" SizeY="40" SizeZ="2" SizeC="1" SizeT="1"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>
  <TiffData FirstZ="0" IFD="0" PlaneCount="1">
   <UUID FileName="a.ome.tif">urn:uuid:00000000-0000-4000-8000-000000000001</UUID></TiffData>
  <TiffData FirstZ="1" IFD="0" PlaneCount="1">
   <UUID FileName="b.ome.tif">urn:uuid:00000000-0000-4000-8000-000000000002</UUID></TiffData>
 </Pixels></Image></OME>"""
for number, name in enumerate(("a.ome.tif", "b.ome.tif"), start=1):
    plane = np.full((40, 50), 100 * number, np.uint16)
    tifffile.imwrite(name, plane, description=xml.format(own=number), metadata=None)
print("both files:", [int(plane.mean()) for plane in tifffile.imread("a.ome.tif")])
os.remove("b.ome.tif")
logging.disable(logging.CRITICAL)
with warnings.catch_warnings():
    warnings.simplefilter("error")
    volume = tifffile.imread("a.ome.tif")
print("without b.ome.tif:", volume.shape, [int(plane.mean()) for plane in volume])
assert volume.shape == (2, 40, 50), "the shape is no longer that of both files"
assert volume[0].mean() == 100 and not volume[1].any(), "the missing plane no longer reads as zeros"
print("as found: the missing plane reads as zeros, without an exception or a warning")
PYTHON
