"""Fit a network to images by stochastic gradient descent: a generator that checkpoints and can resume."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from napari_sciml.core.progress import CancelToken, Progress
from napari_sciml.io.saving.atomic import replacing, write_text

LOG_FILE = "training.csv"
Log = list[dict[str, str]]
"""A row for each epoch."""


@dataclass(frozen=True)
class FitSettings:
    """How a network is fitted.

    Attributes
    ----------
    epochs, batch, learning_rate, weight_decay
        AdamW with one cycle of the learning rate.
    seed
        Decides first weights, order and flips.
    symmetric
        Whether an image may be turned and mirrored without changing its class.
    """

    epochs: int = 8
    batch: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    seed: int = 0
    symmetric: bool = True


def fit(
    module: nn.Module,
    images: Tensor,
    targets: Tensor | Callable[[Tensor], Tensor],
    normalise: Callable[[Tensor, Tensor], Tensor],
    settings: FitSettings,
    folder: Path,
    *,
    loss_of: Callable[[Tensor, Tensor], Tensor] | None = None,
    validate: Callable[[nn.Module], dict[str, float]] | None = None,
    cancel: CancelToken | None = None,
) -> Generator[Progress, None, nn.Module]:
    """Fit `module` in place, yielding once per epoch, and give it back in evaluation mode.

    Parameters
    ----------
    images
        ``(n, h, w)`` raw pixels.
    targets
        ``(n,)`` probability that the positive class is right (hard labels are 0 and 1), or ``(n, classes)``;
        for a network that labels fields, maps ``(n, c, h', w')`` that `loss_of` understands. A function is
        asked for those of each batch, as `normalise` gives it.
    normalise
        ``normalise(batch, index)`` gives the network's input ``(b, 1, h, w)`` for raw images and their row
        numbers.
    loss_of
        ``loss_of(logits, targets)`` of a batch; cross entropy if None.
    folder
        Gets ``checkpoint.pt`` after each epoch, from which the same call goes on, and ``training.csv``.
    """
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(
        module.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    per_epoch = max(1, len(images) // settings.batch)
    # The schedule divides by the length of its rise, a tenth of all steps.
    steps = max(20, settings.epochs * per_epoch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=steps, pct_start=0.1
    )
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    log = restore(checkpoint, module, optimiser, schedule, rng)
    for epoch in range(len(log), settings.epochs):
        started = time.perf_counter()
        module.train()
        order = torch.from_numpy(rng.permutation(len(images)))
        total = 0.0
        for step in range(per_epoch):
            index = order[step * settings.batch : (step + 1) * settings.batch]
            symmetry = int(rng.integers(8)) if settings.symmetric else 0
            batch = normalise(turn(images[index], symmetry), index)
            if not isinstance(targets, Tensor):
                wanted = targets(batch)
            else:
                wanted = targets[index] if targets.ndim < 3 else turn(targets[index], symmetry)
            # bfloat16 halves the time on processors that have it; loss and weights stay float32.
            with torch.autocast("cpu", torch.bfloat16):
                logits = module(batch)
            loss = (loss_of or label_loss)(logits.float(), wanted)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        module.eval()
        row = {"epoch": epoch + 1, "loss": total / per_epoch}
        row |= validate(module) if validate is not None else {}
        row |= {"seconds": time.perf_counter() - started}
        log.append({key: f"{value:.6g}" for key, value in row.items()})
        save(checkpoint, log, module, optimiser, schedule, rng)
        write_text(folder / LOG_FILE, as_csv(log))
        yield Progress(epoch + 1, settings.epochs, "epochs")
        if cancel is not None and cancel.cancelled:
            break
    return module.eval()


def label_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """Return the cross entropy of one label for each image."""
    if wanted.ndim == 1:
        wanted = torch.stack([1 - wanted, wanted], dim=1)
    return nnf.cross_entropy(logits.flatten(1), wanted)


def turn(images: Tensor, symmetry: int) -> Tensor:
    """Apply one of the eight symmetries of the square to a batch ``(..., h, w)``."""
    if symmetry & 1:
        images = images.flip(-1)
    if symmetry & 2:
        images = images.flip(-2)
    return images.transpose(-1, -2) if symmetry & 4 else images


def save(path: Path, log: Log, module: nn.Module, optimiser: Any, schedule: Any, rng: Any) -> None:
    """Write the state after an epoch, whole or not at all."""
    state = {
        "log": log,
        "module": module.state_dict(),
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
        "rng": rng.bit_generator.state,
    }
    with replacing(path) as draft:
        torch.save(state, draft)


def restore(path: Path, module: nn.Module, optimiser: Any, schedule: Any, rng: Any) -> Log:
    """Read the state of an earlier call, if any, and return its log, one row for each finished epoch."""
    if not path.is_file():
        return []
    state = torch.load(path, weights_only=True)
    module.load_state_dict(state["module"])
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    rng.bit_generator.state = state["rng"]
    if "log" not in state:
        # Of a version that kept it only beside.
        with path.with_name(LOG_FILE).open(newline="") as file:
            return list(csv.DictReader(file))[: state["epoch"]]
    log: Log = state["log"]
    # The last call may have ended between the two files.
    write_text(path.with_name(LOG_FILE), as_csv(log))
    return log


def as_csv(log: Log) -> str:
    """Return the log of a training as a table with a header."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(log[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(log)
    return text.getvalue()
