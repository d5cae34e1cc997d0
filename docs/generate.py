"""Write the reference tables from their one source each, so that they cannot go stale.

Settings come from the pydantic models, the command line from the typer application, the models and their
accuracy from the model cards.
"""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import typer
from calibration_plot import draw_calibration
from pydantic.fields import FieldInfo
from readme_table import accuracy_table, figure
from typer.testing import CliRunner

from napari_sciml import cli
from napari_sciml.backends import backend_specs
from napari_sciml.cli.options import choices_of
from napari_sciml.cli.variants import metrics_of, name_of
from napari_sciml.core.settings import RunSettings
from napari_sciml.networks.card import ModelCard
from napari_sciml.networks.registry import WEIGHTS_FOLDER, get_model, model_names
from napari_sciml.techniques import get_technique, specs, technique_names

HELP_WIDTH = 88
SCREENSHOTS = (
    *("panel.png", "sample.png", "result.png", "threshold.png", "corrected.png"),
    *("diffraction_panel.png", "diffraction_result.png"),
    *("cryoem_panel.png", "cryoem_picks.png", "cryoem_views.png", "cryoem_averages.png", "cryoem_map.png"),
    *("gisaxs_panel.png", "gisaxs_result.png", "gisaxs_simulate.png"),
    *("quantized_comparison.png", "quantized_codebook.png"),
)


SENSITIVITY = (
    "Agreement with float32 in %, averaged over the labels that float32 gives, when one part of a network is "
    "quantised after training and the rest stays exact.\n"
)


def write_all(folder: Path) -> None:
    """Write every generated page into `folder`."""
    folder.mkdir(exist_ok=True)
    write(folder / "settings.md", settings_sections())
    write(folder / "techniques.md", techniques_table())
    write(folder / "backends.md", backends_table())
    write(folder / "cli.md", cli_reference())
    write(folder / "models.md", models_pages())
    write(folder / "accuracy.md", accuracy_table(every=True))
    draw_calibration(folder / "calibration.png")
    write(folder / "table_v.md", table_v())
    write(folder / "low_bit.md", low_bit(folder))


def low_bit(folder: Path) -> str:
    """Return Tables VIII and IX, training on quantised data and the sensitivity of each model in pictures."""
    import pandas as pd

    from napari_sciml.training.quantisation import sweep
    from reproduce import low_bit_tables

    beside = WEIGHTS_FOLDER / "cryoem-orientation"
    eight, nine = (pd.read_csv(beside / f"table_{name}.csv") for name in ("viii", "ix"))
    low_bit_tables.picture(eight, folder / "table_viii.png")
    tests = pd.read_csv(beside / "figure_7_tests.csv")
    trained = (
        tests.fillna({"data_levels": 0}).groupby("data_levels")["accuracy"].agg(["mean", "min", "count"])
    )
    learned = table(
        ("levels of the data", "correct views, %, mean of the trainings", "worst", "trainings"),
        [
            (
                f"{levels:.0f}" if levels else "exact",
                f"{100 * row['mean']:.2f}",
                f"{100 * row['min']:.2f}",
                f"{row['count']:.0f}",
            )
            for levels, row in trained.iterrows()
        ],
    )
    swept = [WEIGHTS_FOLDER / name / "sensitivity.csv" for name in model_names()]
    parts = pd.concat([pd.read_csv(path) for path in swept], ignore_index=True)
    sweep.picture(parts, folder / "sensitivity.png")
    return "\n".join(
        (
            low_bit_tables.paper_of(eight, nine),
            "![Correct views over levels, each way.](table_viii.png)\n",
            "## Training on quantised data (the paper's Fig. 7)\n",
            learned,
            "## Which parts need more levels\n",
            SENSITIVITY,
            "![Agreement of every part of every model over levels.](sensitivity.png)\n",
        )
    )


def screenshots_exist(folder: Path) -> bool:
    """Return whether `make_screenshots.py` has run."""
    return all((folder / name).exists() for name in SCREENSHOTS)


