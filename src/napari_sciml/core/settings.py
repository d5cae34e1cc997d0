"""Settings that every run takes. One pydantic model gives the form, the tooltip, the option and the docs."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from napari_sciml.core.backend_options import CodebookOptions
from napari_sciml.core.errors import SciMLError


class RunSettings(CodebookOptions):
    """What any technique can be told, and what computes; each technique adds its own fields."""

    model: str | None = Field(
        None, description="A model's name or folder; empty means the technique's own model."
    )
    threshold: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        description="Lowest score that counts. Raise it for fewer, surer finds; 0 returns every candidate.",
    )


Settings = TypeVar("Settings", bound=BaseModel)


def parse_settings(kind: type[Settings], values: dict[str, Any]) -> Settings:
    """Build settings of `kind` from plain values, turning pydantic's report into one sentence.

    Raises
    ------
    SciMLError
        For an unknown name or a value outside its range.
    """
    unknown = sorted(set(values) - set(kind.model_fields))
    if unknown:
        known = ", ".join(sorted(kind.model_fields))
        raise SciMLError(f"There is no setting called {', '.join(unknown)}", f"use one of {known}")
    try:
        return kind(**values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "settings"
        raise SciMLError(
            f"The setting {where}={first.get('input')!r} is not valid",
            str(first["msg"]).lower().removeprefix("value error, "),
        ) from error


def with_values(settings: Settings, values: dict[str, Any]) -> Settings:
    """Return `settings` with some values replaced and checked.

    Raises
    ------
    SciMLError
        For an unknown name or a value outside its range.
    """
    return parse_settings(type(settings), {**dict(settings), **values})
