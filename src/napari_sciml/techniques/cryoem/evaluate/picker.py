"""How good the picker is: on fresh simulated fields by conditions, and on labelled micrographs of others.

The baseline in every row is the untrained Laplacian of Gaussian on the same images. Real micrographs are
split as wholes: zero-shot, and fine-tuned on two and tested on the others over all splits into halves.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import nn

from napari_sciml.core.errors import SciMLError
from napari_sciml.core.progress import Progress
from napari_sciml.networks.model import Model
from napari_sciml.techniques.cryoem.evaluate.ranked_picks import Picks, blob_picks, network_picks, rank_fields
from napari_sciml.techniques.cryoem.evaluate.scoring import IOU_HALF, Ranked, inside, pool, rank
from napari_sciml.techniques.cryoem.pick_scale import NETWORK_DIAMETER_PX
from napari_sciml.techniques.cryoem.picking.network import probability
from napari_sciml.techniques.cryoem.train.picker.dataset import TEST, make_set
from napari_sciml.techniques.cryoem.train.picker.fields import Conditions
from napari_sciml.techniques.cryoem.train.picker.finetune import Labelled, finetune
from napari_sciml.techniques.cryoem.train.picker.networks import spread_of_ap

FIELDS, MAPS = 120, 40
"""Fields of each condition, and the random particles in them."""
SETS: dict[str, Conditions] = {
    "simulated, all conditions": Conditions(),
    "simulated, carbon and junk, SNR 1": Conditions((1, 1), 0.5, 0.8, 0.2, 0),
    "simulated, carbon and junk, SNR 0.2": Conditions((0.2, 0.2), 0.5, 0.8, 0.2, 0),
    "simulated, carbon and junk, SNR 0.05": Conditions((0.05, 0.05), 0.5, 0.8, 0.2, 0),
    "simulated, clean ice, SNR 0.2": Conditions((0.2, 0.2), 0, 0, 0, 0),
}
"""Sets of fresh particles; the SNR is that of pixels of an eighteenth of a particle."""
BORDER_PX = 90
"""Picks and labels nearer to the edge of a labelled micrograph do not count."""
REAL_DIAMETER_PX = 108.0
"""Of beta-galactosidase in EMPIAR-10017, where the table of picks has no column ``diameter_px``."""
LOOKED_AT = ("Falcon_2012_06_12-14_33_35_0", "Falcon_2012_06_12-15_43_48_0")
"""Real micrographs that were looked at while the simulator was written; the others played no part."""
Picker = Callable[[npt.NDArray[np.float32]], Picks]


def evaluate_picker(model: Model, data: Path | None = None) -> Generator[Progress, None, pd.DataFrame]:
    """Measure the picker; `data` is a folder of micrographs, each with a table of picks of the same name.

    Returns
    -------
    DataFrame
        ``model, name, split, value, low, high, n, baseline, note``; intervals draw whole fields or
        micrographs.
    """
    module = model.build()

    def network(image: npt.NDArray[np.float32]) -> Picks:
        places, scores = network_picks(module, image)
        return places, probability(scores, model)

    rows = []
    for number, (split, ranges) in enumerate(SETS.items()):
        fresh = yield from make_set(TEST, 100 + number, FIELDS, maps=MAPS, ranges=ranges, keep_fields=True)
        parts, blobs = rank_fields(network, fresh.fields), rank_fields(blob_picks, fresh.fields)
        rows += rows_of(model, split, parts, blobs, "fields of unseen particles, IoU at least 1/2")
        yield Progress(number + 1, len(SETS), "sets")
    if data is not None:
        rows += yield from real_rows(model, module, labelled_micrographs(data))
    return pd.DataFrame(rows)


def rows_of(
    model: Model, split: str, parts: Sequence[Ranked], blobs: Sequence[Ranked], note: str
) -> list[dict[str, object]]:
    """Return the rows of one set: average precision, precision and recall at the usual threshold."""
    ranked, other = pool(parts), pool(blobs)
    low, high = spread_of_ap(parts)
    precision, recall = ranked.at(0.5)
    blob_precision, blob_recall = other.at(0.5)
    common = {"model": model.name, "split": split, "n": ranked.true}
    return [
        {
            **common,
            "name": "average precision",
            "value": ranked.average_precision,
            "low": low,
            "high": high,
            "baseline": other.average_precision,
            "note": note,
        },
        *(
            {
                **common,
                "name": name,
                "value": value,
                "low": np.nan,
                "high": np.nan,
                "baseline": blob,
                "note": note,
            }
            for name, value, blob in (
                ("precision at 0.5", precision, blob_precision),
                ("recall at 0.5", recall, blob_recall),
                ("best F1, threshold chosen on these data", ranked.best_f1()[0], other.best_f1()[0]),
            )
        ),
    ]


def labelled_micrographs(folder: Path) -> dict[str, Labelled]:
    """Read micrographs with picks beside them (``NAME.jpg`` or ``.mrc`` and ``NAME.csv``).

    Raises
    ------
    SciMLError
        If there are fewer than four.
    """
    from napari_sciml.io import open_image
    from napari_sciml.io.picks.reading import read_picks

    found = {}
    for table in sorted(folder.glob("*.csv")):
        images = [table.with_suffix(suffix) for suffix in (".mrc", ".jpg", ".png", ".tif")]
        image = next((path for path in images if path.is_file()), None)
        if image is None:
            continue
        source = open_image(image)
        frame = source.read((slice(None), slice(None)))
        source.close()
        places = read_picks(table, micrographs=[image.name])[["y", "x"]].to_numpy(float)
        stated = pd.read_csv(table).get("diameter_px")
        diameter = REAL_DIAMETER_PX if stated is None else float(stated.iloc[0])
        found[table.stem] = Labelled.of(frame, places, diameter / NETWORK_DIAMETER_PX, "dark")
    if len(found) < 4:
        raise SciMLError(
            f"{folder} holds {len(found)} micrographs with picks",
            "give a folder with four: NAME.jpg or NAME.mrc beside NAME.csv with columns y_px and x_px",
        )
    return found


def rank_real(pick: Picker, one: Labelled, diameters: float = IOU_HALF, flipped: bool = False) -> Ranked:
    """Rank the picks of one micrograph; `flipped` turns the labels upside down, a control that must fail."""
    shape = (one.image.shape[0], one.image.shape[1])
    margin = BORDER_PX / one.step[0]
    true = one.places[inside(one.places, shape, margin)]
    if flipped:
        true = np.stack([shape[0] - 1 - true[:, 0], true[:, 1]], axis=1)
    places, scores = pick(one.image)
    kept = inside(places, shape, margin)
    return rank(places[kept], scores[kept], true, diameters * NETWORK_DIAMETER_PX)


def real_rows(
    model: Model, module: nn.Module, micrographs: dict[str, Labelled]
) -> Generator[Progress, None, list[dict[str, object]]]:
    """Return the rows of labelled micrographs: zero-shot, and fine-tuned over all splits into halves."""
    names = list(micrographs)

    def network(tuned: nn.Module) -> Picker:
        def pick(image: npt.NDArray[np.float32]) -> Picks:
            return network_picks(tuned, image)

        return pick

    rows: list[dict[str, object]] = []
    for what, diameters, flipped in (
        ("IoU at least 1/2", IOU_HALF, False),
        ("within half a diameter", 0.5, False),
        ("IoU at least 1/2, labels upside down", IOU_HALF, True),
    ):
        parts = [rank_real(network(module), micrographs[name], diameters, flipped) for name in names]
        blobs = [rank_real(blob_picks, micrographs[name], diameters, flipped) for name in names]
        rows += rows_of(
            model, f"real, all {len(names)}, zero-shot, {what}", parts, blobs, "whole micrographs"
        )
        for name, part, blob in zip(names, parts, blobs, strict=True):
            if diameters == IOU_HALF and not flipped:
                rows += rows_of(model, f"real, {name}, zero-shot", [part], [blob], what)[:1]
    parts = [rank_real(network(module), micrographs[name]) for name in names if name not in LOOKED_AT]
    blobs = [rank_real(blob_picks, micrographs[name]) for name in names if name not in LOOKED_AT]
    split = "real, zero-shot, micrographs that played no part in any choice"
    rows += rows_of(model, split, parts, blobs, "IoU at least 1/2; the interval draws whole micrographs")
    gains = []
    splits = list(combinations(names, 2))
    with TemporaryDirectory() as work:
        for number, chosen in enumerate(splits):
            rest = [name for name in names if name not in chosen]
            learnt = [micrographs[name] for name in chosen]
            tuned = yield from finetune(module, learnt, Path(work) / str(number), seed=number)
            tested = [rank_real(network(tuned), micrographs[name]) for name in rest]
            before = [rank_real(network(module), micrographs[name]) for name in rest]
            blobs = [rank_real(blob_picks, micrographs[name]) for name in rest]
            gains.append(pool(tested).average_precision)
            rows.append(
                {
                    "model": model.name,
                    "name": "average precision",
                    "split": f"real, fine-tuned on {' and '.join(chosen)}, tested on the others",
                    "value": gains[-1],
                    "low": np.nan,
                    "high": np.nan,
                    "n": sum(part.true for part in tested),
                    "baseline": pool(blobs).average_precision,
                    "note": f"zero-shot on the same: {pool(before).average_precision:.3f}",
                }
            )
            yield Progress(number + 1, len(splits), "splits")
    rows.append(
        {
            "model": model.name,
            "name": "average precision",
            "split": "real, fine-tuned on two, tested on two",
            "value": float(np.mean(gains)),
            "low": float(np.min(gains)),
            "high": float(np.max(gains)),
            "n": len(gains),
            "baseline": np.nan,
            "note": "mean, least and greatest over all six splits",
        }
    )
    return rows
