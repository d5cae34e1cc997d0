"""What the processes of `kills/` do before they are killed, and how the folder that they leave is read.

Each kind saves version after version of something into one folder; reading returns the version that is there
and fails if any part of it is of another one.
"""

from __future__ import annotations

import itertools
import os
import pickle
import signal
from collections.abc import Callable, Generator, MutableSequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

import napari_sciml as sciml
from napari_sciml.core.findings import Findings
from napari_sciml.core.progress import Progress
from napari_sciml.io.sets import new_set, open_set

BULK = 200_000
"""Bytes of a large file, so that writing takes a while."""
OPERATIONS = ("replace", "unlink", "rmdir", "mkdir", "fsync")


class Counter(Protocol):
    """A number that processes share."""

    value: int


@dataclass(frozen=True)
class Kind:
    """Something that is saved again and again.

    Attributes
    ----------
    save
        ``save(folder, version)``.
    read
        ``read(folder)`` gives the version.
    """

    save: Callable[[Path, int], object]
    read: Callable[[Path], int]


def save_set(folder: Path, version: int) -> None:
    """Save a large file of the program, a table that every version has, and two that only this one has."""
    with new_set(folder) as draft:
        draft.inner("candidates.bin").write_bytes(bytes([version % 256]) * BULK)
        for name in ("findings.csv", f"table-{version}.csv", f"box/m{version}.box"):
            draft.outer(name).write_text(f"{version}\n" * 1000)
        draft.record = {"version": version}


def read_set(folder: Path) -> int:
    """Open it, then look that everything that a person sees is of one version."""
    saved = open_set(folder)
    version = int(str(saved.record["version"]))
    assert saved.inner("candidates.bin").read_bytes() == bytes([version % 256]) * BULK
    names = {"findings.csv", f"table-{version}.csv", f"box/m{version}.box"}
    seen = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {name for name in seen if not name.startswith("run-data/")} == {*names, "run.json", "mine.txt"}
    assert all((folder / name).read_text() == f"{version}\n" * 1000 for name in names)
    return version


def found_in(folder: Path, version: int) -> Findings:
    """A run over two micrographs; every second version finds nothing in them."""
    stored = folder.with_name(f"{folder.name}.pickle")
    if not stored.exists():
        with np.load(Path(__file__).parent / "frozen" / "cryoem.npz") as file:
            np.save(folder.with_suffix(".npy"), file["pixels"])
        found = sciml.run("cryoem", folder.with_suffix(".npy"), particle_diameter_px=40.0)
        stored.write_bytes(pickle.dumps(found))
    found = pickle.loads(stored.read_bytes()).at_threshold(0.5 if version % 2 else 1.0)
    record = found.provenance.model_copy(update={"notes": (str(version),)})
    return replace(found, provenance=record)


def save_run(folder: Path, version: int) -> None:
    """Save a run as everyone does."""
    found_in(folder, version).save(folder)


def read_run(folder: Path) -> int:
    """Open a run, and look at what lies in its folder."""
    opened = sciml.open_run(folder)
    version = int(opened.provenance.notes[0])
    expected = found_in(folder, version)
    pd.testing.assert_frame_equal(opened.table, expected.table)
    assert len(pd.read_csv(folder / "findings.csv")) == len(expected.table)
    boxes = {f"box/{frame}_{folder.name}.box" for frame in (1, 2)} if len(expected.table) else set()
    plain = {"findings.csv", "points.csv", "picks.star", "coords.txt", "overlay.png", "run.json", "mine.txt"}
    seen = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {name for name in seen if not name.startswith("run-data/")} == plain | boxes
    return version


def save_evaluation(folder: Path, version: int) -> None:
    """Save the tables of an evaluation, every second one with a further table."""
    from napari_sciml.training.evaluated import save_evaluation as save

    table = pd.DataFrame({"value": np.full(1000, version)})
    names = ("evaluation.csv", "roc.csv", "false_hits.csv")[: 2 + version % 2]
    save(folder, "made up", dict.fromkeys(names, table))


def read_evaluation(folder: Path) -> int:
    """Open the tables, which must all be of one version."""
    from napari_sciml.training.evaluated import EVALUATION

    names = open_set(folder, *EVALUATION).names()
    (version,) = {int(value) for name in names for value in pd.read_csv(folder / name)["value"]}
    assert {path.name for path in folder.glob("*.csv")} == set(names)
    assert len(names) == 2 + version % 2
    return version


def save_model(folder: Path, version: int) -> None:
    """Save a model of random weights with its log and its images, all of one number."""
    from napari_sciml.core.examples import Examples
    from napari_sciml.networks.architectures import new_module
    from napari_sciml.networks.card import ModelCard
    from napari_sciml.networks.saving import save_model as save

    module = new_module("table-vii")
    for parameter in module.parameters():
        parameter.data.fill_(version)
    card = ModelCard(
        name="m",
        technique="microct",
        architecture="table-vii",
        classes=("a", "b"),
        input=(16, 16),
        normalisation="per-patch",
        licence="BSD-3-Clause",
        seeds=(version,),
    )
    images = Examples(np.full((4, 16, 16), version, np.float32), "made up")
    save(folder, module, card, {"training.csv": b"%d" % version}, images)


