"""The sample of GISAXS: a film of nanoparticles that orders while it dries, 24 frames made when looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.fingerprint import made_from
from napari_sciml.core.lazy_array import FrameArray, Within
from napari_sciml.core.made_on_demand import Making
from napari_sciml.core.source import ImageSource

if TYPE_CHECKING:
    from napari_sciml.core.findings import Findings
    from napari_sciml.techniques.gisaxs.simulate import GisaxsSpec

NAME = "GISAXS series"
FRAMES = 24
"""Frames of the sample, from wet to dry."""
SEED = 11
"""The sample is the same on every machine."""
SIZE_PX = 200
"""Rows and columns of a frame."""
QY_RANGE = (-0.8, 0.8)
"""What the frames cover in the plane of the film, in 1/nm."""
QZ_RANGE = (0.0, 0.8)
"""What the frames cover along the normal of the film, in 1/nm."""
ENERGY_KEV = 10.0
"""Energy of the beam in keV."""
INCIDENCE_DEG = 0.18
"""Angle of incidence in degrees, above the critical angles of film and substrate."""
PEAK_COUNTS = 2.0**16
"""Mean counts of the brightest pixel of a frame."""
NOT_MEASURED = -1
"""In the gap between two modules and behind the beamstop, as photon-counting detectors write it."""

FRAME_S = 0.2
"""Seconds for a frame, on the machine that `core.run_rate` compares with."""

ORDERED, TURNED, SWITCHED, SETTLED = 4, 11, 17, 19
"""First frame with crystals, first one of FCC111, of its change to BCC100, and of BCC100 alone."""


def gisaxs_series() -> ImageSource:
    """Return the series as an image whose frames are simulated when they are read; it states its q ranges."""
    return ImageSource(
        SimulatedSeries(),
        ("t", "y", "x"),
        name=NAME,
        fingerprint=made_from(SimulatedSeries, SEED),
        known={
            "qy_range": QY_RANGE,
            "qz_range": QZ_RANGE,
            "energy_kev": ENERGY_KEV,
            "incidence_deg": INCIDENCE_DEG,
        },
    )


def truth() -> pd.DataFrame:
    """Return what each frame shows: ``frame, lattice, state``; the lattice is empty where there is none."""
    rows = []
    for number in range(FRAMES):
        if number < ORDERED:
            rows.append((number, "", "disordered"))
        elif number < TURNED:
            rows.append((number, "HCP", "stacking faults come in" if faults(number) > 0.1 else "ordered"))
        elif number < SWITCHED:
            rows.append((number, "FCC111", "stacking faults go" if faults(number) > 0.1 else "ordered"))
        elif number < SETTLED:
            rows.append((number, "", "FCC111 and BCC100 side by side"))
        else:
            rows.append((number, "BCC100", "ordered"))
    return pd.DataFrame(rows, columns=["frame", "lattice", "state"])


class SimulatedSeries(FrameArray):
    """The pixels, array-like ``(24, 200, 200)`` int32 counts; a frame is made when it is asked for."""

    shape = (FRAMES, SIZE_PX, SIZE_PX)
    dtype = np.dtype(np.int32)

    def __init__(self) -> None:
        self.making = Making(make_frame, FRAMES, FRAMES, "GISAXS frame", FRAME_S)

    def __reduce__(self) -> tuple[Any, ...]:
        # The recipe travels, not what was made of it.
        return type(self), ()

    def read(self, number: int, within: Within) -> npt.NDArray[np.int32]:
        """Return a part of one frame."""
        if not -FRAMES <= number < FRAMES:
            raise IndexError(f"frame {number} of {FRAMES}")
        return np.asarray(self.making(number % FRAMES)[within])


def make_frame(number: int) -> npt.NDArray[np.int32]:
    """Simulate one frame; the same number gives the same counts, whatever was simulated before."""
    from napari_sciml.techniques.gisaxs.simulate import simulate
    from napari_sciml.techniques.gisaxs.simulate.detector import count

    mean = np.zeros((SIZE_PX, SIZE_PX), np.float32)
    for lattice, share in shares(number).items():
        # The same grains in every frame: what changes between frames is the film, not the dice.
        pattern = simulate(film(number, lattice), np.random.default_rng([SEED, 0]))
        mean += share * pattern.image
    counts = count(mean, PEAK_COUNTS, np.random.default_rng([SEED, 1, number]))
    return np.where(pattern.dead, NOT_MEASURED, counts).astype(np.int32)


def shares(number: int) -> dict[str, float]:
    """Return the lattices of a frame and how much of the film they take."""
    if number < TURNED:
        return {"HCP": 1.0}
    if number < SWITCHED:
        return {"FCC111": 1.0}
    if number < SETTLED:
        turned = (number - SWITCHED + 1) / (SETTLED - SWITCHED + 1)
        return {"FCC111": 1 - turned, "BCC100": turned}
    return {"BCC100": 1.0}


def faults(number: int) -> float:
    """Return the probability of a stacking fault: HCP turns into FCC111 by ever more of them."""
    away = number - TURNED + 0.5
    return float(np.clip(0.5 - 0.13 * abs(away), 0.0, 0.5)) if ORDERED <= number < SWITCHED else 0.0


def film(number: int, lattice: str) -> GisaxsSpec:
    """Return what is simulated in a frame: particles draw together, and order grows from frame to frame."""
    from napari_sciml.techniques.gisaxs.simulate import GisaxsSpec

    dried = number / (FRAMES - 1)
    gathered = min(number / ORDERED, 1.0)
    order = float(np.clip((number - ORDERED + 1) / 4, 0.0, 1.0))
    loose = number < ORDERED
    return GisaxsSpec.model_validate(
        {
            "lattice": lattice,
            "spacing_nm": 27.0 - 3.0 * dried,
            "radius_nm": 10.0,
            "size_spread": 0.05,
            "displacement": 0.3 - 0.2 * gathered if loose else 0.07 - 0.04 * order,
            "mismatch": 0.25 - 0.18 * gathered if loose else 0.0,
            "disordered": 0.9 - 0.4 * gathered if loose else 0.4 - 0.3 * order,
            "width": 3.0 + 3.0 * gathered + 3.0 * order,
            "layers": 2.0 + 2.0 * gathered + 2.0 * order,
            "faults": faults(number),
            "mosaic_deg": 0.4,
            "grains": 6,
            "flat": 2e-7,
            "energy_kev": ENERGY_KEV,
            "incidence_deg": INCIDENCE_DEG,
            "qy_range": QY_RANGE,
            "qz_range": QZ_RANGE,
            "rows": SIZE_PX,
            "columns": SIZE_PX,
            "row_gaps": (0.42,),
            "gap_px": 4,
            "beamstop_nm": 0.03,
        }
    )


def write_series(path: str) -> None:
    """Write the series as a NumPy file; the q ranges then have to be given to whoever opens it."""
    from napari_sciml.io.saving.atomic import replacing

    with replacing(path) as draft, draft.open("wb") as file:
        np.save(file, np.asarray(gisaxs_series().data))


def compare_truth(findings: Findings) -> str:
    """Compare the labels with the lattices of the series."""
    table = findings.table.merge(truth(), on="frame")
    one = table[table["lattice"] != ""]
    none = table[table["lattice"] == ""]
    right = int(((one["label"] == one["lattice"]) & ~one["unknown"]).sum())
    return (
        f"Against the known truth: {right} of {len(one)} frames with one lattice named right, "
        f"{int(one['unknown'].sum())} called unknown; of {len(none)} frames with none or two, "
        f"{int(none['unknown'].sum())} called unknown."
    )


if __name__ == "__main__":
    import sys

    write_series(sys.argv[1])
