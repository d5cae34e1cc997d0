"""How event lists name the frames of a source: the file, and the number in it."""

from __future__ import annotations

from collections.abc import Callable

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource
from napari_sciml.io.opening import open_image

Place = Callable[[int], tuple[str, int | None]]


def event_names(source: ImageSource) -> Callable[[int], str]:
    """Give the function that names frame `n`: ``file //n``, or ``file`` where a file is one frame.

    Each line names the file that holds the frame, which for a folder, a pattern or a master file with links
    is not the path of the source.
    """
    place = source.place or place_on_disk(source)

    def name(number: int) -> str:
        file, inside = place(number)
        return file if inside is None else f"{file} //{inside}"

    return name


def place_on_disk(source: ImageSource) -> Place:
    """Find out where the frames of a source lie whose maker did not say, such as a layer in a window."""
    file = (source.path or source.name).partition("::")[0]
    if source.path is not None:
        try:
            again = open_image(source.path, apart=True)
        except SciMLError:
            # Moved since it was opened: the path is all that is known.
            again = None
        if again is not None:
            again.close()
            if again.place is not None and again.shape == source.shape:
                return again.place
    return lambda number: (file, number if source.ndim == 3 else None)
