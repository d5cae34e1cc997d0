"""The sentences of a comparison, as pure functions."""

from __future__ import annotations

from napari_sciml.app.compute import share_words
from napari_sciml.core.findings import Findings
from napari_sciml.core.provenance import Provenance
from napari_sciml.layers.disagreement_layer import SIGNS
from napari_sciml.layers.disagreements import FIRST, KIND, OTHER, SECOND, WHAT, Comparison, Count, alone


def name_of(findings: Findings) -> str:
    """Give what computed a result, in a few words."""
    record = findings.provenance
    return record.backend if record.network is None else record.network.label


def summary(comparison: Comparison) -> str:
    """Say how far two results agree.

    For example: float32 and int8 agree on 1,880 of 1,882 fibres (99.89 %); 1 only float32, 1 only int8.
    """
    first, second = comparison.names
    parts = [_part(count, comparison.names) for count in comparison.counts]
    if not parts:
        return f"{first} and {second} cannot be compared: the results have nothing in common."
    return f"{first} and {second} agree {'; and '.join(parts)}."


def _part(count: Count, names: tuple[str, str]) -> str:
    if not count.total:
        return f"that there are no {count.things}"
    if count.agreed == count.total:
        return f"on all {count.total:,} {count.things}"
    words = (
        f"on {count.agreed:,} of {count.total:,} {count.things} ({share_words(count.agreed / count.total)})"
    )
    parts = [
        (count.first, alone(names[0])),
        (count.second, alone(names[1])),
        (count.other, "called otherwise"),
    ]
    return f"{words}; {', '.join(f'{number:,} {what}' for number, what in parts if number)}"


def legend(comparison: Comparison) -> str:
    """Say what the symbols on the image mean; nothing where none is drawn."""
    kinds = set(comparison.table[KIND])
    words = {FIRST: alone(comparison.names[0]), SECOND: alone(comparison.names[1]), OTHER: "called otherwise"}
    return "   ".join(f"{SIGNS[kind]} {words[kind]}" for kind in (FIRST, SECOND, OTHER) if kind in kinds)


def place_words(comparison: Comparison, row: int) -> str:
    """Say which difference is looked at: its number, what it is and both scores."""
    table = comparison.table
    one = table.iloc[row]
    scores = [
        f"{name} {'-' if one[column] != one[column] else format(one[column], '.2f')}"
        for name, column in zip(comparison.names, comparison.scores, strict=True)
    ]
    return f"{row + 1} of {len(table):,}: {one[WHAT]} (scores: {', '.join(scores)})"


def fell_back(record: Provenance, name: str) -> str:
    """Say why there is nothing to compare: something else ran than was asked for, or the same again."""
    why = f" {record.problems[0].rstrip('.')}." if record.problems else ""
    return f"There is nothing to compare: both results were computed by {name}.{why}"
