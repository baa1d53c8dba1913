"""YAML with the lines of its parts."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, ConfigDict

from xadapt.errors import XadaptError
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


def fault(folder: Path, text: str) -> str:
    path = write(folder, text)
    with pytest.raises(XadaptError) as caught:
        read_yaml(path, "it is a mapping").validated(Outer)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


def test_a_misspelt_key_is_answered_with_the_nearest_one_of_its_own_level(tmp_path: Path) -> None:
    assert fault(tmp_path, "name: a\nbudgts: {}\n") == ":2: budgts: unknown key 'budgts': did you mean 'budgets'?"
    nested = fault(tmp_path, "name: a\nbudgets:\n  mnli:\n    epohcs: 1\n")
    assert nested == ":4: budgets.mnli.epohcs: unknown key 'epohcs': did you mean 'epochs'?"


def test_a_misspelt_key_goes_before_the_one_that_is_missing_because_of_it(tmp_path: Path) -> None:
    assert fault(tmp_path, "budgets: {}\nnaem: a\n") == ":2: naem: unknown key 'naem': did you mean 'name'?"


def test_a_missing_key_and_a_wrong_value_are_named_with_their_line(tmp_path: Path) -> None:
    assert fault(tmp_path, "\nbudgets: {}\n") == ":2: name: it is missing"
    message = fault(tmp_path, "name: a\nbudgets:\n  mnli: {epochs: two}\n")
    assert message.startswith(":3: budgets.mnli.epochs: input should be a valid integer")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name: a\nname: b\n", 2),
        ("name: a\nbudgets:\n  mnli: {epochs: 1}\n  mnli: {epochs: 2}\n", 4),
        ("- {a: 1, a: 2}\n", None),
    ],
)
def test_a_key_that_is_given_twice_is_refused(tmp_path: Path, text: str, line: int | None) -> None:
    message = fault(tmp_path, text)
    assert (f":{line}: " in message and "is given twice" in message) if line else "it is a mapping" in message


def test_a_file_that_contains_itself_ends_in_one_line(tmp_path: Path) -> None:
    assert fault(tmp_path, "name: a\nbudgets: &b {mnli: *b}\n").startswith(":2: ")


def test_the_base_loader_leaves_every_value_as_it_stands(tmp_path: Path) -> None:
    file = read_yaml(write(tmp_path, "languages: [de, no]\nlabels: [1, 2.50]\n"), "", yaml.BaseLoader)
    assert file.content == {"languages": ["de", "no"], "labels": ["1", "2.50"]}
