"""A result is a set of files, and a folder holds one set whole: the old one or the new one.

Saving::

    with new_set(folder) as draft:
        np.save(draft.inner("candidates.npy"), ...)   # for the program: folder/run-data/ID/candidates.npy
        write_csv(table, draft.outer("findings.csv")) # for people: folder/findings.csv, once it is in force
        draft.record = {"format_version": 2, ...}     # run.json, which also gets a key "set"
    draft.saved.outer("findings.csv")                 # where it lies now
    draft.saved.notes                                 # what was done about files of others, in sentences

Opening::

    saved = open_set(folder)
    saved.record, saved.inner("candidates.npy"), saved.outer("findings.csv")

`run.json` is the record and the pointer in one. Renaming it is what puts the new set in force; until then
nothing outside ``run-data/ID`` has changed. The files for people wait in ``run-data/ID/publish`` and are
moved to their names afterwards (`io.publishing`); if that is interrupted, the next who opens or saves here
goes on with it. A pointer without a set is of an earlier version: ``saved.home`` is None, and its files lie
in the folder.

Nothing about runs belongs here: any kind of result may have its own pointer and folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from napari_sciml.core.durable_files import put, sync_file, sync_folder
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.locks import held, is_held
from napari_sciml.io.paths import unreadable
from napari_sciml.io.saving.atomic import make_folder, unwritable
from napari_sciml.io.saving.final_names import MANIFEST, PUBLISH, UNKNOWN, Manifest, Mark, publish

POINTER, DATA = "run.json", "run-data"
KEY = "set"
LOCK = "lock"
WAIT_S = 60.0
"""How long to wait for another program that changes the folder just now; it needs a second or two."""
SPAN_S = 600.0
"""Seconds within which earlier versions wrote all files of a run: younger files are theirs; set by hand."""


@dataclass(frozen=True)
class SetPaths:
    """Where the files of a set lie.

    Attributes
    ----------
    folder, pointer
        The folder, and the file in it that names the set.
    record
        What the pointer says, without the name of the set.
    home
        Folder of the program's own files; None for a folder of an earlier version.
    notes
        Sentences about files of others that were met while saving.
    """

    folder: Path
    pointer: Path
    record: dict[str, object]
    home: Path | None
    notes: tuple[str, ...] = ()

    def inner(self, name: str) -> Path:
        """Return where a file of the program lies, whether it is there or not."""
        return (self.home or self.folder) / name

    def outer(self, name: str) -> Path:
        """Return where a file for people lies, also if it could not be brought to its place yet."""
        if self.home is None:
            return self.folder / name
        waiting = self.home / PUBLISH / name
        return waiting if waiting.exists() else self.folder / Manifest.read(self.home).place(name)

    def names(self) -> tuple[str, ...]:
        """Name the files for people; empty for a folder of an earlier version."""
        return () if self.home is None else tuple(Manifest.read(self.home).files)


@dataclass
class Draft:
    """A set that is being written.

    Attributes
    ----------
    folder, pointer, home
        As in `SetPaths`.
    record
        What the pointer will say; to be set before the end.
    saved
        Where everything lies, once the set is in force.
    """

    folder: Path
    pointer: Path
    home: Path
    record: dict[str, object] = field(default_factory=dict)
    _saved: SetPaths | None = None

    @property
    def publish(self) -> Path:
        """The folder whose files will be moved to the same names beside the pointer."""
        return self.home / PUBLISH

    def inner(self, name: str) -> Path:
        """Return where to write a file of the program's own."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def outer(self, name: str) -> Path:
        """Return where to write a file for people; it lies beside the pointer once the set is in force."""
        return self.inner(f"{PUBLISH}/{name}")

    @property
    def saved(self) -> SetPaths:
        """Where everything lies, once the set is in force."""
        assert self._saved is not None, "the set is in force only after the block"
        return self._saved

    def placed(self, path: Path) -> Path:
        """Return where a file that was written below `publish` lies now."""
        return self.saved.outer(path.relative_to(self.publish).as_posix())


@contextmanager
def new_set(
    folder: str | os.PathLike[str],
    pointer: str = POINTER,
    data: str = DATA,
    formerly: Sequence[str] = (),
    *,
    span_s: float = SPAN_S,
) -> Iterator[Draft]:
    """Yield a draft; what is written into it replaces the folder's set as a whole if the block ends well.

    Two programs may save into one folder at once; the later one's set remains.

    Parameters
    ----------
    folder
        Made if absent.
    pointer
        Name of the file that says which set is in force; a JSON object.
    data
        Name of the folder for the sets.
    formerly
        What earlier versions, which knew no sets, wrote here (``*`` allowed). The first is the one that shows
        that they did: without it, files of these names are a person's.
    span_s
        Within how many seconds of that one they wrote the others; what is older or newer is a person's.

    Raises
    ------
    SciMLError
        If the folder cannot be written, is being changed by another program all the time, or the pointer's
        name belongs to something else.
    """
    top, sets = make_folder(folder), make_folder(Path(folder) / data)
    target = top / pointer
    with contextlib.ExitStack() as life:
        try:
            with _alone(sets):
                current = _finish(target, sets)
                _sweep(sets, current)
                home = sets / f"{_next_number(sets):04d}-{secrets.token_hex(3)}"
                home.mkdir()
                life.callback(_discard, home, target, sets)
                life.enter_context(held(home / LOCK))
                draft = Draft(top, target, home)
                draft.publish.mkdir()
            yield draft
            with _alone(sets):
                _commit(draft, _finish(target, sets), _formerly(top, formerly, span_s))
                life.close()
                notes = publish(top, home).notes
                _sweep(sets, home)
        except OSError as error:
            raise unwritable(top, error) from error
        draft._saved = SetPaths(top, target, draft.record, home, notes)


