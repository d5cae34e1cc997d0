"""The sentences of the Run page, as pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_sciml.app.base.text import counted
from napari_sciml.core.findings import Findings
from napari_sciml.core.plan import RunPlan
from napari_sciml.core.source import SPATIAL_AXES, ImageSource
from napari_sciml.layers.points_sync import HandEdits
from napari_sciml.techniques.registry import window_of

NO_IMAGE = "Open an image first: drag a file into the window, or use File > Open Sample."

ANGSTROM_BELOW_UM = 0.01
"""Pixels smaller than this are said in Angstrom."""

RUNNING = "A run is under way; wait for its end, or press Stop."
MEASURING = "The runtimes are measured again; this takes some seconds."


def image_line(source: ImageSource) -> str:
    """Return what an image is, for example ``24 × 256 × 256 (z, y, x), uint8, pixel 0.65 µm``."""
    shape = " × ".join(str(n) for n in source.shape)
    return f"{shape} ({', '.join(source.axes)}), {source.dtype}, {pixel_text(source)}"


def pixel_text(source: ImageSource) -> str:
    """Return how large a pixel is: ``pixel 0.65 µm``, ``pixel 2 × 0.65 × 0.65 µm`` or ``no pixel size``."""
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


def how_it_works(plan: RunPlan, already_shown: str = "") -> str:
    """Return how pixel values are treated and what else a person should know before they trust a run.

    What is `already_shown` elsewhere is left out.
    """
    facts = [f"pixel values: {plan.normalisation}"] if plan.normalisation else []
    said = [f"{fact[0].upper()}{fact[1:].rstrip('.')}." for fact in (*facts, *plan.notes) if fact]
    return " ".join(fact for fact in said if fact not in already_shown)


def next_step(findings: Findings, edits: HandEdits, on_screen: bool) -> str:
    """Return what a person would do now."""
    window = window_of(findings.provenance.technique)
    if not findings.overlays:
        return window.next_step
    count = counted(findings, edits)
    if not on_screen:
        return "Its layer was removed. Save results still works, or press Run again."
    if findings.partial:
        return "Next: press Run again for the whole image."
    if count == 0:
        return window.nothing_text(len(findings.candidates))
    return window.next_step


def saved_line(files: Sequence[Path]) -> str:
    """Return where a result was saved."""
    return f"Saved {', '.join(file.name for file in files)} in {files[0].parent}."
