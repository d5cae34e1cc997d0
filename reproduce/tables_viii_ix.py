"""Tables VIII and IX of the paper again: how few levels the orientation network tolerates.

    python -m reproduce.tables_viii_ix [--map FILE] [--out FOLDER]

trains Table III on 1,600 projections for each of five seeds, quantises data and weights by each
method, and tests on 5,000 fresh images. What was computed before is not computed again. Writes
``table_viii.csv`` (as many levels for the data as for the weights), ``table_ix.csv`` (data and weights
apart), ``neighbours.csv`` (each number of levels against the next one, on the same images), ``tables.md`` and
``table_viii.png``.

The paper counts levels, although it speaks of bits: 2 levels are 1 bit. It states 200 test images, but all
its rates are multiples of 0.2 %, so at least 500. Its captions say data, weights and biases, its text says
weights. Its axes of Table IX have no names; a column that does not change shows that they are the weights'.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Generator, Sequence
from pathlib import Path

import pandas as pd

from napari_sciml.core.progress import Progress, drive
from napari_sciml.techniques.cryoem.density.density_map import DensityMap, built_in_map, fit_box, load_map
from napari_sciml.techniques.cryoem.train.orientation.dataset import paper_set
from napari_sciml.techniques.cryoem.train.orientation.paper_protocol import (
    IMAGES,
    PaperSettings,
    fit_table_iii,
)
from reproduce.low_bit_cells import FLOAT, METHODS, Case, Cell, label
from reproduce.low_bit_tables import Tally, neighbours, paper_of, picture
from reproduce.table_iii import SEEDS, TEST_IMAGES, TEST_SEED

DIAGONAL: tuple[Cell, ...] = tuple((levels, levels) for levels in range(1, 9))
SQUARE: tuple[Cell, ...] = tuple((data, weights) for data in (1, 2, 4, 8) for weights in (1, 2, 4, 8))


def tally(
    particle: DensityMap,
    work: Path,
    *,
    seeds: int = SEEDS,
    test_images: int = TEST_IMAGES,
    images: int = IMAGES,
    settings: PaperSettings | None = None,
    epochs: int | None = None,
    cells: Sequence[Cell] = (*DIAGONAL, *SQUARE),
) -> Generator[Progress, None, Tally]:
    """Collect what every method says in every cell, seed after seed."""
    wanted = list(dict.fromkeys(cells))
    found = Tally(particle.name)
    for seed in range(seeds):
        pool, test = paper_set(particle, images, seed), paper_set(particle, test_images, TEST_SEED + seed)
        folder = work / f"{particle.name}-{seed}".replace(" ", "_")
        network = yield from fit_table_iii(pool, settings or PaperSettings(), seed, folder)
        case = Case.of(network, pool, test, seed, folder / "levels")
        if epochs is not None:
            case = Case(case.network, case.learnt, case.tested, seed, case.work, epochs)
        found.add(FLOAT, None, seed, label(network, None, case.tested) == test.labels)
        for place, cell in enumerate(wanted):
            for method in METHODS:
                said = yield from case.answers(method, cell)
                found.add(method, cell, seed, said == test.labels)
            yield Progress(seed * len(wanted) + place + 1, seeds * len(wanted), "cells")
    return found


def main(arguments: list[str] | None = None) -> None:
    """Make the tables and print the first."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--map", type=Path, help="a further density map (MRC) beside the built-in one")
    parser.add_argument(
        "--map-pixel-size", type=float, help="its pixel size in Angstrom, if its file has none"
    )
    parser.add_argument("--only-map", action="store_true", help="leave the built-in map out")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=Path("tables_viii_ix"))
    options = parser.parse_args(arguments)
    maps = [] if options.only_map else [fit_box(built_in_map())]
    if options.map is not None:
        maps.append(fit_box(load_map(options.map, options.map_pixel_size)))

    def show(step: Progress) -> None:
        if step.what == "cells":
            print(f"\r{step.done} of {step.total} cells", end="", file=sys.stderr, flush=True)

    tallies = [drive(tally(particle, options.out / "work", seeds=options.seeds), show) for particle in maps]
    eight = pd.concat([t.table(DIAGONAL) for t in tallies], ignore_index=True)
    nine = pd.concat([t.table(SQUARE) for t in tallies], ignore_index=True)
    steps = pd.concat([neighbours(t, DIAGONAL) for t in tallies], ignore_index=True)
    eight.to_csv(options.out / "table_viii.csv", index=False)
    nine.to_csv(options.out / "table_ix.csv", index=False)
    steps.to_csv(options.out / "neighbours.csv", index=False)
    text = paper_of(eight, nine)
    (options.out / "tables.md").write_text(text, encoding="utf-8")
    picture(eight, options.out / "table_viii.png")
    print(f"\n{text}")


if __name__ == "__main__":
    main()
