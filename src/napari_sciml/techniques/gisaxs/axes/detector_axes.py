"""Axes of a detector frame: pyFAI says where its pixels lie in q and brings it onto even axes."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.errors import SciMLError
from napari_sciml.techniques.gisaxs.axes.q_image import Floats, QImage

MOST_POINTS = 400
"""Points of an even axis at the most: bounds memory, and is four times finer than the network's square."""
COARSENING = 1.5
"""Least edge of a point of the even axes in pixels. Above the square root of two no point misses every
pixel's centre, however the detector is turned, so that holes are holes of the detector."""
NODES = 33
"""Places along each edge of the detector from which the search for a pixel starts, at the nearest one."""
STEPS = 12
"""Newton steps towards the pixel that sees a place in q; what misses by more than `CLOSE_PX` after them lies
outside."""
CLOSE_PX = 1e-3
"""Pixels by which the found place may miss; what misses by more lies outside the detector."""
SLACK = 0.05
"""A range may reach past what the frame covers by this share of its length, as rounded numbers do."""

Pair = tuple[float, float]


@dataclass(frozen=True)
class Extent:
    """The part of q that a frame covers, and the coarsest step from pixel to pixel in it; 1/nm."""

    qy: Pair
    qz: Pair
    qy_step: float
    qz_step: float


