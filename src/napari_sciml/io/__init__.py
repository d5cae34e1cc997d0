"""Files in and out. Wraps the libraries that know the formats; parses nothing itself. No napari, no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_sciml.io.description import describe
    from napari_sciml.io.opening import open_image

__all__ = ["describe", "open_image"]


def __getattr__(name: str) -> Any:
    """Import the two functions everyone calls when they are first asked for."""
    if name == "open_image":
        from napari_sciml.io.opening import open_image

        return open_image
    if name == "describe":
        from napari_sciml.io.description import describe

        return describe
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
