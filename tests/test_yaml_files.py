"""YAML with the lines of its parts."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from tests.error_checks import refused
from xadapt.yaml_files import read_yaml


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    epochs: int | None = None


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    budgets: dict[str, Inner | None] = {}


def write(folder: Path, text: str) -> Path:
    path = folder / "some.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def check_refused(folder: Path, text: str, *subjects: str) -> None:
    """Check that a file is refused in one line that names it and what is wrong."""
    path = write(folder, text)
    with refused(path, *subjects):
        read_yaml(path, "it is a mapping").validated(Outer)


def test_a_misspelt_key_is_answered_with_the_nearest_one_of_its_own_level(tmp_path: Path) -> None:
    check_refused(tmp_path, "name: a\nbudgts: {}\n", "some.yaml:2: budgts", "did you mean 'budgets'")
    nested = "name: a\nbudgets:\n  mnli:\n    epohcs: 1\n"
    check_refused(tmp_path, nested, "some.yaml:4: budgets.mnli.epohcs", "did you mean 'epochs'")


def test_a_misspelt_key_goes_before_the_one_that_is_missing_because_of_it(tmp_path: Path) -> None:
    check_refused(tmp_path, "budgets: {}\nnaem: a\n", "some.yaml:2: naem", "did you mean 'name'")


def test_a_missing_key_and_a_wrong_value_are_named_with_their_line(tmp_path: Path) -> None:
    check_refused(tmp_path, "\nbudgets: {}\n", "some.yaml:2: name", "missing")
    wrong = "name: a\nbudgets:\n  mnli: {epochs: two}\n"
    check_refused(tmp_path, wrong, "some.yaml:3: budgets.mnli.epochs", "integer", "'two'")


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("name: a\nname: b\n", ("some.yaml:2: ", "'name'", "keep one")),
        ("name: a\nbudgets:\n  mnli: {epochs: 1}\n  mnli: {epochs: 2}\n", ("some.yaml:4: ", "'mnli'", "keep one")),
        ("- {a: 1, a: 2}\n", ("some.yaml:1: ", "keep one")),
    ],
)
def test_a_key_that_is_given_twice_is_refused(tmp_path: Path, text: str, subjects: tuple[str, ...]) -> None:
    check_refused(tmp_path, text, *subjects)


def test_a_file_that_contains_itself_ends_in_one_line(tmp_path: Path) -> None:
    check_refused(tmp_path, "name: a\nbudgets: &b {mnli: *b}\n", "some.yaml:2: ")


def test_values_can_stay_as_they_are_written(tmp_path: Path) -> None:
    file = read_yaml(write(tmp_path, "languages: [de, no]\nlabels: [1, 2.50]\n"), "", texts=True)
    assert file.content == {"languages": ["de", "no"], "labels": ["1", "2.50"]}


def test_a_wrong_value_names_the_line_where_it_stands_though_another_was_merged_below_it(tmp_path: Path) -> None:
    merged = "name: a\nbudgets:\n  one: &one {epochs: 1}\n  two:\n    <<: *one\n    epochs: two\n"
    check_refused(tmp_path, merged, "some.yaml:6: budgets.two.epochs", "'two'")


def test_a_long_key_and_a_long_value_are_cut(tmp_path: Path) -> None:
    for text in (f"name: a\n{'k' * 5000}: 1\n", f"name: a\nbudgets: {'v' * 5000}\n"):
        path = write(tmp_path, text)
        with refused(f"{path}:2: ") as refusal:
            read_yaml(path, "it is a mapping").validated(Outer)
        assert len(refusal.text) < len(str(path)) + 400


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, "name: a\n" + "# more\n" * 200_000)
    with refused(path, "too large"):
        read_yaml(path, "it is a mapping")
