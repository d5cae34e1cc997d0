"""The masks that an HDF5 file brings along: where they are, to which detector they belong, what they mark.

NeXus (``pixel_mask``, ``pixel_mask_2``, also in channels), CXI and what programs put beside the data are
found by their names anywhere in the file, through links too. What looks like a mask and is not used is told.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.frames import frame_count, frame_shape
from napari_sciml.core.source import ImageSource
from napari_sciml.io.formats.frame_blocks import families
from napari_sciml.io.formats.hdf5_axes import text
from napari_sciml.io.formats.hdf5_tree import Hdf5Tree
from napari_sciml.io.formats.linked_files import linked_file
from napari_sciml.io.formats.virtual_frames import pixels_of
from napari_sciml.io.masks.bits import bad_pixels
from napari_sciml.io.masks.frame_mask import BoolArray, FrameMask, MaskChoice, Shape, fitted
from napari_sciml.io.paths import split_part

LIKE_A_MASK = re.compile(r"mask|(bad|dead|hot)_?pixels?", re.IGNORECASE)
"""Names of what may be a mask."""
NO_MASK = re.compile(r"applied|threshold|file|name", re.IGNORECASE)
"""Names of what belongs to a mask and is none."""
A_MASK = re.compile(
    r"^((pixel|detector|user|data|image|module|beamstop|gaps?|static|combined|shadow|invalid|(bad|dead|hot)"
    r"(_?pixels?)?)_?)?mask(_?(\d+|shared|data))?$"
    r"|^(bad|dead|hot)_?pixels?(_?map)?$",
    re.IGNORECASE,
)
"""Names of masks that are not zero where to ignore."""
DETECTOR = re.compile(r"^detector(_?\d+)?$", re.IGNORECASE)
"""Names of detectors in files that state no classes, such as CXI."""
MOST_FAR = 8
"""Masks of other entries of a file that are read at the most."""
MOST_TOLD = 3
"""Masks that one sentence names at the most."""


@dataclass(frozen=True)
class Found:
    """A dataset that looks like a mask.

    Attributes
    ----------
    path
        Where it is.
    owner
        The detector it lies in, or its group.
    detector
        Whether the owner is a detector.
    channel
        The channel of the detector that it belongs to; empty without one.
    """

    path: str
    owner: str
    detector: bool
    channel: str = ""

    @property
    def group(self) -> str:
        """The group it lies in."""
        return str(PurePosixPath(self.path).parent)

    @property
    def name(self) -> str:
        """Its own name."""
        return PurePosixPath(self.path).name


@dataclass(frozen=True)
class Image:
    """Where the image lies to which a mask has to belong.

    Attributes
    ----------
    paths
        Its paths in the file.
    home
        Its detector; empty if that is not known.
    """

    paths: frozenset[str]
    home: str

    @property
    def words(self) -> set[str]:
        """The names on the way to it."""
        return {word for path in self.paths for word in PurePosixPath(path).parts}

    def beside_or_below(self, group: str) -> bool:
        """Whether it lies somewhere in a group."""
        return any(PurePosixPath(path).is_relative_to(group) for path in self.paths)

    def shares_entry(self, path: str) -> bool:
        """Whether a path begins in the same group of the root."""
        return PurePosixPath(path).parts[1:2] in [PurePosixPath(own).parts[1:2] for own in self.paths]


def mask_in_file(source: ImageSource) -> MaskChoice:
    """Return the mask that the HDF5 file of a source brings along, and what in it is not used."""
    name, part = split_part(source.path or "")
    frames, shape = frame_count(source), frame_shape(source)
    choice = MaskChoice()
    if part and _is_hdf5(name):
        choice = choose(Path(name), part, frames, shape)
    if choice.mask is not None or source.place is None or not _is_hdf5(source.place(0)[0]):
        return choice
    first = Path(source.place(0)[0])
    if first.resolve() == Path(name).resolve():
        return choice
    each = _in_each_file(source, shape)
    return replace(each, cautions=(*choice.cautions, *each.cautions))


def _is_hdf5(name: str | Path) -> bool:
    import h5py

    return Path(name).is_file() and bool(h5py.is_hdf5(name))


def _in_each_file(source: ImageSource, shape: Shape) -> MaskChoice:
    """Return the mask of a series whose files bring one each."""
    place = source.place
    assert place is not None, "asked for by the caller"
    first = choose(Path(place(0)[0]), "", 0, shape)
    if first.mask is None:
        return first

    @lru_cache(maxsize=2)
    def of_file(name: str) -> FrameMask | None:
        return choose(Path(name), "", 0, shape).mask if _is_hdf5(name) else None

    def each(number: int) -> BoolArray:
        name, inside = place(number)
        mask = of_file(name)
        return np.zeros(shape, bool) if mask is None else mask.of(inside if isinstance(inside, int) else 0)

    note = f"the files' own masks leave out {int(first.mask.of(0).sum())} pixels of the first frame"
    return MaskChoice(FrameMask(np.zeros(shape, bool), each), note, first.cautions)


def choose(file: Path, part: str, frames: int, shape: Shape) -> MaskChoice:
    """Choose among the masks of one file, or of the one that its image is taken from.

    Parameters
    ----------
    part
        The image, or its group; empty if that is not known.
    frames
        How many there are; 0 if any number of masks will do.
    """
    try:
        tree = Hdf5Tree(file)
    except SciMLError:
        # Told where the image itself is opened.
        return MaskChoice()
    try:
        found, image = look_around(tree, part)
        if "*" in part and (mask := of_events(tree, part, found, frames, shape)) is not None:
            return MaskChoice(mask, "the file's own mask of each frame is used")
        choice = _chosen(tree, found, image, frames, shape) if found else MaskChoice()
        behind = files_behind(tree, part) if choice.mask is None else []
    finally:
        tree.close()
    if not behind:
        return choice
    choices = [choose(name, where, frames if len(behind) == 1 else 0, shape) for name, where in behind]
    masks = [choice.mask for choice in choices]
    if len(choices) > 1 and any(masks) and not all(same(masks[0], mask) for mask in masks):
        names = ", ".join(name.name for name, _ in behind[:MOST_TOLD])
        why = "they differ between the files that the image is taken from"
        told = f"masks in {names} were found and not used, because {why}"
        return MaskChoice(cautions=(*choice.cautions, told))
    return replace(choices[0], cautions=(*choice.cautions, *choices[0].cautions))


def of_events(tree: Hdf5Tree, part: str, found: list[Found], frames: int, shape: Shape) -> FrameMask | None:
    """Return the masks of a file with a group for each event, ``/tag-*/data``; None if it has no such."""
    words = part.split("/")
    event = "/".join(words[: 1 + next(n for n, word in enumerate(words) if "*" in word)])
    for family in families(mask.path for mask in found if A_MASK.match(mask.name)):
        if family.part.startswith(f"{event}/") and len(family.names) == frames:
            first = tree.node(family.names[0])
            if int(np.prod(first.shape)) == int(np.prod(shape)) and first.shape[-1] == shape[1]:
                return FrameMask(np.zeros(shape, bool), partial(read_event, tree.path, family.names, shape))
    return None


def read_event(file: Path, names: tuple[str, ...], shape: Shape, number: int) -> BoolArray:
    """Read the mask of one event.

    Raises
    ------
    SciMLError
        If it is not readable.
    """
    one = partial(bad_pixels, nexus="pixel_mask" in names[number])
    return read_one(file, names[number], shape, one, slice(None))


def files_behind(tree: Hdf5Tree, part: str) -> list[tuple[Path, str]]:
    """Name the files that an image is really taken from, where that is not this one, and where in them."""
    import h5py

    image = _node(tree, part)
    if not isinstance(image, h5py.Dataset):
        return []
    own = Path(image.file.filename)
    if own.resolve() != tree.path.resolve():
        return [(own, str(image.name))]
    named = {
        source.file_name: "/" + str(source.dset_name).strip("/")
        for source in (image.virtual_sources() if image.is_virtual else ())
        if source.file_name != "." and "%b" not in source.file_name
    }
    files = [(linked_file(tree.path, stated), name) for stated, name in named.items()]
    return [(file, name) for file, name in files if file is not None and _is_hdf5(file)]


def _node(tree: Hdf5Tree, part: str) -> Any:
    """Return what lies at a path, or None."""
    try:
        return tree.node(part) if part and "*" not in part else None
    except (KeyError, SciMLError):
        return None


def look_around(tree: Hdf5Tree, part: str) -> tuple[list[Found], Image]:
    """Find what looks like a mask, and the detector of the image."""
    import h5py

    kinds: dict[str, str] = {}

    def kind(path: str) -> str:
        """Return the NeXus class of a group, or what its name says."""
        if path not in kinds:
            node, name = _node(tree, path), PurePosixPath(path).name
            stated = text(node.attrs.get("NX_class", "")) if isinstance(node, h5py.Group) else ""
            kinds[path] = stated or ("NXdetector" if DETECTOR.match(name) else "")
        return kinds[path]

    def above(path: str, wanted: str) -> str:
        """Return the nearest group of a class on the way to a path, or an empty string."""
        groups = [str(group) for group in PurePosixPath(path).parents if str(group) != "/"]
        return next((group for group in groups if kind(group) == wanted), "")

    masks = []
    for path in tree.datasets():
        leaf = PurePosixPath(path).name
        if LIKE_A_MASK.search(leaf) and not NO_MASK.search(leaf):
            detector = above(path, "NXdetector")
            owner = detector or str(PurePosixPath(path).parent)
            masks.append(Found(path, owner, bool(detector), above(path, "NXdetector_channel")))
    image, part = _node(tree, part), part and "/" + part.strip("/")
    paths = {part} if part else set()
    if isinstance(image, h5py.Dataset):
        paths |= {str(image.name), text(image.attrs.get("target", image.name))}
    elif part:
        paths = {f"{part.rstrip('/')}/*"}
    home = next((found for path in sorted(paths) if (found := above(path, "NXdetector"))), "")
    if not home and isinstance(image, h5py.Dataset):
        owners = sorted({found.owner for found in masks if found.detector})
        home = next((owner for owner in owners if holds(_node(tree, owner), image)), "")
    return masks, Image(frozenset(paths), home)


def holds(group: Any, dataset: Any) -> bool:
    """Whether a dataset lies in a group, under whatever name."""
    import h5py

    if group.file != dataset.file:
        return False
    here = h5py.h5o.get_info(dataset.id).addr
    return any(
        isinstance(child := group.get(name), h5py.Dataset) and h5py.h5o.get_info(child.id).addr == here
        for name in group
    )


def _chosen(tree: Hdf5Tree, found: list[Found], image: Image, frames: int, shape: Shape) -> MaskChoice:
    cxi = "cxi_version" in tree.root or "entry_1" in tree.root
    near = [m for m in found if image.shares_entry(m.path) or image.beside_or_below(m.group)]
    far = [mask for mask in found if mask not in near]
    if len(far) > MOST_FAR:
        # A file of many scans, which have a mask each.
        far = [] if near else far[:MOST_FAR]
    found = near + far
    fits: dict[Found, FrameMask] = {}
    unused: dict[str, list[str]] = defaultdict(list)
    for mask in found:
        try:
            fitting = fit(tree, mask, frames, shape, cxi=cxi)
        except (OSError, SciMLError) as error:
            told = error.message if isinstance(error, SciMLError) else str(error)
            fitting = f"it could not be read ({told})"
        if isinstance(fitting, FrameMask):
            fits[mask] = fitting
        elif fitting:
            unused[fitting].append(mask.path)
    used = belonging(fits, image)
    for mask in fits:
        if mask in far and used:
            continue
        if not any(same(fits[mask], fits[other]) for other in used):
            why = "it belongs to another detector, channel or entry"
            if not used and not image.home:
                why = "several detectors have one and the file does not say which took the image"
            unused[why].append(mask.path)
    cautions = [not_used(paths, why) for why, paths in unused.items()]
    if not used:
        return MaskChoice(cautions=tuple(cautions))
    channels = {mask.channel: fits[mask] for mask in used if mask.channel}
    if len(channels) > 1 and not all(same(next(iter(channels.values())), m) for m in channels.values()):
        cautions.append(f"the masks of {len(channels)} channels of the detector are joined")
    whole = joined([fits[mask] for mask in used])
    if whole.each is None:
        note = f"the file's own mask leaves out {int(whole.common.sum())} pixels"
    else:
        note = f"the file's own mask of each frame leaves out {int(whole.of(0).sum())} pixels of the first"
    return MaskChoice(whole, note, tuple(cautions))


def not_used(paths: list[str], why: str) -> str:
    """Return the caution that masks were found and not used."""
    names = ", ".join(sorted(paths)[:MOST_TOLD])
    more = f" and {len(paths) - MOST_TOLD} more" if len(paths) > MOST_TOLD else ""
    head = "the mask" if len(paths) == 1 else "the masks"
    verb = "was" if len(paths) == 1 else "were"
    return f"{head} {names}{more} {verb} found and not used, because {why}"


def belonging(fits: dict[Found, FrameMask], image: Image) -> list[Found]:
    """Return the masks that belong to the image; none if that cannot be told.

    Those of its detector, beside it and above it count together, as NeXus wants it of several.
    """
    named = [found for found in fits if found.channel and _names(found.channel, image.words)]
    masks = [found for found in fits if not named or not found.channel or found in named]

    def of_one_owner(some: Iterable[Found]) -> list[Found]:
        some = list(some)
        alike = all(same(fits[some[0]], fits[found]) for found in some)
        return some if alike or len({found.owner for found in some}) == 1 else []

    own = [
        found
        for found in masks
        if (found.owner == image.home if found.detector else image.beside_or_below(found.group))
    ]
    others = [found for found in masks if found not in own and not (found.detector and image.home)]
    near = [found for found in others if image.shares_entry(found.path)]
    detectors = [found for found in near if found.detector]
    called = [found for found in detectors if PurePosixPath(found.owner).name in image.words]
    own += of_one_owner(called or detectors)
    return own or of_one_owner(near) or of_one_owner(others)


def _names(channel: str, words: set[str]) -> bool:
    """Whether the image's path names a channel, such as ``threshold_1`` of ``threshold_1_channel``."""
    stem = PurePosixPath(channel).name.removesuffix("_channel").removeprefix("channel_")
    return any(stem in word for word in words)


