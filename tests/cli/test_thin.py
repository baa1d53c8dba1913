"""The command line parses, calls and prints: its functions are short, and what computes is imported in them alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import xadapt.cli

FILES = sorted(Path(xadapt.cli.__file__).parent.glob("*.py"))
LONGEST = 40
LIGHT = ("errors", "outside_text", "tasks", "cli")


def functions(file: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef):
            yield node


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_function_is_long(file: Path) -> None:
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions(file)}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_module_imports_no_other_room_before_a_command_runs(file: Path) -> None:
    imported: list[str] = []
    # What is imported for types alone is inside an `if`.
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            imported.append(str(node.module))
        elif isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
    rooms = {name.split(".")[1] for name in imported if name.startswith("xadapt.")}
    assert rooms <= set(LIGHT)


def test_a_command_calls_the_session_once() -> None:
    commands = [node for file in FILES for node in functions(file) if node.args.args[:1] and is_lab(node)]
    assert len(commands) > 10
    for command in commands:
        calls = [node for node in ast.walk(command) if isinstance(node, ast.Call) and is_verb(node)]
        branches = sum(isinstance(node, ast.If) for node in command.body)
        assert len(calls) <= 1 + branches, command.name


def is_lab(function: ast.FunctionDef) -> bool:
    return function.args.args[0].arg == "lab" and bool(function.decorator_list)


def is_verb(call: ast.Call) -> bool:
    return (
        isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == "lab"
    )
