"""The page on Python is run as it stands."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
from pathlib import Path

import pytest

import xadapt

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
#: Scores differ between machines; what is shown as a decimal number may be any other.
DECIMAL = re.compile(r"\d+\.\d+")


class _Shapes(doctest.OutputChecker):
    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return super().check_output(DECIMAL.sub("1.0", want), DECIMAL.sub("1.0", got), optionflags)


def _shown() -> str:
    """The page's examples alone, each on its line."""
    lines, inside = [], False
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            inside = line == "```pycon"
            lines.append("")
        else:
            lines.append(line if inside else "")
    return "\n".join(lines)


@pytest.mark.slow
def test_the_page_works_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples = doctest.DocTestParser().get_doctest(_shown(), {}, PAGE.name, str(PAGE), 0)
    assert len(examples.examples) > 20
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    done = doctest.DocTestRunner(_Shapes(), optionflags=flags).run(examples)
    assert done == doctest.TestResults(failed=0, attempted=len(examples.examples))


def test_the_calls_that_readme_shows_fit_the_session() -> None:
    text = (PAGE.parents[1] / "README.md").read_text(encoding="utf-8")
    shown = text.split("## From Python\n")[1].split("```python\n")[1].split("```")[0]
    calls = [
        node
        for node in ast.walk(ast.parse(shown))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "lab"
    ]
    assert len(calls) > 7
    for call in calls:
        method = getattr(xadapt.Session, ast.unparse(call.func).removeprefix("lab."))
        named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        inspect.signature(method).bind(None, *call.args, **named)
