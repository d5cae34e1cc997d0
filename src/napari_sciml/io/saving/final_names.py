"""Move the files of a set that are meant for people to their names, again and again if need be.

A file is ours as long as it is what the older set wrote. One that a person changed since is kept: beside
the new one as ``NAME.changed.csv``, or where it is if the new set has none of that name. One that never was
ours stays where it is, and ours goes beside it as ``NAME.sciml.csv``.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from napari_sciml.core.durable_files import put, sync_folder
from napari_sciml.core.errors import SciMLError
from napari_sciml.io.saving.atomic import make_folder, unwritable

MANIFEST = "manifest.json"
PUBLISH = "publish"
OURS, CHANGED = "sciml", "changed"


class Mark(BaseModel):
    """By what a file is known again."""

    model_config = ConfigDict(frozen=True)

    size: int
    mtime_ns: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Mark:
        """Describe a file as it is."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(size=path.stat().st_size, mtime_ns=path.stat().st_mtime_ns, sha256=digest)

    def fits(self, path: Path) -> bool:
        """Whether a file has not changed; a copy of it counts as the same."""
        if not path.is_file() or (now := path.stat()).st_size != self.size:
            return False
        return now.st_mtime_ns == self.mtime_ns or Mark.of(path).sha256 == self.sha256


UNKNOWN = Mark(size=-1, mtime_ns=-1, sha256="")
"""Of a file that has changed since it was saved; no file fits it."""


class Manifest(BaseModel):
    """What a set has for people, where that lies, and which older files go.

    Attributes
    ----------
    files
        Name within the set -> what it is.
    places
        Name within the set -> name in the folder, where the two differ.
    older
        Name in the folder of what the set before had -> what it was.
    notes
        Sentences about files of others that were met.
    """

    model_config = ConfigDict(frozen=True)

    files: dict[str, Mark] = {}
    places: dict[str, str] = {}
    older: dict[str, Mark] = {}
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, home: Path) -> Manifest:
        """Read the manifest of a set."""
        return cls.model_validate_json((home / MANIFEST).read_bytes())

    def write(self, home: Path) -> None:
        """Write it into its set, whole or not at all."""
        draft = home / f"{MANIFEST}.part"
        draft.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
        put(draft, home / MANIFEST)

    def place(self, name: str) -> str:
        """Return the name that a file of the set has in the folder."""
        return self.places.get(name, name)

    @property
    def placed(self) -> dict[str, Mark]:
        """Name in the folder -> what lies there, of all files for people."""
        return {self.place(name): mark for name, mark in self.files.items()}


def publish(folder: Path, home: Path) -> Manifest:
    """Bring the files of the set `home` to their names in `folder`, and remove those of the set before.

    Raises
    ------
    SciMLError
        If a file cannot be replaced, for example because another program has it open. The set is in force
        all the same, and the next call goes on where this one stopped.
    """
    manifest = Manifest.read(home)
    if not (home / PUBLISH).is_dir():
        return manifest
    waiting = [name for name in manifest.files if (home / PUBLISH / name).is_file()]
    manifest, aside = decide(folder, manifest, waiting)
    manifest.write(home)
    for name in waiting:
        target = folder / manifest.place(name)
        make_folder(target.parent)
        with replacing_of(target):
            if name in aside:
                os.replace(target, folder / aside[name])
            os.replace(home / PUBLISH / name, target)
    for name in manifest.older.keys() - manifest.placed.keys():
        if manifest.older[name].fits(folder / name):
            with replacing_of(folder / name):
                (folder / name).unlink()
            # A folder that held only ours goes with them.
            with contextlib.suppress(OSError):
                if (folder / name).parent != folder:
                    (folder / name).parent.rmdir()
    for parent in {(folder / name).parent for name in manifest.placed}:
        sync_folder(parent)
    # Last, since it says that something is left to do.
    shutil.rmtree(home / PUBLISH, ignore_errors=True)
    return manifest


def decide(folder: Path, manifest: Manifest, waiting: list[str]) -> tuple[Manifest, dict[str, str]]:
    """Choose a place for each file that waits; returns the manifest, and which files of a person step aside.

    Parameters
    ----------
    folder
        Where they are to lie.
    manifest
        Of the set.
    waiting
        Names of those that do not lie there yet.

    Returns
    -------
    tuple of Manifest and dict of str to str
        The manifest with places and notes, and name in the set -> new name of the person's file.
    """
    places, notes, aside = dict(manifest.places), list(manifest.notes), {}
    for name in waiting:
        older = manifest.older

        def free(place: str, older: dict[str, Mark] = older) -> bool:
            path = folder / place
            return not os.path.lexists(path) or (place in older and older[place].fits(path))

        if name in places or free(name) or manifest.files[name].fits(folder / name):
            continue
        if name in older:
            aside[name] = next(
                other for other in spare_names(name, CHANGED) if not os.path.lexists(folder / other)
            )
            notes.append(f"{name} had been changed since it was saved; that version is now {aside[name]}")
        else:
            places[name] = next(other for other in spare_names(name, OURS) if free(other))
            notes.append(f"{name} was there before and stays as it was; the new one is {places[name]}")
    for name in sorted(older_left(folder, manifest, places)):
        notes.append(f"{name} is of an earlier save, but has been changed since and stays")
    changed = {"places": places, "notes": tuple(dict.fromkeys(notes))}
    return manifest.model_copy(update=changed), aside


def older_left(folder: Path, manifest: Manifest, places: dict[str, str]) -> Iterator[str]:
    """Name the files of the set before that are in nobody's way, but no longer what they were."""
    taken = {places.get(name, name) for name in manifest.files}
    for name, mark in manifest.older.items():
        if name not in taken and (folder / name).exists() and not mark.fits(folder / name):
            yield name


def spare_names(name: str, word: str) -> Iterator[str]:
    """Yield names for a neighbour of a file: ``a.sciml.csv``, ``a.sciml-2.csv`` ..."""
    path = Path(name)
    yield path.with_stem(f"{path.stem}.{word}").as_posix()
    number = 2
    while True:
        yield path.with_stem(f"{path.stem}.{word}-{number}").as_posix()
        number += 1


@contextlib.contextmanager
def replacing_of(path: Path) -> Iterator[None]:
    """Raise one sentence if a file cannot be replaced now."""
    try:
        yield
    except PermissionError as error:
        raise SciMLError(
            f"{path} could not be replaced ({error.strerror or error})",
            "close it in other programs, then save or open the folder again: nothing is lost",
        ) from error
    except OSError as error:
        raise unwritable(path, error) from error
