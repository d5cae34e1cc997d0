"""Sentences that several pages say: how work goes, what it found, and that it broke."""

from __future__ import annotations

import math

from napari_sciml.app.base.jobs import Going, Phase
from napari_sciml.app.base.worker import Crashed, Failed
from napari_sciml.core.findings import Findings
from napari_sciml.core.plan import duration
from napari_sciml.core.source import SPATIAL_AXES
from napari_sciml.layers.points_sync import HandEdits
from napari_sciml.layers.styles import style_for
from napari_sciml.techniques.registry import window_of

CRASHED = "The program made a mistake, shown in the notification; please report it."
"""Shown for a bug. Its traceback is in napari's notification."""


def trouble(outcome: Failed | Crashed) -> str:
    """Return what to say of work that came to nothing."""
    return outcome.error.sentence if isinstance(outcome, Failed) else CRASHED


def progress_line(going: Going) -> str:
    """Return how far a run is, for example ``12 of 64 tiles, 9 s left``."""
    progress = going.progress
    if going.phase is Phase.STOPPING:
        part = "part" if progress is None else progress.what.removesuffix("s")
        return f"Stopping after this {part}; what is found so far stays."
    if progress is None:
        return "Starting: loading the network"
    line = f"{progress.done} of {progress.total} {progress.what}"
    return line if going.seconds_left is None else f"{line}, {duration(going.seconds_left)} left"


def result_line(findings: Findings, edits: HandEdits) -> str:
    """Return what was found."""
    took = duration(findings.provenance.seconds)
    head = f"{_found(findings, edits)}, {took}"
    if findings.partial:
        done, total = findings.provenance.units_done, findings.provenance.units_total
        head = f"Stopped after {done} of {total} {findings.provenance.what}: {head}; marked partial"
    if edits:
        counts = {"added": edits.added, "removed": edits.removed, "labelled": edits.labelled}
        parts = [f"{n} {verb}" for verb, n in counts.items() if n] or ["described"]
        changed = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
        # Where the sentence counts something else, it has to say what was changed.
        things = "" if not findings.summary else f"{style_for(findings.overlays[0].label).many}: "
        head += f" ({things}{changed} by hand)"
    decided = window_of(findings.provenance.technique).decided_text(findings)
    parts = [f"{head}.", *([f"{decided[:1].upper()}{decided[1:]}."] if decided else [])]
    if findings.provenance.problems:
        problems = findings.provenance.problems
        head = "Warning" if len(problems) == 1 else f"{len(problems)} warnings, the first"
        parts.append(f"{head}: {problems[0].rstrip('.')}.")
    return " ".join(parts)


def counted(findings: Findings, edits: HandEdits) -> int:
    """Count the points on screen."""
    return len(findings.tables[findings.overlays[0].table]) - edits.removed + edits.added


def _found(findings: Findings, edits: HandEdits) -> str:
    """Count what a person asked for: in the technique's own words, else the points on screen."""
    if findings.summary:
        return findings.summary
    if not findings.overlays:
        return f"{len(findings.table)} rows"
    style = style_for(findings.overlays[0].label)
    count = counted(findings, edits)
    where = _where(findings)
    many = (where and style.in_slices) or style.many
    return f"{count} {style.one if count == 1 else many}{'' if findings.partial else where}"


def _where(findings: Findings) -> str:
    """Return in how many slices and frames was looked; nothing for a single flat image."""
    source = findings.provenance.source
    spatial = [i for i, axis in enumerate(source.axes) if axis in SPATIAL_AXES]
    counts = []
    if len(spatial) == 3:
        slices = source.shape[spatial[int(findings.provenance.settings.get("axis") or 0)]]
        counts.append(f"{slices} slice{'' if slices == 1 else 's'}")
    if "t" in source.axes:
        frames = source.shape[source.axes.index("t")]
        counts.append(f"{frames} frame{'' if frames == 1 else 's'}")
    return f" in {' of '.join(counts)}" if counts else ""


def percent(share: float) -> str:
    """Write a probability; one that is not certain never reads as 100 or 0 %.

    Examples
    --------
    >>> percent(0.974), percent(0.9996), percent(0.0)
    ('97 %', '> 99 %', '0 %')
    """
    if math.isnan(share):
        return "–"
    if 0.995 <= share < 1:
        return "> 99 %"
    if 0 < share < 0.005:
        return "< 1 %"
    return f"{100 * share:.0f} %"
