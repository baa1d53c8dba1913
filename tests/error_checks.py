"""How a test holds an error: its exit code, what it names, and that it says what to do, whatever the wording."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from xadapt.errors import XadaptError


class Refusal:
    """What was refused; filled in when the block has ended.

    Attributes:
        error: The error.
    """

    error: XadaptError

    @property
    def text(self) -> str:
        """Its one line."""
        return str(self.error)


@contextmanager
def refused(*subjects: object, advice: str = "", code: int = 2) -> Iterator[Refusal]:
    """Check that a block is refused in one line that a person can act on.

    Args:
        subjects: What the line must name: a file, a line, an option, a value.
        advice: What it must say to do, or a word of that.
        code: The exit code that it has on the command line: 2 for bad input, 1 for a failed run.
    """
    refusal = Refusal()
    with pytest.raises(XadaptError) as caught:
        yield refusal
    refusal.error = caught.value
    assert caught.value.exit_code == code, f"exit code {caught.value.exit_code}: {caught.value}"
    check_line(str(caught.value), *subjects, advice=advice)


def check_refusal(code: int, err: str, *subjects: object, advice: str = "", failed: bool = False) -> None:
    """Check what a refused command printed on standard error.

    Args:
        code: Its exit code.
        err: Its standard error; the last line is the error.
        subjects: What the error must name.
        advice: What it must say to do, or a word of that.
        failed: Whether a run failed, with exit code 1, and not the input.
    """
    assert code == (1 if failed else 2), f"exit code {code}: {err}"
    lines = err.strip().splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert errors == lines[-1:], f"not one error at the end: {err}"
    check_line(errors[0], *subjects, advice=advice)


def check_line(text: str, *subjects: object, advice: str = "") -> None:
    """Check that a line is one line, names its subjects and gives the advice, in any case of letters."""
    assert len(text.splitlines()) == 1, f"not one line: {text!r}"
    for wanted in (*map(str, subjects), advice):
        assert wanted.lower() in text.lower(), f"{wanted!r} is not in {text!r}"
