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
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from napari_sciml.backends.opening import open_predictor
from napari_sciml.backends.predictor import FIELD_STRIDE, Predictor
from napari_sciml.backends.registry import backend_of, runtimes_for
from napari_sciml.backends.runtimes import NEEDS, installed
from napari_sciml.core.errors import SciMLError
from napari_sciml.core.machine_cache import user_cache
from napari_sciml.networks.model import Model
from napari_sciml.networks.normalise.pixels import FloatArray

VARIABLE = "SCIML_RUNTIME"
LEAST_SPEEDUP = 1.15
"""How many times as fast as torch a runtime must be to be taken instead; set by hand."""
TIE_MARGIN = 0.1
"""Difference of probability below which either of the two best classes of float32 may win, so that a label is
not compared; set by hand."""
SAME_LABELS = 0.97
"""Share of the other labels that must be those of torch float32 for a runtime to be taken; set by hand."""
IMAGES, ROUNDS = 64, 3
"""Calibration images of which runtimes are timed, and rounds of which the best one counts."""


class Choice(BaseModel):
    """Which runtime was chosen, and why in one line.

    `facts` is what the choice depends on and can be known without torch: weights, machine and versions. It is
    empty where nothing was measured, and in choices of old.
    """

    model_config = ConfigDict(frozen=True)

    model: str
    backend: str
    runtime: str
    why: str
    facts: str = ""


def choose(model: Model, backend: str) -> Choice:
    """Return the runtime to take for a backend of a model; ``torch`` for int8 means that float32 is better.

    Raises
    ------
    SciMLError
        If `VARIABLE` names no runtime.
    """
    if (pinned := set_by_hand(model, backend)) is not None:
        return pinned
    path = remembered_at(model, backend)
    if (found := recall(path)) is not None:
        return found
    choice = measure(model, backend)
    remember(path, choice)
    return choice


def set_by_hand(model: Model, backend: str) -> Choice | None:
    """Return the runtime that `VARIABLE` sets, or None if it does not.

    Raises
    ------
    SciMLError
        If it names no runtime.
    """
    wanted = os.environ.get(VARIABLE, "")
    if wanted and wanted not in NEEDS:
        raise SciMLError(f"{VARIABLE} is {wanted!r}", f"set it to one of {', '.join(NEEDS)}, or unset it")
    known = [name for name in runtimes_for(backend) if installed(name)]
    if not wanted or not known:
        return None
    runtime = wanted if wanted in known else known[0]
    return Choice(model=model.name, backend=backend, runtime=runtime, why=f"{VARIABLE} is {wanted}")


def expected(model: Model, backend: str) -> Choice | None:
    """Return what `choose` will, as far as that is known without measuring and without torch, or None.

    The number of threads is not looked at: only torch knows it.

    Raises
    ------
    SciMLError
        If `VARIABLE` names no runtime, or the model has no such variant.
    """
    fixed = set_by_hand(model, backend) or without_measuring(model, backend)
    if fixed is not None:
        return fixed
    known = [c for c in all_remembered() if (c.model, c.backend) == (model.name, backend)]
    facts = facts_of(model, backend) if known else ""
    return next((choice for choice in known if choice.facts in ("", facts)), None)


def without_measuring(model: Model, backend: str) -> Choice | None:
    """Return the runtime to take where nothing can be measured, or None where something can."""
    others = [name for name in runtimes_for(backend) if name != "torch" and installed(name)]
    if not others:
        why = "torch: neither ONNX Runtime nor OpenVINO is installed"
        return Choice(model=model.name, backend=backend, runtime="torch", why=why)
    if model.card.get("calibration") is None:
        return _first(model, backend)
    return None


def _first(model: Model, backend: str) -> Choice:
    first = next(name for name in runtimes_for(backend) if installed(name))
    why = f"{first}: not measured, since the model has no calibration images"
    return Choice(model=model.name, backend=backend, runtime=first, why=why)


def measure(model: Model, backend: str) -> Choice:
    """Run every runtime on the calibration images and take the fastest that agrees, if it is worth it."""
    if (fixed := without_measuring(model, backend)) is not None:
        return fixed
    try:
        images = model.calibration_images()[:IMAGES]
    except SciMLError:
        # They are named in the card, but missing or damaged.
        return _first(model, backend)
    others = [name for name in runtimes_for(backend) if name != "torch" and installed(name)]
    trials, measured = {"torch": Trial(open_predictor(model), images)}, []
    for name in others:
        try:
            trials[name] = Trial(open_predictor(model, backend, name), images)
        except SciMLError:
            measured.append(f"{name} does not work")
    # In turns, so that whatever else this machine is busy with disturbs all alike.
    for _ in range(ROUNDS):
        for trial in trials.values():
            trial.once()
    plain = trials.pop("torch")
    ratios = {}
    for name, trial in trials.items():
        ratio = plain.seconds / trial.seconds
        agrees = within_tolerance(plain.answers, trial.answers, backend_of(backend).scores_within)
        measured.append(f"{name} {ratio:.1f}x" + ("" if agrees else " but other answers"))
        if agrees:
            ratios[name] = ratio
    best = max(ratios, key=lambda name: ratios[name], default="torch")
    if ratios.get(best, 0.0) < LEAST_SPEEDUP:
        best = "torch"
    lead = "torch float32" if best == "torch" else f"{best} {backend}"
    return Choice(
        model=model.name,
        backend=backend,
        runtime=best,
        why=f"{lead}; measured here against torch float32: {', '.join(measured)}",
        facts=facts_of(model, backend),
    )


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


def within_tolerance(exact: FloatArray, answers: FloatArray, within: float) -> bool:
    """Return whether answers ``(n, classes)`` agree with exact ones within the stated tolerance."""
    best = np.sort(exact, axis=1)
    sure = best[:, -1] - best[:, -2] > TIE_MARGIN
    same = (exact.argmax(axis=1) == answers.argmax(axis=1))[sure]
    return bool(np.abs(exact - answers).mean() <= within and (not len(same) or same.mean() >= SAME_LABELS))


def cache_folder() -> Path:
    """Return the folder of what was measured."""
    return user_cache() / "runtimes"


def remembered_at(model: Model, backend: str) -> Path:
    """Return the file of a choice: another one after an update, with other threads or on another machine."""
    import torch

    facts = f"{facts_of(model, backend)} {torch.get_num_threads()}"
    return cache_folder() / f"{hashlib.sha256(facts.encode()).hexdigest()[:24]}.json"


def facts_of(model: Model, backend: str) -> str:
    """Return what a choice depends on besides the number of threads: weights, machine and versions.

    Raises
    ------
    SciMLError
        If the model has no such variant.
    """
    versions = [
        f"{name} {_version(name)}" for name in ("torch", "onnxruntime", "openvino") if installed(name)
    ]
    return " ".join([model.variant(backend).sha256, backend, platform.node(), *versions])


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        # Not there, or built under another name, as the ones for graphics cards are.
        return "of unknown version"


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


def forget(model: Model, backend: str) -> None:
    """Drop what was measured of a model with any version, weights and number of threads, if possible."""
    for file in _files():
        choice = recall(file)
        if choice is not None and (choice.model, choice.backend) == (model.name, backend):
            with suppress(OSError):
                file.unlink()


def all_remembered() -> list[Choice]:
    """Return everything that was measured on this machine with any version, the latest first."""
    return [choice for file in _files() if (choice := recall(file)) is not None]


def _files() -> list[Path]:
    try:
        return sorted(cache_folder().glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    except OSError:
        return []
