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
    """Give every measured figure of every model that ships, as a Markdown table."""
    lines = [
        "| model | measured on | what | value (95 % interval) | cases | simple method |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in model_names():
        card = ModelCard.model_validate(get_model(name).card)
        lines += [row(name, metric) for metric in card.metrics]
    return "\n".join(lines) + "\n"


def row(model: str, metric: Metric) -> str:
    """Give the table row of one figure."""
    baseline = "" if metric.baseline is None else f"{metric.baseline:.4f}"
    cells = (
        f"`{model}`",
        metric.split,
        metric.name,
        f"{metric.value:.4f} ({metric.low:.4f} to {metric.high:.4f})",
        f"{metric.n:,}",
        baseline,
    )
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
