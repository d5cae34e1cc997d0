"""Measure, print markdown tables and write ``out/benchmarks.json``."""

from __future__ import annotations

import argparse
import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from benchmarks import cryoem, dense, exporter, frames, gisaxs_grain, memory, quantized, slices
from benchmarks.timing import show
from napari_sciml.networks.registry import get_model


def main() -> None:
    """Run every benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--model", default="microct-fiber-dense", help="a model's name or folder")
    parser.add_argument("--rounds", type=int, default=5, help="how often each way is timed")
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks.json"))
    options = parser.parse_args()
    model = get_model(options.model)
    machine = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        **{name: metadata.version(name) for name in ("torch", "onnxruntime", "openvino", "numpy")},
    }
    print("Machine:", ", ".join(f"{name} {value}" for name, value in machine.items()))

    results: dict[str, Any] = {"machine": machine, "model": model.name}
    results["dense"] = dense.measure(model, options.rounds)
    print(f"\nEvery window of a field at stride 1, patches in batches of {results['dense']['batch']}:\n")
    show(results["dense"]["rows"])
    results["slices"] = slices.measure(model, max(1, options.rounds // 2))
    print(f"\nOne slice of {slices.EDGE_PX} x {slices.EDGE_PX} px at stride {results['slices']['stride']}:\n")
    show(results["slices"]["rows"])
    results["memory"] = memory.measure(model)
    print(f"\nPeak memory of a run on slices of {memory.EDGE_PX} x {memory.EDGE_PX} px:\n")
    show(results["memory"]["rows"])

    results["frames"] = frames.measure(get_model("diffraction-bragg"), options.rounds)
    shown = results["frames"]["tiles_shown"]
    print(f"\nDiffraction frames of 1920 x 1920 px, one core; {shown:.0f} of 900 tiles pass the prefilter:\n")
    show(results["frames"]["rows"])

    results["grains"] = gisaxs_grain.measure(options.rounds)
    peer = results["grains"]["peer"]
    if peer is None:
        print(f"\nBornAgain was not measured: {gisaxs_grain.PEER} names no Python that has it.")
    print(
        f"\nMilliseconds of one core for a grain in a GISAXS image of 100 x 100 px, {peer or 'ours alone'}:\n"
    )
    show(results["grains"]["rows"])

    results["cryoem"] = cryoem.measure(options.rounds)
    print(f"\nPicking in one micrograph of {cryoem.EDGE_PX} x {cryoem.EDGE_PX} px, particles of 108 px:\n")
    show(results["cryoem"]["picking"])
    print("\nNaming the views of particles, 64 x 64 px:\n")
    show(results["cryoem"]["views"])
    print("\nProjections of a map of 64 voxels:\n")
    show(results["cryoem"]["projecting"])

    results["quantized"] = quantized.measure(options.rounds)
    print("\nThe networks' own time in every backend and runtime, against plain torch:\n")
    show(results["quantized"]["networks"])
    print("\nA dense map against the same windows one by one in plain torch:\n")
    show(results["quantized"]["maps"])
    print("\nWhole runs on the samples, float32 in torch against integers in the runtime chosen here:\n")
    show(results["quantized"]["jobs"])

    results["exporter"] = exporter.measure(options.rounds)
    print("\nThe networks' ONNX graphs, ours and those of torch's exporter:\n")
    exporter.print_rows(results["exporter"])

    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"\nWritten to {options.out}")


if __name__ == "__main__":
    main()
