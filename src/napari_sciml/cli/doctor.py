"""``doctor``: what is installed, what is missing and what to do about it. Imports nothing heavy."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Annotated

import typer

from napari_sciml.cli.console import note, report, say
from napari_sciml.cli.demo import has_display
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import Progress

QT_BINDINGS = ("PyQt6", "PySide6", "PyQt5", "PySide2")
SMALL_MEMORY_GB = 4.0
"""Memory of the machine in GB below which large images may be a problem; set by hand."""
TIMEOUT_S = 120
"""Seconds after which a runtime that does not answer counts as broken: a cold start takes less."""


@dataclass(frozen=True)
class Finding:
    """One line of the report: a name, what was found, and what to do if that is not good."""

    name: str
    value: str
    advice: str = ""


def doctor(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT|MODEL",
            help="Files or folders to look into as well; with --measure, models, or none for all of them.",
            show_default=False,
        ),
    ] = None,
    measure: Annotated[
        bool,
        typer.Option(
            "--measure",
            help="Measure again which runtime is the fastest for each model, and forget what was known. "
            "Takes about a minute; the machine should have nothing else to do.",
        ),
    ] = False,
) -> None:
    """Say what is installed, what is missing and what to do about it."""
    if measure:
        show(measured_again(names or []))
        return
    findings = [*packages(), *runtimes(), *backends(), *machine(), *weights(), *choices()]
    show(findings)
    for image in names or []:
        examine(image)
    advice = [finding.advice for finding in findings if finding.advice]
    say("")
    for line in advice:
        say(f"To do: {line}")
    if not advice:
        say("Everything is here.")
    say('Install or update everything with: pip install --upgrade "napari-sciml[all]"')


def show(findings: list[Finding]) -> None:
    """Print findings as a table of two columns."""
    width = max((len(finding.name) for finding in findings), default=0)
    for finding in findings:
        say(f"{finding.name:<{width}}  {finding.value}")


def measured_again(names: list[str]) -> list[Finding]:
    """Measure the runtimes of the models called so, or of all that ship, and say what came of it.

    Raises
    ------
    SciMLError
        If there is no such model.
    """
    from napari_sciml.backends.remeasure import measure_again
    from napari_sciml.backends.runtime_choice import VARIABLE
    from napari_sciml.core.progress import drive
    from napari_sciml.networks.registry import get_model, model_names

    models = [get_model(name) for name in names or model_names()]
    found = drive(measure_again(models), note_step)
    if pinned := os.environ.get(VARIABLE):
        note(f"{VARIABLE} is {pinned}: it is used, and not what was measured.")
    return [Finding(f"fastest {choice.model} {choice.backend}", choice.why) for choice in found]


def note_step(step: Progress) -> None:
    """Say what is measured now."""
    note(f"Measuring {step.what} ({step.done + 1} of {step.total})")


def packages() -> Iterator[Finding]:
    """Report versions, read without importing the packages."""
    yield Finding("napari-sciml", installed("napari-sciml") or "run from a folder, not installed")
    yield Finding("python", f"{platform.python_version()} in {sys.prefix}")
    yield Finding("system", platform.platform())
    for name, advice in (
        ("torch", "networks need torch: pip install torch"),
        ("onnxruntime", ""),
        ("openvino", ""),
        ("napari", 'for the window: pip install "napari-sciml[all]"'),
    ):
        version = installed(name)
        yield Finding(name, version or "not installed", "" if version else advice)
    found = [f"{name} {version}" for name in QT_BINDINGS if (version := installed(name))]
    chosen = os.environ.get("QT_API")
    value = ", ".join(found) or "none"
    yield Finding(
        "qt",
        f"{value} (QT_API={chosen})" if chosen else value,
        "" if found else 'for the window: pip install "napari[pyqt6]"',
    )


def runtimes() -> Iterator[Finding]:
    """Report whether what executes networks works: each tries in a process of its own, which may crash."""
    from napari_sciml.backends.runtimes import GRAPH_RUNTIMES, installed

    for name in GRAPH_RUNTIMES:
        if not installed(name):
            yield Finding(
                f"runtime {name}", "not installed", 'for faster networks: pip install "napari-sciml[fast]"'
            )
            continue
        reason = failure_of(name)
        advice = f"install {name} again, or choose --runtime torch" if reason else ""
        yield Finding(f"runtime {name}", reason or "works", advice)


def backends() -> Iterator[Finding]:
    """Report which backends can run here, and why others cannot."""
    from napari_sciml.backends.registry import backend_specs

    for spec in backend_specs():
        yield Finding(f"backend {spec.name}", spec.why_not() or "can run")


def failure_of(runtime: str) -> str:
    """Return why a runtime does not work, or an empty string."""
    code = f"from napari_sciml.backends.graph_sessions import probe; probe({runtime!r})"
    try:
        tried = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"gave no answer within {TIMEOUT_S} s"
    if tried.returncode == 0:
        return ""
    if tried.returncode < 0:
        return f"crashes (signal {-tried.returncode})"
    lines = tried.stderr.strip().splitlines()
    return lines[-1].split("SciMLError: ")[-1] if lines else f"ends with {tried.returncode}"


def choices() -> Iterator[Finding]:
    """Report which runtime was measured to be the fastest for which model, the latest time."""
    from napari_sciml.backends.runtime_choice import VARIABLE, all_remembered

    if pinned := os.environ.get(VARIABLE):
        yield Finding(VARIABLE, f"{pinned}; nothing is measured")
    latest: dict[tuple[str, str], str] = {}
    for choice in all_remembered():
        latest.setdefault((choice.model, choice.backend), choice.why)
    for (model, backend), why in sorted(latest.items()):
        yield Finding(f"fastest {model} {backend}", why)


def machine() -> Iterator[Finding]:
    """Report processor, memory and display."""
    import psutil

    yield Finding("cores", f"{os.cpu_count()}, of which {usable_cores()} may be used here")
    memory = psutil.virtual_memory()
    free = memory.available / 1e9
    yield Finding(
        "memory",
        f"{memory.total / 1e9:.1f} GB, {free:.1f} GB free",
        "close other programs: large slices need about 1 GB" if free < SMALL_MEMORY_GB / 4 else "",
    )
    shown = has_display(os.environ, sys.platform)
    yield Finding(
        "display",
        "yes" if shown else "none",
        "" if shown else "without a display use `napari-sciml run` and `napari-sciml demo --headless`",
    )


def weights() -> Iterator[Finding]:
    """Report the models whose weights are here, each checked against its card."""
    from napari_sciml.networks.registry import get_model, model_names

    names = model_names()
    if not names:
        yield Finding("models", "none", "train one with: napari-sciml train microct --out trained/")
    for name in names:
        try:
            model = get_model(name)
            for variant in model.variants:
                variant.read()
        except SciMLError as error:
            yield Finding(f"model {name}", "damaged", error.sentence)
            continue
        yield Finding(f"model {name}", f"{', '.join(v.kind for v in model.variants)}; weights as in the card")


def examine(image: str) -> None:
    """Describe a file, or say why it cannot be opened; a doctor does not fail on a sick file."""
    from napari_sciml.io import describe

    try:
        say(describe(image))
    except SciMLError as error:
        report(error)


def installed(name: str) -> str:
    """Return the version of a package, or nothing."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def usable_cores() -> int:
    """Count the processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
