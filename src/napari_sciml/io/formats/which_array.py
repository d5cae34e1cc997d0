"""Choose which of the arrays in a container file is the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_sciml.core.errors import SciMLError


@dataclass(frozen=True)
class ArrayEntry:
    """One array inside a container."""

    part: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]

    @property
    def pixels(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def may_be_image(self) -> bool:
        """Whether it is numeric with 2 to 4 dimensions of more than one pixel each for y and x."""
        return self.dtype.kind in "buif" and 2 <= len(self.shape) <= 4 and min(self.shape[-2:]) > 1


def choose_largest(entries: Sequence[ArrayEntry], container: str, example: str) -> ArrayEntry:
    """Take the largest array that can be an image.

    Parameters
    ----------
    entries
        All arrays of the file.
    container
        What to call the file in messages.
    example
        How to name a part on the command line, with ``{part}`` in its place.

    Raises
    ------
    SciMLError
        If there is none, or several of the same largest size.
    """
    images = [entry for entry in entries if entry.may_be_image]
    if not images:
        found = ", ".join(f"{e.part} {e.shape} {e.dtype}" for e in entries[:5]) or "nothing"
        raise SciMLError(
            f"{container} holds no image with 2 to 4 dimensions (found {found})", "choose another file"
        )
    most = max(entry.pixels for entry in images)
    largest = [entry for entry in images if entry.pixels == most]
    if len(largest) > 1:
        listed = ", ".join(f"{entry.part} {entry.shape}" for entry in largest)
        raise SciMLError(
            f"{container} holds {len(largest)} images of the same size: {listed}",
            f"name one, for example {example.format(part=largest[0].part)}",
        )
    return largest[0]