def read_model(folder: Path) -> int:
    """Open the model as a run does."""
    from napari_sciml.networks.registry import get_model

    model = get_model(folder)
    (version,) = {float(value) for p in model.build().state_dict().values() for value in p.unique()}
    assert model.card["seeds"] == [version]
    assert model.attachment("training.csv").read_text() == str(int(version))
    assert (model.calibration_images() == version).all()
    return int(version)


def save_variant(folder: Path, version: int) -> None:
    """Put integers and few levels beside a model; the version is that of the integers, which come last."""
    from napari_sciml.networks.card import VariantRecord
    from napari_sciml.networks.codebook.spec import CodebookSpec
    from napari_sciml.networks.saving import add_variant

    if not (folder / "card.json").exists():
        save_model(folder, 0)
    spec, content = CodebookSpec(levels=4, data_levels=4), bytes([version % 256]) * BULK
    record = VariantRecord(file="", sha256="", backend="codebook", codebook=spec)
    add_variant(folder, spec.key, f"{spec.key}.safetensors", content, record)
    add_variant(folder, "int8", "int8.onnx", content, VariantRecord(file="", sha256="", note=f"{version}"))


def read_variant(folder: Path) -> int:
    """Read both, each of which must be the one that the card describes."""
    from napari_sciml.networks.registry import get_model

    assert read_model(folder) == 0
    model = get_model(folder)
    version = int(model.card["variants"]["int8"]["note"])
    assert model.variant("int8").read() == bytes([version % 256]) * BULK
    assert model.variant("codebook").read()[0] in (version % 256, (version + 1) % 256)
    return version


def save_codebook(folder: Path, version: int) -> None:
    """Write a file of few levels as the editor does."""
    from napari_sciml.networks.codebook.constrained import Constrained
    from napari_sciml.networks.codebook.file import write
    from napari_sciml.networks.codebook.spec import CodebookSpec

    floats = {"head.bias": np.full(BULK // 4, version, np.float32)}
    write(folder / "mine.safetensors", Constrained(CodebookSpec(), {}, floats, None, "", (str(version),)))


def read_codebook(folder: Path) -> int:
    """Read the file as a run does."""
    from napari_sciml.networks.codebook.file import read

    codebook = read(folder / "mine.safetensors")
    (version,) = set(codebook.floats["head.bias"].tolist())
    assert codebook.notes == (f"{version:.0f}",)
    return int(version)


def save_training(folder: Path, version: int) -> None:
    """Train a small network up to an epoch, going on from the last checkpoint."""
    for step in training(folder, 1000):
        if step.done >= version:
            break


def training(folder: Path, epochs: int) -> Generator[Progress, None, object]:
    """Train a small network for so many epochs altogether."""
    import torch
    from torch import nn

    from napari_sciml.training.fit import FitSettings, fit

    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 200), nn.Linear(200, 2))
    images, labels = torch.randn(64, 4, 4), torch.arange(64) % 2
    settings = FitSettings(epochs=epochs, batch=32, seed=1)
    return fit(network, images, labels.float(), lambda x, _: x[:, None], settings, folder)


def read_training(folder: Path) -> int:
    """Go on to where it stopped, which trains nothing, and compare log and checkpoint."""
    import torch

    epochs = len(torch.load(folder / "checkpoint.pt", weights_only=True)["log"])
    assert list(training(folder, epochs)) == []
    log = pd.read_csv(folder / "training.csv")
    assert log["epoch"].tolist() == list(range(1, epochs + 1))
    return epochs


KINDS = {
    "runs": Kind(save_run, read_run),
    "sets": Kind(save_set, read_set),
    "evaluations": Kind(save_evaluation, read_evaluation),
    "models": Kind(save_model, read_model),
    "variants": Kind(save_variant, read_variant),
    "codebooks": Kind(save_codebook, read_codebook),
    "trainings": Kind(save_training, read_training),
}


def save_on_and_on(kind: str, folder: Path, first: int, done: Counter) -> None:
    """Save version after version until somebody kills the process."""
    for version in itertools.count(first):
        KINDS[kind].save(folder, version)
        done.value = version


def save_and_die(
    kind: str, folder: Path, version: int, number: int, when: str, done: MutableSequence[int]
) -> None:
    """Save once, killed before or after the operation `number` on the disk; counts those that were begun."""
    for name in OPERATIONS:
        setattr(os, name, deadly(getattr(os, name), number, when, done))
    KINDS[kind].save(folder, version)


def deadly(
    operation: Callable[..., Any], number: int, when: str, done: MutableSequence[int]
) -> Callable[..., Any]:
    """Wrap an operation on the disk so that the process is killed before or after its call `number`."""

    def counted(*words: Any, **named: Any) -> Any:
        mine, done[0] = done[0], done[0] + 1
        if mine == number and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return operation(*words, **named)
        finally:
            if mine == number:
                os.kill(os.getpid(), signal.SIGKILL)

    return counted
