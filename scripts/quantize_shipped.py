"""Quantise the models that ship, as ``napari-sciml quantize`` does, and store the variants.

    python scripts/quantize_shipped.py [MODEL ...] [--specs qat-8 trained-2 qat-16-channel ...]

One call makes the training images of a model once for all its variants; what is stored is what ``napari-sciml
quantize MODEL --levels K --method METHOD --seed 0 --out DIR`` makes for each.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch

from napari_sciml.cli.quantize_work import maker_of, training_count
from napari_sciml.core.progress import drive
from napari_sciml.core.settings import RunSettings, parse_settings
from napari_sciml.networks.codebook.spec import CodebookSpec
from napari_sciml.networks.registry import get_model, model_names
from napari_sciml.training.quantisation.codebook import make_codebook

SPECS = ("qat-8",)
SEED = 0


def main() -> None:
    """Make and store them, model after model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", default=model_names())
    parser.add_argument(
        "--specs", nargs="*", default=SPECS, help="method, levels and scope, for example qat-2"
    )
    parser.add_argument("--work", type=Path, default=Path("out/quantize"), help="folder for checkpoints")
    options = parser.parse_args()
    # One thread: what is learnt then does not depend on how many cores a machine has.
    torch.set_num_threads(1)
    for name in options.models:
        model = get_model(name)
        count = training_count(model)
        started = time.perf_counter()
        examples = drive(maker_of(model).examples(model, count, SEED))
        print(f"{name}: {count} training images in {time.perf_counter() - started:.0f} s", flush=True)
        for wanted in options.specs:
            method, levels, *rest = wanted.split("-")
            scope = rest[0] if rest else "layer"
            asked = parse_settings(RunSettings, {"method": method, "levels": int(levels), "scope": scope})
            spec = CodebookSpec.of(asked, model.normalisation)
            command = (
                f"napari-sciml quantize {name} --backend codebook --levels {levels} --method {method} "
                + (f"--scope {scope} " if rest else "")
                + f"--seed {SEED} --out DIR"
            )
            started = time.perf_counter()
            work = options.work / f"{name}-{spec.key}-{count}-{SEED}"
            drive(make_codebook(get_model(name), spec, examples, SEED, work, command=command))
            record = get_model(name).card["variants"][spec.key]["metrics"][0]
            seconds = time.perf_counter() - started
            print(
                f"  {spec.key}: agreement {record['value']:.4f}, {record['note']}, {seconds:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    sys.exit(main())
