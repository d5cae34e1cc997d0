"""What is settled before the first frame is searched: the pixels to ignore, and where the beam is."""

from __future__ import annotations

from dataclasses import dataclass

from napari_sciml.core.frames import frame_shape
from napari_sciml.core.source import ImageSource
from napari_sciml.io.masks.setting import find_mask
from napari_sciml.techniques.diffraction.frame_survey import survey_frames
from napari_sciml.techniques.diffraction.prepare import BoolArray
from napari_sciml.techniques.diffraction.settings import DiffractionSettings

MOST_MASKED = 0.5
"""A mask that leaves out more than this share may be meant the other way round."""


@dataclass(frozen=True)
class RunSetup:
    """What a run goes by.

    Attributes
    ----------
    mask
        ``(h, w)`` pixels to ignore in every frame, or None.
    beam
        Direct beam (row, column) in pixels; None if rings are not looked for, or cannot be.
    notes, cautions
        What the record should say, and what a person should be told.
    """

    mask: BoolArray | None
    beam: tuple[float, float] | None
    notes: tuple[str, ...]
    cautions: tuple[str, ...]


def look_ahead(source: ImageSource, settings: DiffractionSettings) -> RunSetup:
    """Find mask, always-bright pixels and beam of a run.

    Raises
    ------
    SciMLError
        If the mask cannot be read or has another size than the frames.
    """
    mask, sentence = find_mask(settings.mask, source.path, frame_shape(source))
    notes, cautions = [sentence] if sentence else [], []
    if mask is not None and mask.mean() > MOST_MASKED:
        cautions.append(
            f"The mask leaves out {mask.mean():.0%} of the pixels: it is not zero where to ignore, "
            "so turn it around if you meant the opposite."
        )
    seen = survey_frames(source, mask)
    if settings.hot_pixels and seen.hot is not None:
        notes.append(
            f"{int(seen.hot.sum())} pixels are bright in most frames and are ignored; if the frames show "
            "one crystal that never moves, switch the search for hot pixels off"
        )
        mask = seen.hot if mask is None else mask | seen.hot
    beam = seen.beam if settings.drop_suspects else None
    if settings.drop_suspects:
        notes.append(beam_sentence(beam))
    return RunSetup(mask, beam, tuple(notes), tuple(cautions))


def beam_sentence(beam: tuple[float, float] | None) -> str:
    """Return where the beam was found, which the search for rings needs."""
    if beam is None:
        return "the background is not round, so that rings of ice or powder cannot be told from Bragg spots"
    return f"the direct beam was found at row {beam[0]:.1f}, column {beam[1]:.1f}"
