"""What a program can see of the style guide: how docstrings begin, that numbers are explained, old words."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import napari_sciml

FILES = sorted(
    [
        *Path(napari_sciml.__file__).parent.rglob("*.py"),
        *(Path(__file__).parents[2] / "reproduce").glob("*.py"),
    ]
)
OPAQUE = ("Give ", "Gives ", "Say ", "Says ", "Tell ", "Tells ")
"""First words that leave open whether something is returned, written or shown."""

RETIRED = {
    *("lens", "lenses", "fineness", "errand", "wish", "wishes", "keeper", "follower", "outlook", "relief"),
    *("decoy", "decoys", "proof", "proofs", "workbench", "rolling", "variety"),
}
"""Words that once stood in names where the field, or software, has another; the glossary has those."""


def is_number(value: ast.expr) -> bool:
    """Whether an expression is a number, a tuple with one in it or a call of numbers only."""
    match value:
        case ast.Constant(value=bool()):
            return False
        case ast.Constant(value=int() | float()):
            return True
        case ast.UnaryOp(operand=inner):
            return is_number(inner)
        case ast.BinOp(left=left, right=right):
            return is_number(left) or is_number(right)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return any(map(is_number, parts))
        case ast.Call(args=[*parts]) if parts:
            return all(map(is_number, parts))
    return False


def silent_constants(source: str) -> Iterator[str]:
    """Yield the numeric constants of a module that no docstring follows."""
    body = ast.parse(source).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        match node:
            case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=value):
                names = [part.id for part in ast.walk(target) if isinstance(part, ast.Name)]
            case _:
                continue
        if value is None or not names or not names[0].lstrip("_").isupper() or not is_number(value):
            continue
        match after:
            case ast.Expr(value=ast.Constant(value=str())):
                pass
            case _:
                yield names[0]


def opaque_docstrings(source: str) -> Iterator[str]:
    """Yield the functions that return something and whose docstring does not begin by saying so."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            returns = ast.unparse(node.returns) != "None"
            if returns and (ast.get_docstring(node) or "").startswith(OPAQUE):
                yield node.name


def retired_words(source: str) -> Iterator[str]:
    """Yield the names that hold one of the words that are not used any more."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME:
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", token.string).lower().split("_")
            if RETIRED & {*words}:
                yield token.string


@pytest.mark.parametrize("check", [silent_constants, opaque_docstrings, retired_words])
def test_the_house_style(check):
    wrong = {file: list(check(file.read_text(encoding="utf-8"))) for file in FILES}
    assert not any(wrong.values()), "\n".join(f"{file}: {names}" for file, names in wrong.items() if names)


def test_the_check_would_notice():
    source = 'A = 3\nB = (1, 2)\n"""Pixels."""\nC = -1.5 * 2\nD: int = 4\n"""Frames."""\ne = 5\nF = True\n'
    assert list(silent_constants(source)) == ["A", "C"]
    functions = 'def f() -> int:\n    """Give 3."""\ndef g() -> None:\n    """Say it."""'
    assert list(opaque_docstrings(functions)) == ["f"]
    assert list(retired_words("def lens_of(x): return KeeperOf(x) or lenses2")) == ["lens_of", "KeeperOf"]
