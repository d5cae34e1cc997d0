"""Names under which the edge leaves things in `layer.metadata`. The run record's key is in core."""

from __future__ import annotations

SAMPLE_KEY = "napari_sciml_sample"
"""Written by a sample on its image layer; the truth is never shown by itself.

Read by "Copy as Python": ``path`` names the shipped file, or ``origin`` makes the image again;
see `layers.remake`.
"""

PATH_KEY = "napari_sciml_path"
"""Written by our readers: the path as `open_image` takes it, with the part inside a file, or the folder of a
series; None where no path names the very image. napari itself remembers one file."""

OPENED_KEY = "napari_sciml_opened"
"""Written by our readers: how the file was opened beside its path, see `ImageSource.opened`."""

FINGERPRINT_KEY = "napari_sciml_fingerprint"
"""Written by samples that are made when they are looked at: `ImageSource.fingerprint`, and the shape of what
it tells. A part of the image may carry the same metadata."""

TECHNIQUE_KEY = "napari_sciml_technique"
"""Written by readers and samples: the technique that most likely suits the image. Read by the panel."""

KNOWN_KEY = "napari_sciml_known"
"""Written by readers and samples: settings that the data itself states, see `ImageSource.known`."""

CAUTIONS_KEY = "napari_sciml_cautions"
"""Written by our readers: what of the file was not used or had to be guessed, see `ImageSource.cautions`."""

PART_KEY = "napari_sciml_part"
"""Written by the reader of saved runs: which part of which run a layer is. A session takes it away."""

RECORD_NAME = "run.json"
"""How a run record's file is called; saved layers write ``<name>.run.json``."""
