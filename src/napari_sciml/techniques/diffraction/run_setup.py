"""What is settled before the first frame is searched: the pixels to ignore, and where the beam is."""

from __future__ import annotations

from dataclasses import dataclass

from napari_sciml.core.no_pixel import Ranges
from napari_sciml.core.source import ImageSource
from napari_sciml.io.masks.frame_mask import FrameMask
from napari_sciml.io.masks.setting import find_mask
from napari_sciml.io.masks.stated_values import stated_values
from napari_sciml.techniques.diffraction.frame_survey import always_marked, broken_lines, survey_frames
from napari_sciml.techniques.diffraction.prepare import grown
from napari_sciml.techniques.diffraction.settings import DiffractionSettings


@dataclass(frozen=True)
class RunSetup:
    """What a run goes by.

    Attributes
    ----------
    mask
        Pixels to ignore, or None.
    stated
        Values that the file says to mean "not measured".
    beam
        Direct beam (row, column) in pixels; None if rings are not looked for, or cannot be.
    notes, cautions
        What the record should say, and what a person should be told.
    """

    mask: FrameMask | None
    stated: Ranges
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
    choice, stated = find_mask(settings.mask, source), stated_values(source)
    mask, notes, cautions = choice.mask, [choice.note] if choice.note else [], [*choice.cautions]
    # Found once for all frames, which is quicker than in each.
    marked = always_marked(source, mask, stated)
    if marked is not None:
        notes += [marked.sentence] if marked.sentence else []
        cautions += [marked.caution] if marked.caution else []
        dead = grown(marked.flags)
        mask = FrameMask(dead) if mask is None else mask.plus(dead)
    broken = broken_lines(source, mask)
    if broken is not None:
        notes.append(f"{int(broken.sum())} pixels in dead or hot rows and columns are ignored")
        mask = FrameMask(broken) if mask is None else mask.plus(broken)
    seen = survey_frames(source, mask, stated)
    if settings.hot_pixels and seen.hot is not None:
        notes.append(
            f"{int(seen.hot.sum())} pixels are bright in most frames and are ignored; if the frames show "
            "one crystal that never moves, switch the search for hot pixels off"
        )
        mask = FrameMask(seen.hot) if mask is None else mask.plus(seen.hot)
    beam = seen.beam if settings.drop_suspects else None
    if settings.drop_suspects:
        notes.append(beam_sentence(beam))
    return RunSetup(mask, stated, beam, tuple(notes), tuple(cautions))


def beam_sentence(beam: tuple[float, float] | None) -> str:
    """Return where the beam was found, which the search for rings needs."""
    if beam is None:
        return "the background is not round, so that rings of ice or powder cannot be told from Bragg spots"
    return f"the direct beam was found at row {beam[0]:.1f}, column {beam[1]:.1f}"
