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


def main() -> None:
    """Write the table into the README."""
    old = README.read_text(encoding="utf-8")
    README.write_text(with_table(old, accuracy_table()), encoding="utf-8")


def with_table(text: str, table: str) -> str:
    """Give `text` with `table` between the markers."""
    before, rest = text.split(START)
    _, after = rest.split(END)
    return f"{before}{START}\n\n{table}\n{END}{after}"


def accuracy_table() -> str:
    """Give every measured figure of the models that ship, one row for each question."""
    cards = [ModelCard.model_validate(get_model(name).card) for name in model_names()]
    found: dict[tuple[str, str], dict[str, Metric]] = {}
    for card in cards:
        for metric in card.metrics:
            found.setdefault((metric.split, metric.name), {})[card.name] = metric
    head = ["measured on", "what", *(f"`{card.name}`" for card in cards), "simple method"]
    rows = [head, ["---"] * len(head)]
    for (split, what), by_model in found.items():
        figures = [figure(by_model.get(card.name)) for card in cards]
        baselines = {f"{m.baseline:.4f}" for m in by_model.values() if m.baseline is not None}
        rows.append([split, what, *figures, ", ".join(sorted(baselines))])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def figure(metric: Metric | None) -> str:
    """Give a value with its interval, or nothing where nothing was measured."""
    if metric is None:
        return ""
    return f"{metric.value:.4f} ({metric.low:.4f} to {metric.high:.4f})"


if __name__ == "__main__":
    main()
