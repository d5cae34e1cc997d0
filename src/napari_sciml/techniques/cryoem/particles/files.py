"""`read_particle_star`: a table of particles and the images it points to, read when they are looked at."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.lazy_array import FrameArray, Within
from napari_sciml.io.formats.mrc import open_mrc
from napari_sciml.io.formats.mrc_header import read_header
from napari_sciml.io.picks.tables import numbers
from napari_sciml.io.star import read_star, table_with, with_optics
from napari_sciml.techniques.cryoem.optics.ctf import Ctf
from napari_sciml.techniques.cryoem.optics.ctf_files import (
    DEFOCUS,
    OPTICS,
    ctf_numbers,
    pixel_size_of,
    to_ctf,
)

IMAGE = "rlnImageName"
ANGLES = ("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")


@dataclass(frozen=True, eq=False)
class ParticleStack:
    """Particles as a STAR file describes them, in its order.

    Attributes
    ----------
    images
        Array-like ``(n, h, w)``; images are read when they are indexed.
    table
        All columns of the file, with those of the optics groups.
    angles_deg
        ``(n, 3)``: rot, tilt, psi; NaN where the file says nothing.
    shifts_px
        ``(n, 2)``: where the particle's centre lies off the box's, y and x, in pixels of the images.
    pixel_size_A
        Edge of a pixel of the images, or None if nobody said.
    ctfs
        The CTF of each particle, or None if the file does not describe it.
    """

    images: ParticleImages
    table: pd.DataFrame
    angles_deg: npt.NDArray[np.float64]
    shifts_px: npt.NDArray[np.float64]
    pixel_size_A: float | None
    ctfs: list[Ctf] | None


def read_particle_star(path: str | os.PathLike[str]) -> ParticleStack:
    """Read a STAR file of particles, RELION 3.0 or 3.1, and find their image files.

    Raises
    ------
    SciMLError
        If it lacks image names, an image file is missing or differs in size, or has fewer images than the
        table names.
    """
    file = Path(path)
    blocks = read_star(file)
    table = with_optics(table_with(blocks, (IMAGE,), file), blocks)
    images = ParticleImages([str(name) for name in table[IMAGE]], file)
    none = np.full(len(table), np.nan)
    angles = [numbers(table[name], name, file) if name in table else none for name in ANGLES]
    pixel = pixel_size_of(table, file)
    described = {*DEFOCUS, *OPTICS} <= set(table.columns)
    ctfs = [to_ctf(row) for _, row in ctf_numbers(table, file).iterrows()] if described else None
    return ParticleStack(images, table, np.stack(angles, 1), _shifts(table, pixel, file), pixel, ctfs)


def _shifts(table: pd.DataFrame, pixel: float | None, path: Path) -> npt.NDArray[np.float64]:
    """Return the shifts of RELION 3.1 (Angstrom) or 3.0 (pixels), which point the other way."""
    for names, factor in (
        (("rlnOriginYAngst", "rlnOriginXAngst"), None if pixel is None else 1 / pixel),
        (("rlnOriginY", "rlnOriginX"), 1.0),
    ):
        if set(names) <= set(table.columns):
            values = np.stack([numbers(table[name], name, path) for name in names], 1)
            if factor is None and values.any():
                raise SciMLError(f"{path} gives shifts in Å but no pixel size", "add rlnImagePixelSize")
            return -values * (factor or 0.0) + 0.0
    return np.zeros((len(table), 2))


class ParticleImages(FrameArray):
    """Images named ``000003@stack.mrcs`` as an array ``(n, h, w)``; numbers count from 1.

    Names are looked up beside the STAR file, then in the folders above it: RELION names them from the
    folder of the project.
    """

    def __init__(self, names: Sequence[str], star: Path) -> None:
        if not names:
            raise SciMLError(f"{star} holds no particles", "choose another file")
        places = [split_name(name, star) for name in names]
        self._files: dict[str, Path] = {}
        needed: dict[str, int] = {}
        for number, file in places:
            needed[file] = max(needed.get(file, 0), number + 1)
        shapes: dict[str, tuple[int, ...]] = {}
        for file, count in needed.items():
            self._files[file] = find_file(file, star)
            header = read_header(self._files[file])
            shapes[file] = header.shape[-2:]
            there = header.shape[0] if len(header.shape) == 3 else 1
            if there < count:
                raise SciMLError(
                    f"{star} names image {count} of {file}, which has {there}",
                    "the stack may be cut short, or belong to another table",
                )
        self._places = places
        usual = shapes[places[0][1]]
        odd = next((file for file, shape in shapes.items() if shape != usual), None)
        if odd is not None:
            raise SciMLError(
                f"The images of {odd} have {shapes[odd][0]} x {shapes[odd][1]} px, those of {places[0][1]} "
                f"{usual[0]} x {usual[1]}",
                "choose particles of one box size",
            )
        self.shape = (len(places), usual[0], usual[1])
        self.dtype = np.dtype(np.float32)

    def read(self, number: int, within: Within) -> npt.NDArray[Any]:
        """Return a part of one image."""
        inside, file = self._places[number]
        # Opened anew: projects have thousands of stacks, which cannot all be kept open.
        stack = open_mrc(self._files[file]).data
        image = stack[inside] if len(stack.shape) == 3 else stack
        return np.asarray(image[within], dtype=self.dtype)


def split_name(name: str, star: Path) -> tuple[int, str]:
    """Split ``000003@stack.mrcs`` into the number, counted from 0, and the file; a bare file is its first."""
    number, mark, file = name.rpartition("@")
    if not mark:
        return 0, file
    if not number.isdigit() or int(number) < 1:
        raise SciMLError(f"{star} names the image {name}", "names look like 000001@stack.mrcs, from 1 on")
    return int(number) - 1, file


def find_file(name: str, star: Path) -> Path:
    """Find an image file that a STAR file names.

    Raises
    ------
    SciMLError
        If it is nowhere.
    """
    home = star.absolute().parent
    for folder in (home, *home.parents):
        if (folder / name).is_file():
            return folder / name
    beside = home / Path(name.replace("\\", "/")).name
    if beside.is_file():
        return beside
    raise SciMLError(
        f"{star} names {name}, which is neither beside it nor in the folders above", "put it beside the file"
    )
