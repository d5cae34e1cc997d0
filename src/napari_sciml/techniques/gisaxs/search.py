"""`LatticeSearch`: every frame of a source, named and explained."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.backends import Predictor
from napari_sciml.core.frames import frame_count, frame_shape, raw_frame
from napari_sciml.core.image_loop import Search
from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.core.source import ImageSource
from napari_sciml.techniques.gisaxs.axes.q_image import QImage
from napari_sciml.techniques.gisaxs.prepare import Reader
from napari_sciml.techniques.gisaxs.refraction import wavenumber
from napari_sciml.techniques.gisaxs.upright import DOUBTED_STEP, SURE_STEP, horizon_step

MARKER_SHARE = 0.03
"""Diameter of a marker over the shorter edge of a frame, at least 5 px."""
FALSE_LATTICES = "hipgisaxs"


class LatticeSearch(Search):
    """Looks at the frames of a source one after the other.

    Attributes
    ----------
    probabilities
        Those of the seven classes, by frame.
    upside_down
        Frames that show a film standing on its head.
    spots, explained, features, feature_lines
        Rows of the tables, see `tables`; one part for each frame.
    notes
        What a reader of the results should know.
    """

    def __init__(
        self, source: ImageSource, reader: Reader, predictor: Predictor, *, explore: bool = False
    ) -> None:
        super().__init__(source.name, frame_count(source))
        self._source = source
        self._reader = reader
        self._predictor = predictor
        self._explore = explore
        self._left_out = self._caution = ""
        # The faulty lattices of that program, stretched besides, have no spots that could be predicted.
        self._explains = predictor.model.card["training"].get("protocol") != FALSE_LATTICES
        self.upside_down: list[int] = []
        self.probabilities: dict[int, npt.NDArray[np.float32]] = {}
        self.spots: list[pd.DataFrame] = []
        self.explained: list[pd.DataFrame] = []
        self.features: list[pd.DataFrame] = []
        self.feature_lines: list[pd.DataFrame] = []

    @property
    def marker_px(self) -> float:
        """Size of a spot's marker in pixels of the frame."""
        return max(5.0, MARKER_SHARE * min(frame_shape(self._source)))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the results should know."""
        faulty = "" if self._explains else "this model's lattices are stretched, so no spots are predicted"
        return tuple(note for note in (self._left_out, faulty) if note)

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a person should be told of the pixels that were left out."""
        told = [self._caution] if self._caution else []
        if count := len(self.upside_down):
            which = f"Frame {self.upside_down[0]} shows" if count == 1 else f"{count} frames show"
            told.append(
                f"{which} the horizon of a film that stands on its head, and no lattice is named: give "
                "qz_range with the larger number first if row 0 is the lowest q_z, or turn the image."
            )
        return tuple(told)

    def run(self, cancel: CancelToken) -> Generator[Progress, None, None]:
        """Look at frame after frame, yielding after each.

        Raises
        ------
        SciMLError
            If not one frame could be used.
        """
        yield from self.each(range(self.total), self.look, cancel)

    def look(self, number: int) -> Iterator[None]:
        """Name and explain one frame, yielding when it is done."""
        image, account = self._reader.look(raw_frame(self._source, number), number)
        self._left_out = self._left_out or account.sentence
        self._caution = self._caution or account.caution
        square = self._reader.square(image)
        model = self._predictor.model
        probabilities = self._predictor.classify(model.normalise(square[np.newaxis]))[0]
        self.probabilities[number] = probabilities
        if self._on_its_head(square, float(probabilities.max())):
            self.upside_down.append(number)
        if self._explains:
            self._explain(number, image, model.classes[int(probabilities.argmax())])
        if self._explore:
            self._find_features(number, image)
        yield

    def _on_its_head(self, square: npt.NDArray[np.float32], sureness: float) -> bool:
        """Whether a film stands on its head, by its horizon and, in doubt, by the network."""
        step = horizon_step(square)
        if step > DOUBTED_STEP:
            return False
        turned = self._predictor.model.normalise(square[np.newaxis, ::-1])
        return step < SURE_STEP or float(self._predictor.classify(turned).max()) > sureness

    def _explain(self, number: int, image: QImage, label: str) -> None:
        from napari_sciml.techniques.gisaxs.lattices.explain import fit_spots

        axes = self._reader.axes
        energy, angle = axes.energy_kev, axes.incidence_deg
        horizon = None
        if energy is not None and angle is not None:
            horizon = wavenumber(energy) * math.sin(math.radians(angle))
        found = fit_spots(image, label, horizon)
        spots = found.spots.copy()
        row, column = axes.to_pixel(spots["q_y"].to_numpy(float), spots["q_z"].to_numpy(float))
        spots = spots.assign(
            frame=number,
            y=row,
            x=column,
            label=label,
            score=np.clip(spots["contrast"].to_numpy(float) / 20, 0, 1),
        )
        spots = spots[np.isfinite(row) & np.isfinite(column)]
        self.spots.append(spots)
        # Without q ranges there is a picture, but no unit in which a distance could be given.
        unit = math.nan if axes.relative else 1.0
        sine = math.nan if energy is None else unit * found.horizon / wavenumber(energy)
        self.explained.append(
            pd.DataFrame(
                {
                    "frame": [number],
                    "label": [label],
                    "spacing_nm": [unit * found.spacing_nm],
                    "spacing_low": [unit * found.spacing_low],
                    "spacing_high": [unit * found.spacing_high],
                    "horizon": [unit * found.horizon],
                    "incidence_deg": [math.degrees(math.asin(sine)) if abs(sine) < 1 else math.nan],
                    "found": [int(spots["found"].sum())],
                    "predicted": [len(spots)],
                    "agreement": [found.agreement],
                }
            )
        )

    def _find_features(self, number: int, image: QImage) -> None:
        from napari_sciml.techniques.gisaxs.features import find_features, outline

        features = find_features(image).reset_index(drop=True)
        row, column = self._reader.axes.to_pixel(
            features["q_y"].to_numpy(float), features["q_z"].to_numpy(float)
        )
        first = sum(len(part) for part in self.features)
        self.features.append(features.assign(frame=number, y=row, x=column))
        for index, feature in features.iterrows():
            if feature["kind"] == "peak":
                continue
            y, x = self._reader.axes.to_pixel(*outline(dict(feature)))
            seen = np.isfinite(y) & np.isfinite(x)
            line = pd.DataFrame({"frame": number, "feature": first + int(str(index)), "y": y, "x": x})
            if seen.sum() > 1:
                self.feature_lines.append(line[seen])
