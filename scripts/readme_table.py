"""Write the accuracy table of the README from the model cards, between its two markers.

``make readme`` writes it; a test fails if the README and the cards say different things.
"""

from __future__ import annotations

from pathlib import Path

from napari_sciml.networks.card import Metric, ModelCard
from napari_sciml.networks.registry import get_model, model_names

README = Path(__file__).parents[1] / "README.md"
START = "<!-- accuracy: written by `make readme` from the model cards -->"
END = "<!-- end of accuracy -->"
TITLES = ("microct", "diffraction", "gisaxs", "cryoem")
IN_README = {
    "diffraction": (
        *(
            (split, what)
            for split in ("unseen crystals", "unseen detector")
            for what in (
                *("tile recall", "tile precision", "tile balanced accuracy", "tile accuracy"),
                *("frame recall", "frame specificity"),
            )
        ),
        ("clean blanks", "false tiles"),
        ("blanks", "false hits"),
        ("artefact frames", "false hits"),
        ("real frame, no tuning", "tiles with a classical peak found"),
        ("real frame, spots painted out", "false tiles"),
    ),
    "gisaxs": (
        ("simulated, many devices", "accuracy"),
        ("simulated, many devices", "accuracy where not unknown"),
        ("simulated, many devices", "expected calibration error"),
        *((split, "accuracy") for split in ("dataset 1", "dataset 2", "dataset 1 (noisy)")),
        *(
            (split, "AUROC")
            for split in ("form factor only", "powder rings", "empty", "wrong window", "real films")
        ),
        ("spots of rightly named films", "distance within 4%"),
        *((f"images of {who}", "accuracy") for who in ("BornAgain", "BornAgain, counted", "2016")),
    ),
    "cryoem": (
        *(
            (f"simulated, {what}", "average precision")
            for what in (
                "all conditions",
                *(f"carbon and junk, SNR {snr}" for snr in ("1", "0.2", "0.05")),
            )
        ),
        *(
            (f"real, {what}", "average precision")
            for what in (
                "all 4, zero-shot, IoU at least 1/2",
                "zero-shot, micrographs that played no part in any choice",
                "fine-tuned on two, tested on two",
            )
        ),
        ("paper protocol", "accuracy"),
        *((f"SNR {snr}, CTF known", "accuracy") for snr in ("inf", "1", "0.3", "0.1", "0.05", "0.02")),
        *((f"pure noise, {lens}", "called none of the 84") for lens in ("CTF known", "CTF not known")),
    ),
}
"""Rows shown in the README where a technique has many; the others stand in the documentation."""


def main() -> None:
    """Write the table into the README."""
    old = README.read_text(encoding="utf-8")
    README.write_text(with_table(old, accuracy_table()), encoding="utf-8")


def with_table(text: str, table: str) -> str:
    """Return `text` with `table` between the markers."""
    before, rest = text.split(START)
    _, after = rest.split(END)
    return f"{before}{START}\n\n{table}\n{END}{after}"


def accuracy_table(*, every: bool = False) -> str:
    """Return a table for each technique: the figures of its shipped models, one row for each question.

    Parameters
    ----------
    every
        Give all figures, not only those of `IN_README`.
    """
    cards = [ModelCard.model_validate(get_model(name).card) for name in model_names()]
    techniques = dict.fromkeys(card.technique for card in cards)
    parts = []
    for technique in sorted(techniques, key=TITLES.index):
        wanted = None if every else IN_README.get(technique)
        here = [card for card in cards if card.technique == technique]
        parts.append(f"**{technique}**\n\n{technique_table(here, wanted)}")
    return "\n".join(parts)


def technique_table(cards: list[ModelCard], wanted: tuple[tuple[str, str], ...] | None) -> str:
    """Return one table; `wanted` names the rows (split, metric), None gives all."""
    found: dict[tuple[str, str], dict[str, Metric]] = {}
    for card in cards:
        for metric in card.metrics:
            found.setdefault((metric.split, metric.name), {})[card.name] = metric
    head = ["measured on", "what", *(f"`{card.name}`" for card in cards), "simple method"]
    rows = [head, ["---"] * len(head)]
    for split, what in found if wanted is None else wanted:
        by_model = found[split, what]
        figures = [figure(by_model.get(card.name)) for card in cards]
        baselines = {f"{m.baseline:.4f}" for m in by_model.values() if m.baseline is not None}
        # Where the simple method has rows of its own, its figure stands there.
        simple = found.get((f"{split}, classical finder", what), {}).values()
        baselines |= {figure(metric) for metric in simple}
        rows.append([split, what, *figures, ", ".join(sorted(baselines))])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def figure(metric: Metric | None) -> str:
    """Return a value with its interval, or nothing where nothing was measured."""
    if metric is None:
        return ""
    return f"{metric.value:.4f} ({metric.low:.4f} to {metric.high:.4f})"


if __name__ == "__main__":
    main()
