"""The sentences of a comparison, as pure functions."""

from __future__ import annotations

from pathlib import Path

from napari_sciml.app.base.backend_choices import share_text
from napari_sciml.core.provenance import Provenance
from napari_sciml.layers.disagreement_layer import SIGNS
from napari_sciml.layers.disagreements import FIRST, KIND, OTHER, SECOND, WHAT, Comparison, Count, alone

NO_BREAK = "\u00a0"


def label_of(record: Provenance) -> str:
    """Return what computed a result, as its record says it."""
    return record.backend if record.network is None else record.network.label


def names_of(first: Provenance, second: Provenance) -> tuple[str, str] | None:
    """Name two results by what computed them, as shortly as tells them apart; None if that is the same."""
    labels = (label_of(first), label_of(second))
    short = (_short(first, labels[0]), _short(second, labels[1]))
    for names in (short, labels):
        if names[0] != names[1]:
            return names
    return None


def _short(record: Provenance, label: str) -> str:
    """Return the beginning of a label, or the name of the codebook file that was used."""
    file = record.settings.get("codebook")
    return Path(file).stem if file and record.backend == "codebook" else label.split(",")[0]


def summary(comparison: Comparison) -> str:
    """Return how far two results agree.

    For example: float32 and int8 agree on 1,880 of 1,882 fibres (99.89 %); 1 only with float32, 1 only
    with int8.
    """
    first, second = comparison.names
    parts = [_part(count, comparison.names) for count in comparison.counts]
    if not parts:
        return f"{first} and {second} cannot be compared: the results have nothing in common."
    joint = "; and " if any(";" in part for part in parts) else " and "
    return f"{first} and {second} agree {joint.join(parts)}."


def _part(count: Count, names: tuple[str, str]) -> str:
    if not count.total:
        return f"that there are no {count.things}"
    if count.agreed == count.total:
        return f"on all {count.total:,} {count.things}"
    words = (
        f"on {count.agreed:,} of {count.total:,} {count.things} ({share_text(count.agreed / count.total)})"
    )
    parts = [
        (count.first, f"only with {names[0]}"),
        (count.second, f"only with {names[1]}"),
        (count.other, "called otherwise"),
    ]
    return f"{words}; {', '.join(f'{number:,} {what}' for number, what in parts if number)}"


def legend(comparison: Comparison) -> str:
    """Return what the symbols on the image mean; nothing where none is drawn."""
    kinds = set(comparison.table[KIND])
    words = {FIRST: alone(comparison.names[0]), SECOND: alone(comparison.names[1]), OTHER: "called otherwise"}
    # A line may break between two symbols and never between one and its words.
    parts = [f"{SIGNS[kind]} {words[kind]}" for kind in (FIRST, SECOND, OTHER) if kind in kinds]
    return "   ".join(part.replace(" ", NO_BREAK) for part in parts)


def place_text(comparison: Comparison, row: int) -> str:
    """Return which difference is looked at: its number, what it is and both scores."""
    table = comparison.table
    one = table.iloc[row]
    scores = [
        f"{name} {'-' if one[column] != one[column] else format(one[column], '.2f')}"
        for name, column in zip(comparison.names, comparison.scores, strict=True)
    ]
    return f"{row + 1} of {len(table):,}: {one[WHAT]} (scores: {', '.join(scores)})"


def fell_back(record: Provenance) -> str:
    """Return why there is nothing to compare: something else ran than was asked for, or the same again."""
    why = f" {record.problems[0].rstrip('.')}." if record.problems else ""
    return f"There is nothing to compare: both results were computed by {label_of(record)}.{why}"
