"""What a run leaves behind: its files, what it found, and a second place if the first is refused."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sciml.cli.console import note, say
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.plan import duration
from napari_sciml.techniques.registry import mark_for, window_of

if TYPE_CHECKING:
    from napari_sciml.core.findings import Findings


def prepare_folder(folder: Path) -> None:
    """Make the folder and try to write into it, so that a long run does not end at a closed door.

    Raises
    ------
    SciMLError
        If it cannot be made or written.
    """
    from napari_sciml.io.saving.atomic import make_folder, replacing

    probe = make_folder(folder) / "findings.csv.part"
    with replacing(probe) as draft:
        draft.touch()
    probe.unlink()


def save(findings: Findings, folder: Path) -> list[Path]:
    """Write the files. If that is refused, write them into a temporary folder, say where, and raise.

    Raises
    ------
    SciMLError
        If `folder` could not be written, even though the results are safe elsewhere.
    """
    from napari_sciml.io.saving.file_sets import DATA, POINTER

    try:
        files = findings.save(folder)
        print_notes(folder, POINTER, DATA)
        return files
    except SciMLError as error:
        rescue = Path(tempfile.mkdtemp(prefix="napari-sciml-"))
        try:
            findings.save(rescue)
        except SciMLError:
            # The second place is no better; what the person can mend is the first.
            raise error from None
        raise SciMLError(error.message, f"{error.hint}; the results are in {rescue}") from error


def print_notes(folder: Path, pointer: str, data: str) -> None:
    """Print what was done about files of others in a folder, if there were any."""
    from napari_sciml.io.saving.file_sets import open_set

    if (folder / pointer).is_file():
        for line in open_set(folder, pointer, data).notes:
            note(f"{line}.")


def print_findings(findings: Findings, files: list[Path]) -> None:
    """Print what was found, what was decided on the way, and where it lies."""
    record = findings.provenance
    rows = len(findings.table)
    mark = mark_for(findings.overlays[0].label if findings.overlays else "row")
    what = findings.summary or f"{rows} {mark.one if rows == 1 else mark.in_slices or mark.many}"
    line = f"Found {what} in {duration(record.seconds)}"
    if findings.partial:
        done = f"{record.units_done} of {record.units_total} {record.what}"
        line = f"Stopped after {done}, marked partial. {line}"
    say(f"{line}.")
    window = window_of(record.technique)
    if decided := window.decided_text(findings):
        note(f"  {decided}")
    points = len(findings.tables[findings.overlays[0].table]) if findings.overlays else rows
    if points == 0 and not findings.partial:
        note(f"Nothing was found. {window.nothing_text(len(findings.candidates))}")
    for problem in record.problems:
        say(f"Warning: {problem}")
    for file in files:
        say(f"  {file}")