def same(one: FrameMask | None, other: FrameMask | None) -> bool:
    """Whether two masks are known to ignore the same."""
    if one is None or other is None:
        return False
    return one is other or (
        one.each is None and other.each is None and np.array_equal(one.common, other.common)
    )


def joined(masks: list[FrameMask]) -> FrameMask:
    """Return what any of several masks ignores."""
    common = np.any([mask.common for mask in masks], axis=0)
    varying = [mask.each for mask in masks if mask.each is not None]
    if not varying:
        return FrameMask(common)
    return FrameMask(common, lambda number: np.any([each(number) for each in varying], axis=0))


def fit(tree: Hdf5Tree, found: Found, frames: int, shape: Shape, *, cxi: bool) -> FrameMask | str:
    """Return a mask in the shape of the frames, or why it is not used; empty for what is none."""
    if found.path in tree.missing:
        return f"the file {tree.missing[found.path]} that it lies in is missing"
    data = pixels_of(tree.node(found.path), tree)
    if len(data.shape) < 2 or data.dtype.kind not in "buif":
        return ""
    if not A_MASK.match(found.name):
        return "its name does not say what it marks"
    one = partial(bad_pixels, nexus=found.name.lower().startswith("pixel_mask"), cxi=cxi)
    return fitted(data, frames, shape, one, partial(read_one, tree.path, found.path, shape, one))


def read_one(file: Path, path: str, shape: Shape, meaning: Any, number: int | slice) -> BoolArray:
    """Read the mask of one frame.

    Raises
    ------
    SciMLError
        If it is not there or not readable.
    """
    tree = Hdf5Tree(file)
    try:
        flags: BoolArray = meaning(np.asarray(pixels_of(tree.node(path), tree)[number])).reshape(shape)
        return flags
    except OSError as error:
        raise SciMLError(
            f"The mask {path} of {file.name} could not be read ({error})", "leave it out"
        ) from error
    finally:
        tree.close()
