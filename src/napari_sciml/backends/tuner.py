"""Which runtime is the fastest on this machine that gives the answers of plain torch.

Measured once for each model, backend, number of threads and set of library versions, on the training images
that are kept beside the model, and remembered in the user's cache folder. A cache that is damaged or cannot
be written costs nothing but measuring again. The environment variable ``SCIML_RUNTIME`` sets the runtime
without measuring.
"""

from __future__ import annotations

import hashlib
import math
import os
import platform
import time
from importlib import metadata
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from napari_sciml.backends.predictor import Predictor
from napari_sciml.backends.runtimes import NEEDS, RUNTIMES_FOR, installed
from napari_sciml.core.errors import SciMLError
from napari_sciml.networks.model import Model
from napari_sciml.networks.normalise import FloatArray

VARIABLE = "SCIML_RUNTIME"
WORTH = 1.15
"""A runtime must be so much faster than torch to be taken instead."""
HESITATES = 0.1
"""Where the two best classes are nearer than this in float32, either may win."""
SAME_LABELS = 0.97
"""Share of the other labels that must be those of plain torch float32."""
SCORES_WITHIN = {"float32": 1e-3, "int8": 0.03}
"""Backend -> how far scores may be from those of plain torch float32, on average."""
IMAGES, ROUNDS = 64, 3
FIELD_STRIDE = 2
"""The stride at which recipes label fields."""


class Choice(BaseModel):
    """Which runtime was chosen, and why in one line."""

    model_config = ConfigDict(frozen=True)

    model: str
    backend: str
    runtime: str
    why: str


def choose(model: Model, backend: str) -> Choice:
    """Give the runtime to take for a backend of a model; ``torch`` for int8 means that float32 is better.

    Raises
    ------
    SciMLError
        If `VARIABLE` names no runtime.
    """
    wanted = os.environ.get(VARIABLE, "")
    if wanted and wanted not in NEEDS:
        raise SciMLError(f"{VARIABLE} is {wanted!r}", f"set it to one of {', '.join(NEEDS)}, or unset it")
    known = [name for name in RUNTIMES_FOR[backend] if installed(name)]
    if wanted in known or (wanted and known):
        runtime = wanted if wanted in known else known[0]
        return Choice(model=model.name, backend=backend, runtime=runtime, why=f"{VARIABLE} is {wanted}")
    path = remembered_at(model, backend)
    if (found := recall(path)) is not None:
        return found
    choice = measure(model, backend)
    remember(path, choice)
    return choice


def measure(model: Model, backend: str) -> Choice:
    """Run every runtime on the calibration images and take the fastest that agrees, if it is worth it."""
    from napari_sciml.backends.opening import open_predictor

    def chosen(runtime: str, why: str) -> Choice:
        return Choice(model=model.name, backend=backend, runtime=runtime, why=why)

    others = [name for name in RUNTIMES_FOR[backend] if name != "torch" and installed(name)]
    if not others:
        return chosen("torch", "torch: neither ONNX Runtime nor OpenVINO is installed")
    try:
        images = model.calibration_images()[:IMAGES]
    except SciMLError:
        first = RUNTIMES_FOR[backend][0] if backend == "float32" else others[0]
        return chosen(first, f"{first}: not measured, since the model has no calibration images")
    trials, said = {"torch": Trial(open_predictor(model), images)}, []
    for name in others:
        try:
            trials[name] = Trial(open_predictor(model, backend, name), images)
        except SciMLError:
            said.append(f"{name} does not work")
    # In turns, so that whatever else this machine is busy with disturbs all alike.
    for _ in range(ROUNDS):
        for trial in trials.values():
            trial.once()
    plain = trials.pop("torch")
    ratios = {}
    for name, trial in trials.items():
        ratio = plain.seconds / trial.seconds
        agrees = near(plain.answers, trial.answers, SCORES_WITHIN[backend])
        said.append(f"{name} {ratio:.1f}x" + ("" if agrees else " but other answers"))
        if agrees:
            ratios[name] = ratio
    best = max(ratios, key=lambda name: ratios[name], default="torch")
    if ratios.get(best, 0.0) < WORTH:
        best = "torch"
    lead = "torch float32" if best == "torch" else f"{best} {backend}"
    return chosen(best, f"{lead}; measured here against torch float32: {', '.join(said)}")


class Trial:
    """A predictor at work on a few images.

    Attributes
    ----------
    answers
        ``(n, classes)``.
    seconds
        Of its fastest round.
    """

    def __init__(self, predictor: Predictor, images: FloatArray) -> None:
        self._predictor, self._images = predictor, images
        self.seconds = math.inf
        self.answers = self._answers()

    def once(self) -> None:
        """Do the work once more and keep the time."""
        start = time.perf_counter()
        self._answers()
        self.seconds = min(self.seconds, time.perf_counter() - start)

    def _answers(self) -> FloatArray:
        if not self._predictor.model.dense:
            return self._predictor.classify(self._images)
        maps = [self._predictor.field(field, FIELD_STRIDE).scores for field in self._images[:2]]
        return np.concatenate([scores.reshape(-1, scores.shape[-1]) for scores in maps])


def near(exact: FloatArray, answers: FloatArray, within: float) -> bool:
    """Say whether answers ``(n, classes)`` agree with exact ones within the stated tolerance."""
    best = np.sort(exact, axis=1)
    sure = best[:, -1] - best[:, -2] > HESITATES
    same = (exact.argmax(axis=1) == answers.argmax(axis=1))[sure]
    return bool(np.abs(exact - answers).mean() <= within and (not len(same) or same.mean() >= SAME_LABELS))


def cache_folder() -> Path:
    """Give the folder of what was measured."""
    from platformdirs import user_cache_path

    return user_cache_path("napari-sciml", appauthor=False) / "runtimes"


def remembered_at(model: Model, backend: str) -> Path:
    """Give the file of a choice: another one after an update, with other threads or on another machine."""
    import torch

    versions = [
        f"{name} {metadata.version(name)}" for name in ("torch", "onnxruntime", "openvino") if installed(name)
    ]
    facts = [model.variant(backend).sha256, backend, str(torch.get_num_threads()), platform.node(), *versions]
    return cache_folder() / f"{hashlib.sha256(' '.join(facts).encode()).hexdigest()[:24]}.json"


def recall(path: Path) -> Choice | None:
    """Read a choice, or None if there is none that can be read."""
    try:
        return Choice.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def remember(path: Path, choice: Choice) -> None:
    """Write a choice down, if that is possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(choice.model_dump_json() + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError:
        # Measuring again is all that is lost.
        return


def all_remembered() -> list[Choice]:
    """Give everything that was measured on this machine with any version, the latest first."""
    try:
        files = sorted(cache_folder().glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    except OSError:
        return []
    return [choice for file in files if (choice := recall(file)) is not None]
