"""Choose which of the arrays in a container file is the image."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_sciml.core.errors import SciMLError

AUXILIARY = frozenset(
    (
        *("dark", "darks", "darkfield", "white", "whites", "flat", "flats", "flatfield", "bright"),
        *(
            "background",
            "bkg",
            "mask",
            "masks",
            "gain",
            "gains",
            "pedestal",
            "pedestals",
            "offset",
            "offsets",
        ),
        *("error", "errors", "sigma", "sigmas", "variance", "stddev", "noise", "weight", "weights"),
        *("sensitivity", "efficiency", "distortion", "bad", "thumbnail", "preview"),
    )
)
"""Words in the name of an array, or of its group, by which it belongs to an image and is none itself."""
LEAST_SHARE = 0.1
"""An array with a smaller share of the largest one's pixels is not meant unless named; set by hand."""
MOST_REDUCED = 8
"""So many times halved may a reduced copy of an image be."""
LISTED = 8
"""So many candidates are written out."""


class SeveralImages(SciMLError):
    """Two or more arrays of a file may be meant, and nobody said which.

    Attributes
    ----------
    choices
        The arrays that may be meant.
    container
        The file.
    """

    def __init__(self, choices: Sequence[ArrayEntry], container: str) -> None:
        self.choices, self.container = tuple(choices), container
        super().__init__(
            f"{container} holds {len(self.choices)} images that may be meant: {self._listed}",
            f"name one, for example {container}::{self.choices[0].part}",
        )

    @property
    def _listed(self) -> str:
        more = f" and {len(self.choices) - LISTED} more" if len(self.choices) > LISTED else ""
        return ", ".join(f"{entry.part} ({entry.size})" for entry in self.choices[:LISTED]) + more

    @property
    def lines(self) -> tuple[str, ...]:
        """That there are several, which, and how to name one."""
        part = self.choices[0].part
        return (
            f"{self.container} holds {len(self.choices)} images that may be meant:",
            f"  {self._listed}.",
            f'Name one as "{self.container}::{part}", or with --dataset {part}.',
        )


@dataclass(frozen=True)
class ArrayEntry:
    """One array inside a container.

    Attributes
    ----------
    part
        Its path in the file.
    stated
        Whether the file itself says that this is what to show: the ``signal`` of NeXus.
    """

    part: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    stated: bool = False

    @property
    def pixels(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def size(self) -> str:
        """Shape and type as a person reads them."""
        return f"{' x '.join(map(str, self.shape))} {self.dtype}"

    @property
    def may_be_image(self) -> bool:
        """Whether it is numeric with 2 or more dimensions of more than one pixel each for y and x."""
        lengths = [length for length in self.shape if length > 1]
        return self.dtype.kind in "buif" and len(self.shape) >= 2 and 2 <= len(lengths) <= 4

    @property
    def auxiliary(self) -> bool:
        """Whether its name is that of something that belongs to an image: a mask, a dark, an error."""
        return any(word in AUXILIARY for word in re.split(r"[^a-z]+", self.part.lower()))

    def made_from(self, other: ArrayEntry) -> bool:
        """Whether it may be a summary of another: one of its frames, their sum, or a reduced copy."""
        mine, theirs = self.shape, other.shape
        if len(mine) < len(theirs):
            return mine[-2:] == theirs[-2:]
        if len(mine) > len(theirs) or mine == theirs:
            return False
        return any(
            all(m in (t, t >> level, -(-t >> level)) for m, t in zip(mine, theirs, strict=True))
            for level in range(1, MOST_REDUCED + 1)
        )


def choose_image(entries: Sequence[ArrayEntry], container: str) -> ArrayEntry:
    """Take the array that is meant: what the file states, else the one that can be an image.

    What belongs to an image (masks, darks), summaries and reduced copies, and what is far smaller than
    another, are never taken while there is something else.

    Raises
    ------
    SeveralImages
        If two or more are as good.
    SciMLError
        If there is none.
    """
    images = [entry for entry in entries if entry.may_be_image]
    if not images:
        found = ", ".join(f"{e.part} {e.shape} {e.dtype}" for e in entries[:5]) or "nothing"
        raise SciMLError(
            f"{container} holds no image with 2 to 4 dimensions (found {found})", "choose another file"
        )
    stated = [entry for entry in images if entry.stated]
    left = stated or [entry for entry in images if not entry.auxiliary] or images
    most = max(entry.pixels for entry in left)
    left = [entry for entry in left if entry.pixels >= LEAST_SHARE * most]
    good = [entry for entry in left if not any(entry.made_from(other) for other in left)]
    if len(good) > 1:
        raise SeveralImages(good, container)
    return good[0]
