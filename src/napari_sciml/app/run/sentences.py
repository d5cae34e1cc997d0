"""The sentences of the Run page, as pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_sciml.core.findings import Findings
from napari_sciml.core.plan import RunPlan, duration
from napari_sciml.core.progress import Progress
from napari_sciml.core.source import SPATIAL_AXES, ImageSource
from napari_sciml.layers.keeper import HandEdits
from napari_sciml.layers.styles import style_for
from napari_sciml.techniques.registry import window_of

NO_IMAGE = "Open an image first: drag a file into the window, or use File > Open Sample."

ANGSTROM_BELOW_UM = 0.01
"""Pixels smaller than this are said in Angstrom."""

MEASURING = "The runtimes are measured again; this takes some seconds."
CRASHED = "The program made a mistake, shown in the notification; please report it."
"""Shown for a bug. Its traceback is in napari's notification."""


def image_line(source: ImageSource) -> str:
    """Say what an image is, for example ``24 × 256 × 256 (z, y, x), uint8, pixel 0.65 µm``."""
    shape = " × ".join(str(n) for n in source.shape)
    return f"{shape} ({', '.join(source.axes)}), {source.dtype}, {pixel_words(source)}"


def pixel_words(source: ImageSource) -> str:
    """Say how large a pixel is: ``pixel 0.65 µm``, ``pixel 2 × 0.65 × 0.65 µm`` or ``no pixel size``."""
    if source.pixel_size is None:
        return "no pixel size"
    if source.unit == "um" and source.pixel_size[-1] < ANGSTROM_BELOW_UM:
        # Electron microscopes: what lies along the first axis of a series is no length.
        sizes = [f"{size * 1e4:.4g}" for size in source.pixel_size[-2:]]
        return f"pixel {' × '.join(dict.fromkeys(sizes))} Å"
    sizes = [
        f"{size:.4g}"
        for size, axis in zip(source.pixel_size, source.axes, strict=True)
        if axis in SPATIAL_AXES
    ]
    edges = sizes[0] if len(set(sizes)) == 1 else " × ".join(sizes)
    return f"pixel {edges} {'µm' if source.unit == 'um' else source.unit}"


def how_it_works(plan: RunPlan, told: str = "") -> str:
    """Say how pixel values are treated and what else a person should know before they trust a run.

    What the page has `told` elsewhere is not said again.
    """
    facts = [f"pixel values: {plan.normalisation}"] if plan.normalisation else []
    said = [f"{fact[0].upper()}{fact[1:].rstrip('.')}." for fact in (*facts, *plan.notes) if fact]
    return " ".join(fact for fact in said if fact not in told)


def progress_line(progress: Progress | None, seconds_left: float | None, *, stopping: bool) -> str:
    """Say how far a run is, for example ``12 of 64 tiles, 9 s left``."""
    if stopping:
        part = "part" if progress is None else progress.what.removesuffix("s")
        return f"Stopping after this {part}; what is found so far stays."
    if progress is None:
        return "Starting: loading the network"
    line = f"{progress.done} of {progress.total} {progress.what}"
    return line if seconds_left is None else f"{line}, {duration(seconds_left)} left"


def result_line(findings: Findings, edits: HandEdits) -> str:
    """Say what was found."""
    took = duration(findings.provenance.seconds)
    head = f"{_found(findings, edits)}, {took}"
    if findings.partial:
        done, total = findings.provenance.units_done, findings.provenance.units_total
        head = f"Stopped after {done} of {total} {findings.provenance.what}: {head}; marked partial"
    if edits:
        counts = {"added": edits.added, "removed": edits.removed}
        changed = " and ".join(f"{n} {verb}" for verb, n in counts.items() if n)
        # Where the sentence counts something else, it has to say what was changed.
        things = "" if findings.summary is None else f"{style_for(findings.overlays[0].label).many}: "
        head += f" ({things}{changed} by hand)"
    parts = [f"{head}."]
    if findings.provenance.problems:
        problems = findings.provenance.problems
        head = "Warning" if len(problems) == 1 else f"{len(problems)} warnings, the first"
        parts.append(f"{head}: {problems[0].rstrip('.')}.")
    return " ".join(parts)


def counted(findings: Findings, edits: HandEdits) -> int:
    """Count the points on screen."""
    return len(findings.tables[findings.overlays[0].table]) - edits.removed + edits.added


def next_step(findings: Findings, edits: HandEdits, on_screen: bool) -> str:
    """Say what a person would do now."""
    window = window_of(findings.provenance.technique)
    if not findings.overlays:
        return window.next_step
    count = counted(findings, edits)
    if not on_screen:
        return "Its layer was removed. Save results still works, or press Run again."
    if findings.partial:
        return "Next: press Run again for the whole image."
    if count == 0 and window.lower and len(findings.candidates):
        return f"Next: lower the threshold; {len(findings.candidates)} candidates lie below it."
    if count == 0:
        return window.nothing
    return window.next_step


def _found(findings: Findings, edits: HandEdits) -> str:
    """Count what a person asked for: in the technique's own words, else the points on screen."""
    if findings.summary is not None:
        return findings.summary(findings)
    if not findings.overlays:
        return f"{len(findings.table)} rows"
    style = style_for(findings.overlays[0].label)
    count = counted(findings, edits)
    where = _where(findings)
    many = (where and style.in_slices) or style.many
    return f"{count} {style.one if count == 1 else many}{'' if findings.partial else where}"


def saved_line(files: Sequence[Path]) -> str:
    """Say where a result was saved."""
    return f"Saved {', '.join(file.name for file in files)} in {files[0].parent}."


def _where(findings: Findings) -> str:
    """Say in how many slices and frames was looked; nothing for a single flat image."""
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
