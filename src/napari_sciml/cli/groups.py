"""Commands with one subcommand for each technique, made only when asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperGroup

from napari_sciml.techniques import get_technique, specs

Command = Callable[..., None]


def having(part: str) -> Callable[[], list[str]]:
    """Return what lists the techniques whose spec has this part, such as ``training``."""
    return lambda: [name for name, spec in specs().items() if getattr(spec, part)]


def technique_group(help_text: str, make: Callable[[str], Command], names: Callable[[], list[str]]) -> Any:
    """Make a group such as ``run``, whose subcommands are techniques.

    Parameters
    ----------
    help_text
        What the group does.
    make
        Gives the function behind the subcommand of a technique.
    names
        Gives the techniques on offer.
    """

    class TechniqueGroup(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return names()

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if cmd_name not in names():
                # Says which there are, as everywhere else.
                get_technique(cmd_name)
                return None
            single = typer.Typer(add_completion=False, rich_markup_mode=None)
            single.command(cmd_name)(make(cmd_name))
            return typer.main.get_command(single)

    group = typer.Typer(cls=TechniqueGroup, help=help_text, no_args_is_help=True, rich_markup_mode=None)

    @group.callback()
    def choose() -> None:
        pass

    choose.__doc__ = help_text
    return group
