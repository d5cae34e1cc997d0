"""How event lists name the frames of a source: the file, and the number in it."""

from __future__ import annotations

from collections.abc import Callable

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.source import ImageSource
from napari_sciml.io.file_series import open_series
from napari_sciml.io.opening import open_image

Place = Callable[[int], tuple[str, int | str | None]]


def event_names(source: ImageSource) -> Callable[[int], str]:
    """Return the function that names frame `n`: ``file //n``, or ``file`` where a file is one frame.

    Each line names the file that holds the frame, which for a folder, a pattern or a master file with links
    is not the path of the source.
    """
    place = scattered(source)
    whole = (source.path or source.name).partition("::")[0]

    def name(number: int) -> str:
        file, inside = place(number) if place else (whole, number if source.ndim == 3 else None)
        if isinstance(inside, str):
            # The part of the path in the file in which events differ, as CrystFEL names them.
            return f"{file} {inside}//"
        return file if inside is None else f"{file} //{inside}"

    return name


def scattered(source: ImageSource) -> Place | None:
    """Find out where each frame lies if they lie in several files; None if they do not.

    A source whose maker did not say, such as a layer in a window, is opened again by its path.
    """
    files = source.opened.get("files")
    if source.place is not None or (source.path is None and not files):
        return source.place
    try:
        again = open_series(files) if files else open_image(source.path or "", independent_frames=True)
    except SciMLError:
        # Moved since it was opened: the path is all that is known.
        return None
    again.close()
    return again.place if again.shape == source.shape else None
