"""`Hdf5Tree`: an HDF5 file with the files that it links to, each found beside the one that names it."""

from __future__ import annotations

import importlib.util
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from napari_sciml.core.errors import SciMLError
from napari_sciml.io.formats.linked_files import linked_file, moved
from napari_sciml.io.paths import unreadable

MOST_OPEN = 64
"""Files that a master links to and that are held open at once; more would reach the system's limit."""
LONGEST_CHAIN = 32
"""Links that follow each other; more are a circle."""


class Hdf5Tree:
    """Groups and datasets of a file by their path, wherever links lead.

    Attributes
    ----------
    path
        The file.
    missing
        Links that lead nowhere, by their path in the file, as `datasets` met them: what they point at.
    moved
        Files that were found elsewhere than a link says, each with where.
    lock
        Held while pixels are read: another thread must not close the file meanwhile.

    Raises
    ------
    SciMLError
        If it is no HDF5 file, or damaged.
    """

    def __init__(self, path: Path) -> None:
        if importlib.util.find_spec("hdf5plugin") is not None:
            # Importing it registers the compressions that detectors write (bitshuffle, LZ4, Zstandard).
            importlib.import_module("hdf5plugin")
        self.path = path
        self.lock = threading.RLock()
        self.missing: dict[str, str] = {}
        self.moved: dict[str, Path] = {}
        self._own = opened(path)
        self._linked: OrderedDict[Path, Any] = OrderedDict()

    @property
    def root(self) -> Any:
        """The group ``/``."""
        return self._own["/"]

    def close(self) -> None:
        """Release all files."""
        with self.lock:
            for file in (self._own, *self._linked.values()):
                file.close()
            self._linked.clear()

    def node(self, name: str, group: Any = None, depth: int = 0) -> Any:
        """Return the group or dataset at a path, from `group` on.

        Raises
        ------
        KeyError
            If there is nothing of that name.
        SciMLError
            If a link leads to a file that is not there or not readable.
        """
        if depth > LONGEST_CHAIN:
            raise KeyError(name)
        node = self.root if group is None else group
        for part in filter(None, name.split("/")):
            node = self._step(node, part, depth)
        return node

    def _step(self, group: Any, name: str, depth: int) -> Any:
        import h5py

        if not isinstance(group, h5py.Group):
            raise KeyError(name)
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.SoftLink):
            start = group.file["/"] if link.path.startswith("/") else group
            return self.node(link.path, start, depth + 1)
        if isinstance(link, h5py.ExternalLink):
            return self.node(link.path, self.file(link.filename, Path(group.file.filename))["/"], depth + 1)
        return group[name]

    def file(self, stated: str, master: Path) -> Any:
        """Open the file that `master` calls `stated`.

        Raises
        ------
        SciMLError
            If it is not there or not readable.
        """
        found = linked_file(master, stated)
        if found is None:
            raise SciMLError(
                f"{master.name} links to {stated}, which is not there", "put the data file beside it"
            )
        if moved(master, stated, found):
            self.moved[stated] = found
        with self.lock:
            if found not in self._linked:
                self._linked[found] = opened(found)
            self._linked.move_to_end(found)
            while len(self._linked) > MOST_OPEN:
                self._linked.popitem(last=False)[1].close()
            return self._linked[found]

    def datasets(self) -> list[str]:
        """List the paths of all datasets and of all links that lead nowhere, each dataset once.

        Nothing but what links lead to is opened.
        """
        found: list[str] = []
        with self.lock:
            self._collect("", self.root, found, set())
        return found

    def _collect(self, prefix: str, group: Any, found: list[str], seen: set[tuple[str, int]]) -> None:
        import h5py

        file = group.file.filename
        # A link may lead back to a group that it lies in.
        seen.add((file, h5py.h5o.get_info(group.id).addr))

        def note(name: bytes, info: Any) -> None:
            if info.type == h5py.h5o.TYPE_DATASET and (file, info.addr) not in seen:
                found.append(f"{prefix}/{name.decode(errors='replace')}")
            seen.add((file, info.addr))

        links: list[str] = []

        def note_link(name: str, link: Any) -> None:
            if isinstance(link, h5py.ExternalLink):
                links.append(name)

        h5py.h5o.visit(group.id, note, info=True)
        group.visititems_links(note_link)
        for name in links:
            whole, stated = f"{prefix}/{name}", group.get(name, getlink=True)
            try:
                node = self.node(name, group)
            except SciMLError:
                self.missing[whole] = stated.filename
                found.append(whole)
                continue
            except KeyError:
                self.missing[whole] = f"{stated.filename}::{stated.path}"
                found.append(whole)
                continue
            place = (node.file.filename, h5py.h5o.get_info(node.id).addr)
            if place in seen:
                continue
            if isinstance(node, h5py.Dataset):
                seen.add(place)
                found.append(whole)
            else:
                self._collect(whole, node, found, seen)


def opened(path: Path) -> Any:
    """Open an HDF5 file for reading."""
    import h5py

    try:
        return h5py.File(path, "r")
    except PermissionError as error:
        raise unreadable(path, error) from error
    except OSError as error:
        raise SciMLError(
            f"{path} could not be read as HDF5 ({error})",
            "it may be damaged or still being written; copy it again",
        ) from error
