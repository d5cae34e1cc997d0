"""`SimulatedRun`: a stack of stills that are made one at a time when they are looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sciml.core.fingerprint import made_from
from napari_sciml.core.made_on_demand import Making
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.diffraction.simulate.artefacts import PAINTED, Canvas, paint
from napari_sciml.techniques.diffraction.simulate.background import (
    Backdrop,
    FieldArray,
    Polar,
    random_backdrop,
    scatter,
    transmission,
)
from napari_sciml.techniques.diffraction.simulate.crystals import FORMS, intensities
from napari_sciml.techniques.diffraction.simulate.detectors import Detector, make_detector, read_out
from napari_sciml.techniques.diffraction.simulate.frame import Frame, tabulate, truth_of
from napari_sciml.techniques.diffraction.simulate.spec import RunSpec
from napari_sciml.techniques.diffraction.simulate.still import (
    Beam,
    Crystal,
    DetectorGeometry,
    Spots,
    draw_spots,
    make_still,
    random_rotation,
)

KEPT = 4
"""So many frames are kept; a run reads each once."""
FRAME_S = 0.45
"""Seconds for a frame of 1920 x 1920 px, on the machine that `core.run_rate` compares with."""


class SimulatedRun:
    """A run of ``spec.frames`` stills, array-like ``(frames, h, w)`` int32; a seed decides every pixel.

    Parameters
    ----------
    spec
        What is simulated.
    seed
        The same spec and seed give the same bytes, in whatever order the frames are asked for.
    """

    dtype = np.dtype(np.int32)
    ndim = 3

    def __init__(self, spec: RunSpec, seed: int = 0) -> None:
        self.spec = spec
        self.seed = seed
        rng = np.random.default_rng([seed, 0])
        size = spec.size_px
        self.detector: Detector = make_detector(spec.detector, size, rng, spec.hot_pixels)
        self.geometry = DetectorGeometry(
            spec.distance_mm,
            spec.pixel_mm,
            (size / 2 + rng.normal(0, 0.012 * size), size / 2 + rng.normal(0, 0.012 * size)),
        )
        self.backdrop: Backdrop = random_backdrop(rng)
        if spec.level is not None:
            self.backdrop = Backdrop(**{**vars(self.backdrop), "level": spec.level})
        self.spot_px = float(rng.uniform(0.45, 0.9))
        self.frame_kinds = draw_kinds(spec, rng)
        cost = FRAME_S * (size / 1920) ** 2
        self.making = Making(self._make, spec.frames, KEPT, "diffraction frame", cost)
        self._fields: tuple[Polar, FieldArray] | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Frames, rows and columns."""
        return self.spec.frames, self.spec.size_px, self.spec.size_px

    def __reduce__(self) -> tuple[Any, ...]:
        # The recipe travels, not what was made of it.
        return type(self), (self.spec, self.seed)

    def __len__(self) -> int:
        return self.spec.frames

    def frame(self, number: int) -> Frame:
        """Make one frame; the last few are kept."""
        return self.making(int(number))

    def __getitem__(self, index: Any) -> npt.NDArray[np.int32]:
        first, *rest = index if isinstance(index, tuple) else (index,)
        if first is Ellipsis:
            first, rest = slice(None), [Ellipsis, *rest]
        if isinstance(first, slice):
            numbers = range(*first.indices(self.spec.frames))
            images = [self.frame(number).image for number in numbers]
            stack = np.stack(images) if images else np.empty((0, *self.shape[1:]), np.int32)
            return np.asarray(stack[(slice(None), *rest)])
        number = int(first)
        if not -self.spec.frames <= number < self.spec.frames:
            raise IndexError(f"frame {number} of {self.spec.frames}")
        return np.asarray(self.frame(number % self.spec.frames).image[tuple(rest)])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.asarray(self[:], dtype=dtype)

    def source(self, name: str = "simulated run") -> ImageSource:
        """Return the run as an image whose frames are made when they are read."""
        size = self.spec.pixel_mm * 1000
        return ImageSource(
            self,
            ("t", "y", "x"),
            (1.0, size, size),
            "um",
            name,
            fingerprint=made_from(type(self), self.spec, self.seed),
        )

    def _make(self, number: int) -> Frame:
        rng = np.random.default_rng([self.seed, 1, number])
        spec, detector, kind = self.spec, self.detector, self.frame_kinds[number]
        beam = Beam(spec.wavelength_A * (1 + rng.normal(0, 0.002)), spec.bandwidth)
        polar, open_ = self._geometry()
        brightness = rng.lognormal(0, 0.25) * {"over-bright": 30.0, "no beam": 0.02, "dark": 0.0}.get(
            kind, 1.0
        )
        canvas = Canvas.over(
            np.float32(brightness) * scatter(self.backdrop, beam, self.geometry, polar),
            polar,
            self.geometry,
            beam,
        )
        if kind == "artefact" or (kind == "crystal" and rng.random() < 0.5 * spec.artefact_share):
            for name in rng.choice(PAINTED, size=int(rng.integers(1, 3)), replace=False):
                paint(str(name), canvas, rng)
        spots = self._crystals(canvas, beam, rng) if kind == "crystal" else None
        canvas.photons *= open_
        levels = read_out(canvas.photons, detector, rng)
        image, lost = self._finish(levels, canvas, kind, rng)
        dead = detector.gap | lost | (open_ < 0.5)
        empty = Spots(*(np.empty(0) for _ in Spots.__dataclass_fields__))
        table = tabulate(spots or empty, canvas.photons, dead, detector.read / detector.adu)
        tiles = truth_of(table, self.shape[1:])
        return Frame(image, kind, table, tiles, canvas.marks)

    def _geometry(self) -> tuple[Polar, FieldArray]:
        if self._fields is None:
            polar = Polar.around(self.geometry.center, self.spec.size_px)
            self._fields = polar, transmission(self.backdrop, polar)
        return self._fields

    def _crystals(self, canvas: Canvas, beam: Beam, rng: np.random.Generator) -> Spots:
        spec, form = self.spec, FORMS[self.spec.crystal]
        found = []
        for _ in range(1 + int(rng.random() < spec.multiple_share)):
            # Volume times flux spreads over three decades and more.
            strength = spec.strength * canvas.noise * rng.lognormal(0, 1.3)
            crystal = Crystal(
                domain_A=float(rng.uniform(800, 8000)),
                mosaicity=spec.mosaicity * rng.lognormal(0, 0.3),
                b_factor_A2=spec.b_factor_A2 + rng.uniform(-10, 40),
                photons=strength,
                rotation=random_rotation(rng),
            )
            spots = make_still(form, intensities(form), crystal, beam, self.geometry, self.spot_px)
            near = (np.abs(spots.y - spec.size_px / 2) < spec.size_px / 2 + 10) & (
                np.abs(spots.x - spec.size_px / 2) < spec.size_px / 2 + 10
            )
            found.append(spots.take(np.flatnonzero(near & (spots.photons > 0.02 * canvas.noise))))
        spots = Spots(*(np.concatenate([getattr(f, n) for f in found]) for n in Spots.__dataclass_fields__))
        draw_spots(canvas.photons, spots, self.geometry.center)
        return spots

    def _finish(
        self, levels: FieldArray, canvas: Canvas, kind: str, rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
        """Add what happens after the light: zingers, hot pixels, gaps, a read-out that broke off."""
        detector, size = self.detector, self.spec.size_px
        for _ in range(int(rng.poisson(3))):
            y, x = rng.integers(2, size - 2, 2)
            tall = np.exp(rng.uniform(np.log(20), np.log(2e4))) * detector.adu
            for dy, dx in [(0, 0), (0, 1), (1, 0)][: int(rng.integers(1, 4))]:
                levels[y + dy, x + dx] += tall * rng.uniform(0.2, 1.0)
            canvas.mark("zinger", y, x)
        levels[detector.hot[:, 0], detector.hot[:, 1]] += detector.heat * rng.uniform(0.8, 1.2)
        canvas.mark("hot pixel", detector.hot[:, 0], detector.hot[:, 1])
        levels = np.rint(
            np.clip(levels + (10 if detector.family == "rayonix" else 0), -50, detector.kind.ceiling)
        )
        image = levels.astype(np.int32)
        if detector.kind.smoothed or detector.family in ("pilatus", "eiger"):
            np.maximum(image, 0, out=image)
        lost = np.zeros(image.shape, bool)
        if kind == "half-read":
            lost[int(rng.integers(size // 8, size)) :] = True
        if detector.family == "rayonix":
            lost[[0, -1]] = lost[:, [0, -1]] = True
            if self.backdrop.stop_light == 0:
                lost |= canvas.polar.radius < self.backdrop.stop_px
            image[lost] = 0
            if rng.random() < 0.3:
                image[0, rng.integers(size, size=3)] = rng.integers(0, 40_000, 3)
        image[lost & (image > 0) & (kind == "half-read")] = 0
        image[detector.gap] = detector.kind.gap_value
        if detector.gap.any():
            edge = detector.gap.copy()
            edge[1:] |= detector.gap[:-1]
            edge[:-1] |= detector.gap[1:]
            edge[:, 1:] |= detector.gap[:, :-1]
            edge[:, :-1] |= detector.gap[:, 1:]
            canvas.mark_where("gap edge", edge & ~detector.gap)
            if rng.random() < 0.5:
                # Pixels beside a gap often read too much.
                bright = np.flatnonzero(edge & ~detector.gap & (rng.random(edge.shape, np.float32) < 0.001))
                image.ravel()[bright] += (image.ravel()[bright] * rng.uniform(0.5, 6)).astype(np.int32)
        canvas.mark_where("beamstop edge", np.abs(canvas.polar.radius - self.backdrop.stop_px) < 4)
        border = np.zeros(image.shape, bool)
        border[[0, -1]] = border[:, [0, -1]] = True
        canvas.mark_where("frame edge", border)
        return image, lost


def draw_kinds(spec: RunSpec, rng: np.random.Generator) -> list[str]:
    """Draw what happens in each shot."""
    bad = spec.bad_share * (1 - spec.hit_share)
    artefact = spec.artefact_share * (1 - spec.hit_share - bad)
    blank = max(0.0, 1 - spec.hit_share - bad - artefact)
    shares = {"crystal": spec.hit_share, "blank": blank, "artefact": artefact}
    shares |= dict.fromkeys(("dark", "half-read", "over-bright", "no beam"), bad / 4)
    total = sum(shares.values())
    return [
        str(kind) for kind in rng.choice(list(shares), spec.frames, p=[s / total for s in shares.values()])
    ]
