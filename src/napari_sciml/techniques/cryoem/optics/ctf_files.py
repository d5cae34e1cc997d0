"""What RELION wrote about microscope and particles: the CTF of each micrograph."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from napari_sciml.io.picks.micrograph_names import NOBODY, match_names
from napari_sciml.io.picks.rows import is_tiff
from napari_sciml.io.picks.tables import RLN_MICROGRAPH, numbers
from napari_sciml.io.star import read_star, table_with, with_optics
from napari_sciml.techniques.cryoem.optics.ctf import Ctf

DEFOCUS = ("rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle")
OPTICS = ("rlnVoltage", "rlnSphericalAberration", "rlnAmplitudeContrast")
FURTHER = {"rlnPhaseShift": 0.0, "rlnCtfBfactor": 0.0}
"""Columns that may be absent, and what that means."""


def read_ctfs(path: str | os.PathLike[str], micrograph_names: Sequence[str]) -> list[Ctf | None]:
    """Read the CTF of each micrograph from a STAR file, matched by the stems of the names.

    Parameters
    ----------
    path
        ``micrographs_ctf.star`` of RELION: 3.1 and later with an optics table, 3.0 without; or a file of
        particles, of which each micrograph gets the median.
    micrograph_names
        File names in the order of the frames.

    Returns
    -------
    list
        One for each name, None where the file says nothing about it. The smaller defocus may come first, as
        in the file.

    Raises
    ------
    SciMLError
        If it is no STAR file or lacks columns.
    """
    table = ctf_table(path, (RLN_MICROGRAPH, *DEFOCUS))
    own = [str(name) for name in table[RLN_MICROGRAPH]]
    ctfs = ctf_numbers(table, path)
    distinct = list(dict.fromkeys(own))
    medians = ctfs.groupby(np.array(own, dtype=object), sort=False).median()
    found = match_names(micrograph_names, distinct)
    rows = [to_ctf(row) for _, row in medians.iterrows()]
    ctfs_found = [None if number == NOBODY else rows[number] for number in found]
    # Angles are those of the rows as RELION counts them.
    return [
        replace(ctf, astigmatism_deg=-ctf.astigmatism_deg) if ctf is not None and is_tiff(name) else ctf
        for ctf, name in zip(ctfs_found, micrograph_names, strict=True)
    ]


def ctf_table(path: str | os.PathLike[str], needed: Sequence[str]) -> pd.DataFrame:
    """Return the table that describes CTFs, with the columns of its optics groups.

    Raises
    ------
    SciMLError
        If a column is missing; the sentence names it and those that are there.
    """
    blocks = read_star(path)
    table = with_optics(table_with(blocks, needed, path), blocks)
    return table_with({"": table}, (*needed, *OPTICS), path)


def ctf_numbers(table: pd.DataFrame, path: str | os.PathLike[str]) -> pd.DataFrame:
    """Return the numbers of the CTFs, row by row.

    Raises
    ------
    SciMLError
        If some are none.
    """
    columns = {name: numbers(table[name], name, Path(path)) for name in (*DEFOCUS, *OPTICS)}
    for name, usual in FURTHER.items():
        columns[name] = (
            numbers(table[name], name, Path(path)) if name in table else np.full(len(table), usual)
        )
    return pd.DataFrame(columns)


def to_ctf(row: pd.Series) -> Ctf:
    """Turn RELION's numbers of one micrograph or particle into a CTF."""
    return Ctf(
        defocus_u_A=float(row["rlnDefocusU"]),
        defocus_v_A=float(row["rlnDefocusV"]),
        astigmatism_deg=float(row["rlnDefocusAngle"]),
        voltage_kV=float(row["rlnVoltage"]),
        cs_mm=float(row["rlnSphericalAberration"]),
        amplitude_contrast=float(row["rlnAmplitudeContrast"]),
        phase_shift_deg=float(row["rlnPhaseShift"]),
        b_factor_A2=float(row["rlnCtfBfactor"]),
    )
