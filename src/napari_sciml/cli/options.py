"""Options made from a pydantic model, so that a setting is described in one place only."""

from __future__ import annotations

import enum
import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from napari_sciml.core.backend_options import OneOf


def with_options(kind: type[BaseModel]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add to a command one option for each field of `kind`; they arrive as the argument ``settings``.

    The command receives only the values that were given: defaults and ranges stay with the model.

    Parameters
    ----------
    kind
        The pydantic model. ``fiber_diameter_px`` becomes ``--fiber-diameter-px``.
    """

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        own = [
            parameter
            for name, parameter in inspect.signature(command, eval_str=True).parameters.items()
            if name != "settings"
        ]
        options = [option(name, field) for name, field in kind.model_fields.items()]

        def call(**values: Any) -> None:
            given = {name: plain(values.pop(name)) for name in kind.model_fields}
            settings = {name: value for name, value in given.items() if value is not None}
            command(**values, settings=settings)

        call.__doc__ = command.__doc__
        call.__name__ = command.__name__
        call.__annotations__ = {p.name: p.annotation for p in (*own, *options)}
        call.__signature__ = inspect.Signature([*own, *options])  # type: ignore[attr-defined]
        return call

    return wrap


def option(name: str, field: FieldInfo) -> inspect.Parameter:
    """Make the option of one field: its name, its type, and its description with range and default."""
    words = [field.description or ""]
    if limits := limits_of(field):
        words.append(f"Range: {limits}.")
    if field.default is not None:
        words.append(f"Default: {field.default}.")
    flag = name.replace("_", "-")
    yes_or_no = field.annotation is bool
    accepts = accepted(name, field.annotation)
    if choices := choices_of(field):
        accepts = enumerated(name, choices)
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=typer.Option(
            None,
            f"--{flag}/--no-{flag}" if yes_or_no else f"--{flag}",
            help=" ".join(words),
            show_default=False,
        ),
        annotation=accepts | None,
    )


def accepted(name: str, annotation: Any) -> Any:
    """Return the type that typer parses for a field's annotation."""
    if get_origin(annotation) in (Union, types.UnionType):
        (annotation,) = (part for part in get_args(annotation) if part is not type(None))
    if annotation is Any:
        # Only files can be named on a command line, whatever else a script may give.
        return str
    if get_origin(annotation) is tuple and get_args(annotation)[-1] is Ellipsis:
        # The option may be given several times.
        return list[accepted(name, get_args(annotation)[0])]  # type: ignore[misc]
    if get_origin(annotation) is Literal:
        return enumerated(name, get_args(annotation))
    return annotation


def enumerated(name: str, values: Sequence[Any]) -> Any:
    """Return the type of an option that takes one of these values."""
    return enum.Enum(name, {str(value): str(value) for value in values})


def choices_of(field: FieldInfo) -> list[str]:
    """Return what a field takes where that is known only now; nothing for other fields."""
    return [name for rule in field.metadata if isinstance(rule, OneOf) for name in rule.names()]


def limits_of(field: FieldInfo) -> str:
    """Return which numbers a field takes: ``from 2 to 400``; empty if any."""
    signs: Mapping[str, str] = {"ge": "from", "gt": "above", "le": "to", "lt": "below"}
    found = [
        f"{sign} {getattr(rule, name):g}"
        for rule in field.metadata
        for name, sign in signs.items()
        if getattr(rule, name, None) is not None
    ]
    return " ".join(found)


def plain(value: Any) -> Any:
    """Return a choice as the text that stands for it, an option that was not given as None."""
    if isinstance(value, list):
        return tuple(plain(one) for one in value) or None
    return value.value if isinstance(value, enum.Enum) else value