class DetectorAxes:
    """The way between the pixels of a detector frame and q.

    Parameters
    ----------
    integrator
        pyFAI's `FiberIntegrator` with its wavelength and a detector of the frame's shape.
    shape
        Rows and columns of a frame. The sample's surface is level in the picture, row 0 is up.
    incidence_deg
        Angle between beam and surface.
    qy_range, qz_range
        The part to look at, 1/nm; None for all that the frame covers above q_z = 0.
    origin
        Where the geometry is from, for the record.
    half_plane
        Look at q_y >= 0 only, unless a range says otherwise.

    Raises
    ------
    SciMLError
        If the frame shows nothing above the sample's horizon, or the part to look at is not in it.
    """

    def __init__(
        self,
        integrator: Any,
        shape: tuple[int, int],
        incidence_deg: float,
        qy_range: Pair | None = None,
        qz_range: Pair | None = None,
        origin: str = "the geometry given",
        *,
        half_plane: bool = False,
    ) -> None:
        self._integrator = integrator
        self.shape = shape
        self._incidence_deg = incidence_deg
        self._origin = origin
        # pyFAI keeps what it computed in the integrator, and lets nobody else wait for it.
        self._lock = threading.Lock()
        self._orientation = orientation_of(integrator, shape)
        self.extent = self._covered()
        self._check_horizon()
        qy, qz = self.extent.qy, self.extent.qz
        if half_plane:
            qy_range = qy_range or within("q_y", (0.0, max(qy[1], 0.0)), qy)
        self.qy_range = qy if qy_range is None else within("q_y", qy_range, qy)
        self.qz_range = (max(qz[0], 0.0), qz[1]) if qz_range is None else within("q_z", qz_range, qz)
        self._points = (
            points(self.qz_range, self.extent.qz_step),
            points(self.qy_range, self.extent.qy_step),
        )

    relative = False
    """A geometry has units."""

    @property
    def energy_kev(self) -> float | None:
        """Energy of the beam."""
        from napari_sciml.techniques.gisaxs.axes.pyfai_geometry import energy_of

        return energy_of(self._integrator)

    @property
    def incidence_deg(self) -> float | None:
        """Angle between beam and surface."""
        return self._incidence_deg

    @property
    def sentence(self) -> str:
        """How the axes were obtained, with the ranges."""
        rows, columns = self._points
        return (
            f"q_y {self.qy_range[0]:.4g} to {self.qy_range[1]:.4g}, q_z {self.qz_range[0]:.4g} to "
            f"{self.qz_range[1]:.4g} 1/nm in {columns} x {rows} points by pyFAI from {self._origin} "
            f"({self.energy_kev:.4g} keV, incidence {self._incidence_deg:g} degrees)"
        )

    def to_q(self, values: npt.NDArray[np.float32]) -> QImage:
        """Bring a frame ``(rows, columns)``, NaN where nothing was measured, onto even q axes.

        A point is the mean of the pixels whose centres fall into it; where there are none it is NaN.
        """
        if values.shape != self.shape:
            raise ValueError(f"a frame of {values.shape} pixels with axes for {self.shape}")
        dead = np.isnan(values)
        rows, columns = self._points
        with self._lock:
            result = self._integrator.integrate2d_grazing_incidence(
                np.where(dead, np.float32(0), values),
                npt_ip=columns,
                npt_oop=rows,
                # q_y, not the in-plane length: the networks know pictures of detectors, where the rod at
                # q_y = 0 is a line and no wedge is missing.
                unit_ip="qxgi_nm^-1",
                unit_oop="qygi_nm^-1",
                ip_range=self.qy_range,
                oop_range=self.qz_range,
                incident_angle=math.radians(self._incidence_deg),
                tilt_angle=0.0,
                sample_orientation=self._orientation,
                mask=dead.astype(np.int8),
                correctSolidAngle=False,
                method=("no", "histogram", "cython"),
            )
        image = np.where(result.count > 0, result.intensity, np.nan).astype(np.float32)
        return QImage(image[::-1], centres(self.qy_range, columns), centres(self.qz_range, rows)[::-1])

    def to_pixel(self, qy: Floats, qz: Floats) -> tuple[Floats, Floats]:
        """Return row and column in the frame for places in q (1/nm); NaN outside of the frame.

        Newton's method, from the nearest of some places spread over the frame.
        """
        from scipy.spatial import cKDTree

        wanted = np.broadcast_arrays(np.asarray(qy, float), np.asarray(qz, float))
        shape = wanted[0].shape
        target = np.stack([part.ravel() for part in wanted])
        known = np.isfinite(target).all(0)
        scale = np.array([[self.extent.qy_step], [self.extent.qz_step]])
        nodes = np.stack(self._nodes())
        tree = cKDTree((np.stack(self.to_place(*nodes)) / scale).T)
        place = nodes[:, tree.query((np.where(known, target, 0) / scale).T)[1]]
        rows, columns = self.shape
        low, high = np.array([[-rows], [-columns]]), np.array([[2 * rows], [2 * columns]])
        for _ in range(STEPS):
            here = np.stack(self.to_place(*place))
            down = (np.stack(self.to_place(place[0] + 0.5, place[1])) - here) / 0.5
            right = (np.stack(self.to_place(place[0], place[1] + 0.5)) - here) / 0.5
            missing = target - here
            cross = down[0] * right[1] - down[1] * right[0]
            cross = np.where(np.abs(cross) < 1e-30, np.nan, cross)
            step = np.stack(
                [
                    (missing[0] * right[1] - missing[1] * right[0]) / cross,
                    (down[0] * missing[1] - down[1] * missing[0]) / cross,
                ]
            )
            place = np.clip(place + np.nan_to_num(step), low, high)
        miss = np.abs((np.stack(self.to_place(*place)) - target) / scale).max(0)
        inside = known & (miss < CLOSE_PX)
        for part, length in zip(place, self.shape, strict=True):
            inside &= (part > -0.5) & (part < length - 0.5)
        row, column = np.where(inside, place, np.nan)
        return row.reshape(shape), column.reshape(shape)

    def to_place(self, row: Floats, column: Floats) -> tuple[Floats, Floats]:
        """Return q_y and q_z (1/nm) of places ``(n,)`` in the frame; whole numbers are centres of pixels."""
        from pyFAI.units import eq_qhorz, eq_qvert

        z, y, x = self._integrator.calc_pos_zyx(
            d1=np.ascontiguousarray(row, float), d2=np.ascontiguousarray(column, float)
        )
        given = {
            "wavelength": self._integrator.wavelength,
            "incident_angle": math.radians(self._incidence_deg),
            "tilt_angle": 0.0,
            "sample_orientation": self._orientation,
        }
        return eq_qhorz(x, y, z, **given), eq_qvert(x, y, z, **given)

    def _nodes(self) -> tuple[Floats, Floats]:
        """Return rows and columns of places spread over the frame, its outer edges included."""
        down, right = (np.linspace(-0.5, length - 0.5, NODES) for length in self.shape)
        row, column = np.meshgrid(down, right, indexing="ij")
        return row.ravel(), column.ravel()

    def _covered(self) -> Extent:
        row, column = self._nodes()
        qy, qz = self.to_place(row, column)
        steps = [
            [np.abs(ahead - here).max() for ahead, here in zip(self.to_place(*moved), (qy, qz), strict=True)]
            for moved in ((row + 1, column), (row, column + 1))
        ]
        return Extent(
            (float(qy.min()), float(qy.max())),
            (float(qz.min()), float(qz.max())),
            float(max(steps[0][0], steps[1][0])),
            float(max(steps[0][1], steps[1][1])),
        )

    def _check_horizon(self) -> None:
        """Raise `SciMLError` unless a good part of the frame lies above the sample's horizon."""
        wavelength_nm = self._integrator.wavelength * 1e9
        horizon = 2 * math.pi / wavelength_nm * math.sin(math.radians(self._incidence_deg))
        low, high = self.extent.qz
        if high - horizon < (high - low) / 5:
            raise SciMLError(
                f"By this geometry most of the frame lies below the sample's horizon (q_z {low:.3g} to "
                f"{high:.3g} 1/nm)",
                "rows are counted from the top of the picture, so check the row of the beam, or whether the "
                "picture is upside down",
            )


