"""Rows that are learnt from do not choose a checkpoint, and are named where they are tested."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.data.own_files import sentiment, write_csv, write_jsonl, write_tags
from tests.error_checks import check_line, refused
from xadapt.data.own_tasks import declare


def notes_of(path: Path) -> list[str]:
    """What is said while a declaration is read."""
    said: list[str] = []
    declare(path, said.append)
    return said


def test_files_of_different_rows_are_taken_without_a_word(folder: Path) -> None:
    assert notes_of(folder / "my.yaml") == []


def test_one_file_for_both_is_refused(declare_with: Callable[..., Path]) -> None:
    with refused("my.yaml:5: dev", "16 of 16", "train.csv, row 0"):
        declare(declare_with(("dev.csv", "train.csv")))
    with refused("my.yaml:5: dev", "16 of 16"):
        declare(declare_with(("dev.csv", "../mine/train.csv")))


@pytest.mark.parametrize(
    "make", [Path.symlink_to, Path.hardlink_to, lambda new, old: new.write_bytes(old.read_bytes())]
)
def test_a_link_and_a_copy_are_the_same_file(folder: Path, make: Callable[[Path, Path], object]) -> None:
    (folder / "dev.csv").unlink()
    make(folder / "dev.csv", folder / "train.csv")
    with refused("my.yaml:5: dev", "16 of 16"):
        declare(folder / "my.yaml")


def test_mostly_the_same_rows_in_another_format_and_order_are_refused(
    folder: Path, declare_with: Callable[..., Path]
) -> None:
    write_jsonl(folder / "dev.jsonl", [*reversed(sentiment(16)), *sentiment(10, 100)])
    with refused("my.yaml:5: dev", "16 of 26", "dev.jsonl, row 0"):
        declare(declare_with(("dev.csv", "dev.jsonl")))


def test_a_few_shared_rows_are_counted_and_the_first_is_named(folder: Path) -> None:
    write_csv(folder / "dev.csv", [*sentiment(10, 100), *sentiment(2)])
    (note,) = notes_of(folder / "my.yaml")
    check_line(note, "2 of 12 dev rows", "dev.csv, row 10")


def test_another_label_makes_no_other_row(folder: Path) -> None:
    other = {"good": "bad", "bad": "good"}
    write_csv(folder / "dev.csv", [{**row, "stars": other[row["stars"]]} for row in sentiment(16)])
    with refused("16 of 16"):
        declare(folder / "my.yaml")


def test_test_rows_that_are_learnt_are_named(folder: Path) -> None:
    write_jsonl(folder / "test-de.jsonl", [*sentiment(8, 200), *sentiment(2)])
    (note,) = notes_of(folder / "my.yaml")
    check_line(note, "2 of 10 test rows", "test-de.jsonl, row 8")


def test_a_trial_of_a_few_rows_is_told_and_not_refused(tmp_path: Path) -> None:
    write_tags(tmp_path / "a.conll", [[("lo", "O"), ("Zama", "B-PER")], [("tu", "O")]])
    path = tmp_path / "one.yaml"
    path.write_text("name: one\nproblem: tagging\ntrain: a.conll\ndev: a.conll\n", encoding="utf-8")
    (note,) = notes_of(path)
    check_line(note, "2 of 2 dev rows")


def test_the_same_question_over_another_text_is_another_row(tmp_path: Path) -> None:
    def rows(name: str, text: str) -> None:
        answers = {"text": ["Ann"], "answer_start": [text.index("Ann")]}
        write_jsonl(
            tmp_path / name,
            [{"id": "1", "question": "who?", "context": text, "answers": answers}],
        )

    rows("a.jsonl", "Ann did.")
    rows("b.jsonl", "It was Ann.")
    path = tmp_path / "one.yaml"
    path.write_text("name: one\nproblem: span-qa\ntrain: a.jsonl\ndev: b.jsonl\n", encoding="utf-8")
    assert notes_of(path) == []
