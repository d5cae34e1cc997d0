"""A person's corrections and the points that a network found, taken apart and laid over each other. Pure.

Rows are known by position, to the last bit: napari renumbers the rows of a layer whenever one is removed.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sciml.core.corrections import Corrections
from napari_sciml.layers.styles import MANUAL, MODEL

Positions = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def row_keys(positions: Positions) -> list[bytes]:
    """Return one comparable value for each row of `positions` ``(n, axes)``; equal only if all bits are."""
    # Adding zero turns -0.0 into 0.0.
    rows = np.ascontiguousarray(positions, dtype=np.float64) + 0.0
    width, joined = rows.shape[1] * rows.itemsize, rows.tobytes()
    return [joined[start : start + width] for start in range(0, len(joined), width)]


def model_rows(features: pd.DataFrame) -> Flags:
    """Return for each row whether the network found that point."""
    return np.asarray(features["source"].to_numpy(dtype=object) == MODEL, dtype=bool)


def own_columns(features: pd.DataFrame, found: Collection[Hashable]) -> list[Hashable]:
    """Name the columns that a person added to those that were `found`."""
    return [name for name in features.columns if name not in found]


def labelled_rows(features: pd.DataFrame, label: str | npt.NDArray[np.object_]) -> Flags:
    """Return for each row whether it is a point of the network to which a person gave another label.

    `label` is what the network says: of all points, or of each.
    """
    other: Flags = np.asarray(features["label"].to_numpy(dtype=object) != label, dtype=bool)
    return np.logical_and(model_rows(features), other)


def lay_over(
    positions: Positions, features: pd.DataFrame, corrections: Corrections
) -> tuple[Positions, pd.DataFrame]:
    """Return the points as a person wants them: the network's without those taken away, then those by hand.

    Parameters
    ----------
    positions, features
        What the network found: ``(n, axes)``, and a row for each.
    corrections
        What the person changed.
    """
    if not corrections:
        return positions, features
    gone = set(row_keys(corrections.deleted))
    keys = row_keys(positions)
    keep = np.array([key not in gone for key in keys], dtype=bool)
    kept = features[keep].reset_index(drop=True)
    theirs = corrections.features.reset_index(drop=True)
    if "source" not in theirs:
        # Nothing but taken away.
        return positions[keep], kept
    model = model_rows(theirs)
    numbers = zip(row_keys(corrections.positions), range(len(theirs)), model, strict=True)
    said = {key: row for key, row, is_model in numbers if is_model}
    rows = np.array([said.get(key, -1) for key, wanted in zip(keys, keep, strict=True) if wanted], dtype=int)
    labelled = rows >= 0
    if labelled.any():
        label = kept["label"].to_numpy(dtype=object).copy()
        label[labelled] = theirs["label"].to_numpy(dtype=object)[rows[labelled]]
        kept["label"] = label
    for name in own_columns(theirs, list(features.columns)):
        # No row is called -1: there the value is missing.
        kept[name] = theirs[name].reindex(rows).reset_index(drop=True)
    table = stacked(kept, theirs[~model].reindex(columns=kept.columns))
    return np.concatenate([positions[keep], corrections.positions[~model]]), table


def gather(
    positions: Positions,
    features: pd.DataFrame,
    label: str | npt.NDArray[np.object_],
    found: Collection[Hashable],
    expected: Collection[bytes],
    before: Corrections,
) -> Corrections:
    """Return what a person changed by now.

    Parameters
    ----------
    positions, features
        The points on screen: ``(n, axes)``, and a row for each.
    label, found
        The label that the network gives all its points or each of these, and the columns that it gives.
    expected
        Keys of the network's points that would be on screen if nobody had changed anything.
    before
        What the person had changed when the points were last laid out; it remembers those that the threshold
        hides now.
    """
    model = model_rows(features)
    there = set(row_keys(positions[model]))
    gone = dict.fromkeys([*row_keys(before.deleted), *(key for key in expected if key not in there)])
    own = own_columns(features, found)
    labelled = labelled_rows(features, label) | (model & features[own].notna().to_numpy().any(axis=1))
    touched = ~model | labelled
    hidden = hidden_rows(before, there, gone)
    table = stacked(before.features[hidden], features[touched], like=before.features)
    if not len(table) and not own:
        table = pd.DataFrame()
    return Corrections(
        np.concatenate([before.positions[hidden], positions[touched]]),
        table,
        np.frombuffer(b"".join(gone)).reshape(-1, positions.shape[1]),
    )


def hidden_rows(before: Corrections, there: Collection[bytes], gone: Collection[bytes]) -> Flags:
    """Return which rows belong to points of the network that are neither on screen nor taken away."""
    if not len(before.features):
        return np.zeros(0, bool)
    away = [key not in there and key not in gone for key in row_keys(before.positions)]
    hidden: Flags = model_rows(before.features) & np.array(away, dtype=bool)
    return hidden


def stacked(upper: pd.DataFrame, lower: pd.DataFrame, like: pd.DataFrame | None = None) -> pd.DataFrame:
    """Put the rows of one table below those of another; columns are those of `lower`.

    A missing value makes a column of whole numbers one of decimals. It becomes whole again, as it is in the
    table `like`, when no value is missing any more.
    """
    columns = {}
    for name in lower.columns:
        above = upper[name] if name in upper else lower[name].iloc[:0].reindex(range(len(upper)))
        parts = [part for part in (above, lower[name]) if len(part)] or [lower[name]]
        column = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0].reset_index(drop=True)
        columns[name] = column if like is None or name not in like else restored(column, like[name])
    return pd.DataFrame(columns, index=pd.RangeIndex(len(upper) + len(lower)))


def restored(column: pd.Series, like: pd.Series) -> pd.Series:
    """Return `column` with the type of `like`, where that loses nothing."""
    if column.dtype == like.dtype or column.isna().any():
        return column
    try:
        whole = column.astype(like.dtype)
    except (ValueError, TypeError, OverflowError):
        return column
    same = all(one == other for one, other in zip(whole, column, strict=True))
    return whole if same else column


def blanked(features: pd.DataFrame, rows: Flags, names: Iterable[Hashable]) -> pd.DataFrame:
    """Return the table without the values of these columns in the marked rows, whatever their types."""
    return features.assign(**{str(name): features[name].where(~rows) for name in names})


def by_hand(features: pd.DataFrame, rows: Flags, names: Iterable[Hashable], label: str = "") -> pd.DataFrame:
    """Return the table with the marked rows as points of a person, without the values of these columns.

    They get `label`, or keep their own if it is empty.
    """
    changed = blanked(features, rows, names)
    changed["source"] = np.where(rows, MANUAL, changed["source"].to_numpy(object))
    changed["score"] = changed["score"].where(~rows)
    if label:
        changed["label"] = np.where(rows, label, changed["label"].to_numpy(object))
    return changed