def write(path: Path, text: str) -> None:
    """Write `text` unless it is there already, so that Sphinx does not build unchanged pages again."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return (
        "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        + "\n"
    )


def table_v() -> str:
    """Return the table of HOG and networks on the frozen sets, as it lies beside the models."""
    import pandas as pd

    rows = []
    for model, protocol in (("gisaxs-lattice-hipgisaxs", "hipgisaxs"), ("gisaxs-lattice", "physical")):
        measured = WEIGHTS_FOLDER / model / "table_v.csv"
        for row in pd.read_csv(measured).to_dict("records") if measured.exists() else []:
            spread = "" if pd.isna(row["spread_over_seeds"]) else f" ± {100 * row['spread_over_seeds']:.2f}"
            paper = "" if pd.isna(row["paper"]) else f"{100 * row['paper']:.2f}"
            value = f"{100 * row['accuracy']:.2f}{spread} ({100 * row['low']:.2f} to {100 * row['high']:.2f})"
            p = "" if row["method"].startswith("HOG") else f"{row['p_against_hog']:.2g}"
            rows.append((protocol, row["set"], row["method"], value, str(row["seeds"]), p, paper))
    head = ("protocol", "set", "method", "accuracy, % (95 %)", "seeds", "p against HOG", "paper, %")
    return table(head, rows)


def settings_sections() -> str:
    """Return one section for each technique with the table of its settings."""
    return "\n".join(
        f"## {name}\n\n{settings_table(get_technique(name).settings_type)}" for name in technique_names()
    )


def techniques_table() -> str:
    """Return one row for each technique: its name in calls, what it is, its models and its sample."""
    rows = []
    for name, spec in specs().items():
        found = ", ".join(f"`{model}`" for model in get_technique(name).models)
        rows.append((f"`{name}`", spec.title, found, "" if spec.sample is None else spec.sample.title))
    return table(("technique", "what it is", "models", "sample"), rows)


def backends_table() -> str:
    """Return one row for each backend: its name in calls, what it is, its settings and what it needs."""
    rows = [
        (
            f"`{spec.name}`",
            spec.title,
            ", ".join(f"`{name}`" for name in spec.option_names),
            ", ".join(spec.runtimes),
            spec.needs,
        )
        for spec in backend_specs()
    ]
    return table(("backend", "what it is", "settings", "runtimes", "needs"), rows)


def settings_table(kind: type[RunSettings]) -> str:
    """Return one row for each setting: name, what it takes, default, what it does."""
    rows = [
        (f"`{name}`", allowed(field), default(field), field.description or "")
        for name, field in kind.model_fields.items()
    ]
    return table(("setting", "takes", "default", "what it does"), rows)


def allowed(field: FieldInfo) -> str:
    """Return in words which values a field takes."""
    choices = choices_of(field)
    words = ", ".join(f"`{name}`" for name in choices) if choices else kind_of(field.annotation)
    for rule in field.metadata:
        for name, sign in (("ge", "from"), ("gt", "above"), ("le", "to"), ("lt", "below")):
            if (bound := getattr(rule, name, None)) is not None:
                words += f" {sign} {bound:g}"
    return words


def kind_of(annotation: Any) -> str:
    """Return in words what a type annotation admits."""
    if get_origin(annotation) in (Union, types.UnionType):
        return " or ".join(kind_of(part) for part in get_args(annotation) if part is not type(None))
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if get_origin(annotation) is tuple:
        return "two numbers"
    words = {int: "whole number", float: "number", str: "text", bool: "yes or no", Any: "file or array"}
    return words.get(annotation) or getattr(annotation, "__name__", str(annotation)).lower()


def default(field: FieldInfo) -> str:
    """Return the default as a person writes it."""
    return "empty" if field.default is None else f"`{field.default}`"


def cli_reference() -> str:
    """Return one section for each command, with the help that the command itself prints."""
    root: Any = typer.main.get_command(cli.app)
    return "\n".join(command_section(words) for words in command_words(root))


def command_words(root: Any) -> list[list[str]]:
    """Return the words of each command: ``[["demo"], ["run", "microct"], ...]``."""
    found: list[list[str]] = []
    for name in root.list_commands(None):
        command = root.get_command(None, name)
        inner = command.list_commands(None) if hasattr(command, "list_commands") else []
        found += [[name, sub] for sub in inner] or [[name]]
    return found


def command_section(words: list[str]) -> str:
    """Return the section of one command."""
    shown = CliRunner().invoke(
        cli.app,
        [*words, "--help"],
        prog_name="napari-sciml",
        terminal_width=HELP_WIDTH,
        env={"COLUMNS": str(HELP_WIDTH)},
    )
    if shown.exit_code != 0:
        raise RuntimeError(f"napari-sciml {' '.join(words)} --help failed: {shown.output}")
    return f"## {' '.join(words)}\n\n```text\n{shown.output.strip()}\n```\n"


def models_pages() -> str:
    """Return one section for each model: what it is, what it learned from, where not to trust it."""
    return "\n".join(model_section(ModelCard.model_validate(get_model(name).card)) for name in model_names())


def model_section(card: ModelCard) -> str:
    """Return the section of one model, with all its figures and how each was measured."""
    rows = [
        ("technique", card.technique),
        ("classes", ", ".join(f"`{name}`" for name in card.classes)),
        ("input", "a field of any size" if card.input is None else f"{card.input[0]} x {card.input[1]} px"),
        ("pixel values", card.normalisation),
        ("weights", f"{card.parameters:,} and {card.head_parameters:,} in the head"),
        ("trained on", card.trained_on),
        ("seeds", ", ".join(str(seed) for seed in card.seeds)),
        ("made by", f"`{card.command}`" if card.command else ""),
        ("limits", card.limits),
        ("licence", card.licence),
    ]
    figures = [(m.split, m.name, figure(m), f"{m.n:,}", m.note) for m in card.metrics]
    about = table(("property", "value"), [row for row in rows if row[1]])
    weights = table(("variant", "bytes", "agrees with float32, %", "made"), variant_rows(card))
    measured = table(("measured on", "what", "value (95 % interval)", "cases", "how"), figures)
    return f"## {card.name}\n\n{about}\n{weights}\n{measured}"


def variant_rows(card: ModelCard) -> list[tuple[str, ...]]:
    """Return one row for each set of weights: how large, how near to float32, and how it was made."""
    model = get_model(card.name)
    rows = []
    for variant in model.variants:
        name = name_of(model, variant)
        near = "; ".join(
            f"{100 * found.value:.2f} of {found.n:,} ({found.name})" for found in metrics_of(model, variant)
        )
        record = card.variants[name]
        made = "; ".join(
            part for part in (record.note, f"`{record.command}`" if record.command else "") if part
        )
        rows.append((f"`{name}`", f"{variant.size_bytes:,}", near, made))
    return rows