def orientation_of(integrator: Any, shape: tuple[int, int]) -> int:
    """Return pyFAI's number for how the sample stands, such that q_z rises upwards and q_y to the right.

    It depends on how the detector's pixels are counted, and on a quarter turn of the detector.
    """
    row, column = (shape[0] - 1) / 2, (shape[1] - 1) / 2
    places = np.array([[row, column], [row - 1, column], [row, column + 1]])
    _, y, x = integrator.calc_pos_zyx(d1=places[:, 0].copy(), d2=places[:, 1].copy())
    up = x[1] - x[0], y[1] - y[0]
    right = x[2] - x[0], y[2] - y[0]
    if abs(up[1]) >= abs(up[0]):
        flips = right[0] > 0, up[1] > 0
        return {(True, True): 1, (False, True): 2, (False, False): 3, (True, False): 4}[flips]
    flips = right[1] > 0, up[0] > 0
    return {(False, False): 5, (False, True): 6, (True, True): 7, (True, False): 8}[flips]


def within(name: str, wanted: Pair, covered: Pair) -> Pair:
    """Check that a range lies in what the frame covers.

    Raises
    ------
    SciMLError
        If it does not.
    """
    slack = SLACK * (wanted[1] - wanted[0])
    if wanted[0] >= wanted[1] or wanted[0] < covered[0] - slack or wanted[1] > covered[1] + slack:
        raise SciMLError(
            f"The {name} range {wanted[0]:g} to {wanted[1]:g} 1/nm is not all in the frame, which covers "
            f"{covered[0]:.3g} to {covered[1]:.3g} 1/nm",
            "choose a part of that, or check the geometry",
        )
    return wanted


def points(extent: Pair, step: float) -> int:
    """Return the number of points of an axis."""
    return int(np.clip((extent[1] - extent[0]) / (COARSENING * step), 2, MOST_POINTS))


def centres(extent: Pair, count: int) -> Floats:
    """Return the centres of the points of an axis, rising."""
    return extent[0] + (np.arange(count) + 0.5) * (extent[1] - extent[0]) / count
