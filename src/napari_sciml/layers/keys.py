"""Names under which the edge leaves things in `layer.metadata`. The run record's key is in core."""

from __future__ import annotations

SAMPLE_KEY = "napari_sciml_sample"
"""Written by the sample on its image layer: ``{"path": file, "truth": table of true centres}``.

Read to name the file in "Copy as Python". The truth is never shown by itself.
"""
