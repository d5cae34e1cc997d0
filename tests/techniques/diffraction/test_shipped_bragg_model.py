"""The shipped Bragg model on fresh simulated stills of a crystal that it was never trained on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_sciml.backends import open_predictor
from napari_sciml.core.source import ImageSource
from napari_sciml.networks.registry import get_model
from napari_sciml.techniques.diffraction.frame_survey import survey_frames
from napari_sciml.techniques.diffraction.grid import BRAGG, NONE
from napari_sciml.techniques.diffraction.prepare import prepare
from napari_sciml.techniques.diffraction.search import FrameScorer
from napari_sciml.techniques.diffraction.simulate import RunSpec, SimulatedRun

THRESHOLD = 0.5


@pytest.fixture(scope="module")
def answers() -> dict[str, np.ndarray]:
    """Truth and scores; ``(frames, rows, columns)`` each."""
    found: dict[str, list[np.ndarray]] = {"truth": [], "scores": []}
    model = get_model("diffraction-bragg")
    scorer = FrameScorer(open_predictor(model), model.classes.index("bragg"))
    for seed, (detector, share) in enumerate([("rayonix", 1.0), ("cspad", 1.0), ("rayonix", 0.0)]):
        spec = RunSpec(
            frames=6,
            size_px=960,
            crystal="cyclophilin",
            detector=detector,
            pixel_mm=0.11 if detector == "cspad" else 0.1770833,
            hit_share=share,
            artefact_share=0.0,
            bad_share=0.0,
            strength=25,
            level=120,
        )
        run = SimulatedRun(spec, seed=70 + seed)
        hot = survey_frames(ImageSource.from_array(run[:]), None).hot
        for number in range(spec.frames):
            frame = run.frame(number)
            prepared = prepare(frame.image, hot)
            found["truth"].append(frame.tiles)
            found["scores"].append(scorer.score(prepared))
    return {name: np.stack(parts) for name, parts in found.items()}


def test_most_bragg_tiles_are_found_and_hardly_any_other(answers: dict[str, np.ndarray]) -> None:
    said = answers["scores"] >= THRESHOLD
    bragg, none = answers["truth"] == BRAGG, answers["truth"] == NONE
    assert bragg.sum() > 40
    assert said[bragg].mean() > 0.9
    assert said[none].mean() < 0.005


def test_blank_frames_are_no_hits(answers: dict[str, np.ndarray]) -> None:
    counts = (answers["scores"][-6:] >= THRESHOLD).sum(axis=(1, 2))
    assert (counts < 3).all()


def test_the_real_frame_is_a_hit_without_tuning(real_data: Callable[[str], Path]) -> None:
    import napari_sciml as sciml

    found = sciml.run("diffraction", next(real_data("diffraction").glob("*.h5")))
    assert found.table["hit"].tolist() == [True]
    # The brightest spot of the frame; the brightest pixel is junk in the border.
    spots = found.tables["spots"]
    brightest = spots.loc[spots["intensity"].idxmax()]
    assert abs(brightest["y"] - 810) < 1
    assert abs(brightest["x"] - 1021) < 1
    # Spots were seen between 4.1 and 12.2 Angstrom, within 240 px of the beam.
    away = np.hypot(spots["y"] - 960.4, spots["x"] - 959.7)
    assert np.median(away) < 240
    assert (away < 420).all()
