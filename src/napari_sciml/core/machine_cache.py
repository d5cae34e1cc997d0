"""Where the program keeps what it learnt about this machine."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "SCIML_CACHE"
"""Environment variable that names another folder, for example where a home directory is small."""


def user_cache() -> Path:
    """Return the folder, whether it exists or not. All in it may be deleted at any time."""
    if folder := os.environ.get(VARIABLE):
        return Path(folder)
    from platformdirs import user_cache_path

    return user_cache_path("napari-sciml", appauthor=False)