def open_set(folder: str | os.PathLike[str], pointer: str = POINTER, data: str = DATA) -> SetPaths:
    """Find the set that is in force in a folder; what was interrupted is finished first, where allowed.

    Raises
    ------
    SciMLError
        If there is no pointer, or it is no JSON object.
    """
    target, sets = Path(folder) / pointer, Path(folder) / data
    record = _read(target)
    home = _home(record, sets)
    if home is not None and (home / PUBLISH).is_dir():
        # A folder that may not be written, or is busy, opens as it is.
        with contextlib.suppress(OSError, SciMLError), held(sets / LOCK) as alone:
            if alone:
                _sweep(sets, _finish(target, sets))
    record, home, notes = _in_force(target, sets)
    return SetPaths(target.parent, target, {k: v for k, v in record.items() if k != KEY}, home, notes)


def _in_force(pointer: Path, sets: Path) -> tuple[dict[str, object], Path | None, tuple[str, ...]]:
    """Return record, folder and notes of one set, although others may be put in force meanwhile."""
    while True:
        record = _read(pointer)
        home = _home(record, sets)
        # The set that was read about may be gone already, in favour of a newer one.
        with contextlib.suppress(FileNotFoundError):
            notes = () if home is None else Manifest.read(home).notes
            if _read(pointer).get(KEY) == record.get(KEY):
                return record, home, notes


@contextmanager
def _alone(sets: Path) -> Iterator[None]:
    with held(sets / LOCK, WAIT_S) as alone:
        if not alone:
            raise SciMLError(
                f"Another program has been saving into {sets.parent} for a minute",
                "wait until it is done, or choose another folder",
            )
        yield


def _read(pointer: Path) -> dict[str, object]:
    try:
        record = json.loads(pointer.read_bytes())
    except OSError as error:
        raise unreadable(pointer, error) from error
    except ValueError as error:
        raise SciMLError(f"{pointer} is not a record of a result", "choose another folder") from error
    if not isinstance(record, dict):
        raise SciMLError(f"{pointer} is not a record of a result", "choose another folder")
    return record


def _home(record: dict[str, object], sets: Path) -> Path | None:
    """Return the folder that a record names; None if it names none, or that is gone."""
    match PurePosixPath(str(record.get(KEY, ""))).parts:
        case (str(data), str(name)) if data == sets.name and (sets / name / MANIFEST).is_file():
            return sets / name
    return None


def _finish(pointer: Path, sets: Path) -> Path | None:
    """Bring the files of the set in force to their places; returns its folder, None if there is none."""
    if not pointer.exists():
        return None
    home = _home(_read(pointer), sets)
    if home is not None:
        publish(pointer.parent, home)
    return home


def _sweep(sets: Path, current: Path | None) -> None:
    """Remove older sets, and drafts whose writers no longer live."""
    for other in sets.iterdir():
        if other.is_dir() and other != current and _number(other) and not is_held(other / LOCK):
            shutil.rmtree(other, ignore_errors=True)


def _number(home: Path) -> int:
    """Return the number of a set, 0 for a folder that is none."""
    number, _, rest = home.name.partition("-")
    return int(number) if number.isdecimal() and rest else 0


def _next_number(sets: Path) -> int:
    return 1 + max(map(_number, sets.iterdir()), default=0)


def _discard(home: Path, pointer: Path, sets: Path) -> None:
    """Remove a draft that did not come into force, and the folder of sets if that was all."""
    if pointer.exists() and _home(_read(pointer), sets) == home:
        return
    shutil.rmtree(home, ignore_errors=True)
    with contextlib.suppress(OSError):
        sets.rmdir()


def _commit(draft: Draft, current: Path | None, formerly: dict[str, Mark]) -> None:
    """Put the draft in force: manifest, everything to the disk, then the pointer by one rename."""
    assert draft.record, "the record says what the set is"
    sets = draft.home.parent
    files = {path.relative_to(draft.publish).as_posix(): path for path in _files(draft.publish)}
    older = formerly if current is None else Manifest.read(current).placed
    # The pointer replaces itself.
    older.pop(draft.pointer.name, None)
    marks = {name: Mark.of(path) for name, path in files.items()}
    Manifest(files=marks, older=older).write(draft.home)
    for path in _files(draft.home):
        sync_file(path)
    for folder in {path.parent for path in _files(draft.home)} | {draft.home, sets}:
        sync_folder(folder)
    whole = {**draft.record, KEY: f"{sets.name}/{draft.home.name}"}
    text = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    waiting = draft.home / draft.pointer.name
    waiting.write_text(text, encoding="utf-8", newline="\n")
    put(waiting, draft.pointer)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _formerly(folder: Path, names: Sequence[str], span_s: float) -> dict[str, Mark]:
    """Find the files that an earlier version wrote, by their names and by when they were written.

    One of another time counts as changed since; with a name that was not told in full it counts as foreign.
    """
    if not names or not (folder / names[0]).is_file():
        return {}
    when = (folder / names[0]).stat().st_mtime
    found: dict[str, Mark] = {}
    for name in names:
        for path in filter(Path.is_file, folder.glob(name)):
            place = path.relative_to(folder).as_posix()
            if abs(path.stat().st_mtime - when) <= span_s:
                found[place] = Mark.of(path)
            elif place == name:
                found[place] = UNKNOWN
    return found
