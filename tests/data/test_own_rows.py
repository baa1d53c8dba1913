"""Rows of a user's own task against its declaration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.data.own_files import sentiment, write_csv, write_jsonl, write_tags
from tests.error_checks import refused
from tests.mirror_rows import write_parquet
from xadapt.data.own_tasks import declare, open_task
from xadapt.data.source import Source
from xadapt.tasks import Catalogue


def check_refused(path: Path, *subjects: object) -> None:
    """Check that a declaration is refused in one line that names its file and what is wrong."""
    with refused(f"{path}:", *subjects):
        declare(path)


def test_labels_that_are_left_out_are_those_of_the_training_rows_in_order(folder: Path) -> None:
    assert declare(folder / "my.yaml").task().kind.labels == ("bad", "good")


def test_labels_that_are_numbers_are_ordered_as_numbers_and_read_alike_from_csv_and_jsonl(
    folder: Path, declare_with: Callable[..., Path], store: Any
) -> None:
    stars = [10, 9, -1]
    write_csv(folder / "train.csv", [{"text": "a", "stars": star} for star in stars])
    write_csv(folder / "dev.csv", [{"text": "a", "stars": 9}])
    write_jsonl(folder / "test-xq.jsonl", [{"text": "a", "stars": star} for star in stars])
    write_jsonl(folder / "test-de.jsonl", [{"text": "a", "stars": 9.0}, {"text": "a", "stars": "10"}])
    task, source = open_task(str(declare_with()), store, Catalogue()), Source("hub")
    assert task.kind.labels == ("-1", "9", "10")
    assert [row["label"] for row in source.train(task).rows] == [2, 1, 0]
    assert [row["label"] for row in source.test(task, "xq").rows] == [2, 1, 0]
    assert [row["label"] for row in source.test(task, "de").rows] == [1, 2]


def test_a_number_that_is_no_label_is_never_taken_for_the_index_of_one(
    folder: Path, declare_with: Callable[..., Path]
) -> None:
    write_csv(folder / "train.csv", [{"text": "a", "stars": star} for star in (1, 2, 3)])
    write_csv(folder / "dev.csv", [{"text": "a", "stars": star} for star in (1, 0)])
    check_refused(declare_with(), "dev.csv, row 1", "label '0'", "1, 2, 3")


def test_labels_as_words_as_indices_and_as_values_of_the_file_are_the_same(
    folder: Path, declare_with: Callable[..., Path], store: Any
) -> None:
    given = "labels: [bad, good]\nvalues: {stars: {}}\n".replace(
        "{stars: {}}", "{label: {'-': bad, '+': good, yes: good}}"
    )
    write_csv(folder / "dev.csv", [{"text": "a", "stars": star} for star in ("good", "1", "+", "yes", "bad", "0", "-")])
    task = open_task(str(declare_with(("train:", f"{given}train:"))), store, Catalogue())
    assert [row["label"] for row in Source("hub").dev(task).rows] == [1, 1, 1, 1, 0, 0, 0]


def test_a_parquet_file_that_names_its_numbers_gives_its_own_labels(
    folder: Path, declare_with: Callable[..., Path]
) -> None:
    import datasets

    label = datasets.ClassLabel(names=["2 stars", "1 star"])
    features = datasets.Features({"text": datasets.Value("string"), "stars": label})
    rows = datasets.Dataset.from_dict({"text": ["a", "b"], "stars": [0, 1]}, features=features)
    for name in ("train", "dev", "test-xq", "test-de"):
        rows.to_parquet(folder / f"{name}.parquet")
    declared = declare(declare_with((".csv", ".parquet"), (".jsonl", ".parquet")))
    assert declared.labels == ["2 stars", "1 star"]


@pytest.mark.parametrize(
    ("changes", "subjects"),
    [
        ([("train.csv", "trian.csv")], ("my.yaml:4: train", "no file", "mine/trian.csv")),
        ([("dev.csv", "dev.xlsx")], ("my.yaml:5: dev", "dev.xlsx", ".parquet, ")),
        ([("first: text", "first: words")], ("my.yaml:3: columns.first", "train.csv", "'words'", "text, stars")),
        (
            [("columns: {first: text, label: stars}\n", "")],
            ("my.yaml:1: columns.first", "train.csv", "'first'", "text, stars"),
        ),
        ([("[xq, de]", "[xq, yy, de, zz]")], ("my.yaml:6: test", "no file", "mine/test-yy.jsonl", "yy zz")),
        (
            [("train:", "labels: [good, poor]\ntrain:")],
            ("my.yaml:5: train", "train.csv, row 1", "label 'bad'", "0 to 1", "good, poor"),
        ),
    ],
)
def test_what_does_not_fit_the_files_names_file_line_and_row(
    declare_with: Callable[..., Path], changes: list[tuple[str, str]], subjects: tuple[str, ...]
) -> None:
    check_refused(declare_with(*changes), *subjects)


def test_a_label_that_only_a_test_file_has_names_that_file_and_its_row(folder: Path) -> None:
    write_jsonl(folder / "test-de.jsonl", [*sentiment(2), {"text": "x", "stars": "ugly"}])
    check_refused(folder / "my.yaml", "test-de.jsonl, row 2", "label 'ugly'")


def test_a_label_that_is_a_list_and_one_label_alone_are_one_line(folder: Path) -> None:
    write_jsonl(folder / "test-de.jsonl", [{"text": "x", "stars": ["good"]}])
    check_refused(folder / "my.yaml", "my.yaml:3: columns.label", "test-de.jsonl")
    write_csv(folder / "train.csv", sentiment(1))
    write_jsonl(folder / "test-de.jsonl", sentiment(2))
    check_refused(folder / "my.yaml", "labels", "two or more")


def test_a_task_with_test_rows_alone_can_be_declared(folder: Path, declare_with: Callable[..., Path]) -> None:
    task = declare(declare_with(("train: train.csv\ndev: dev.csv\n", "labels: [bad, good]\n"))).task()
    assert (task.train, task.dev) == (None, None)
    assert len(Source("hub").test(task, "xq").rows) == 8


def test_every_other_problem_reads_its_rows(tmp_path: Path) -> None:
    sentences = [[("lo", "O"), ("Zama", "B-PER")], [("tu", "O")]]
    answers = {"text": ["zama"], "answer_start": [3]}
    write_tags(tmp_path / "tags.conll", sentences)
    write_jsonl(tmp_path / "qa.jsonl", [{"id": "1", "question": "q", "context": "lo zama", "answers": answers}])
    write_csv(tmp_path / "choice.csv", [{"context": "lo", "a": "zama", "b": "krel", "right": "B"}])
    write_parquet(tmp_path / "score.parquet", [{"first": "lo", "second": "tu", "score": 4}])
    for problem, file, more in (
        ("tagging", "tags.conll", ""),
        ("span-qa", "qa.jsonl", ""),
        ("multiple-choice", "choice.csv", "columns: {choices: [a, b], label: right}\nvalues: {label: {A: 0, B: 1}}\n"),
        ("pair-regression", "score.parquet", "range: [1, 5]\n"),
    ):
        path = tmp_path / "one.yaml"
        path.write_text(f"name: one\nproblem: {problem}\ntrain: {file}\ndev: {file}\n{more}", encoding="utf-8")
        task = declare(path).task()
        rows = Source("hub").train(task).rows
        if problem == "tagging":
            assert task.kind.labels == ("B-PER", "O")
            assert rows[0] == {"tokens": ["lo", "Zama"], "tags": ["O", "B-PER"]}
        elif problem == "multiple-choice":
            assert rows == [{"context": "lo", "choices": ["zama", "krel"], "label": 1}]
        else:
            assert len(rows) == 1


def test_tags_without_labels_must_be_words(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", [{"tokens": ["lo"], "tags": [1]}])
    path = tmp_path / "one.yaml"
    path.write_text("name: one\nproblem: tagging\ntrain: a.jsonl\ndev: a.jsonl\n", encoding="utf-8")
    check_refused(path, "a.jsonl, row 0", "tags in words")


@pytest.mark.parametrize(
    ("score", "note"), [((0.2, 0.9), "0.2 to 0.9"), ((3, 3), "all rows"), ((0.5, 4), ""), ((2, 2.5), "")]
)
def test_scores_that_hardly_fill_their_range_are_said(tmp_path: Path, score: tuple[float, float], note: str) -> None:
    for name in ("train", "dev"):
        rows = [{"first": f"{name} {n}", "second": "b", "score": one} for n, one in enumerate(score)]
        write_csv(tmp_path / f"{name}.csv", rows)
    text = "name: mine\nproblem: pair-regression\nrange: [0, 5]\ntrain: train.csv\ndev: dev.csv\n"
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    notes: list[str] = []
    declare(tmp_path / "mine.yaml", notes.append)
    assert [note in one for one in notes] == [True] * (2 if note else 0)


def choices(folder: Path, labels: list[Any], more: str = "") -> list[str]:
    for name in ("train", "dev"):
        found = labels if name == "train" else [0]
        rows = [{"context": f"{name} {n}", "choices": ["x", "y"], "label": one} for n, one in enumerate(found)]
        write_jsonl(folder / f"{name}.jsonl", rows)
    text = f"name: mine\nproblem: multiple-choice\ntrain: train.jsonl\ndev: dev.jsonl\n{more}"
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    notes: list[str] = []
    declare(folder / "mine.yaml", notes.append)
    return notes


def test_choices_of_which_never_the_first_is_right_are_said(tmp_path: Path) -> None:
    (note,) = choices(tmp_path, [1] * 8)
    assert "count from 0" in note
    assert choices(tmp_path, [1] * 7 + [0]) == []
    # By chance.
    assert choices(tmp_path, [1] * 3) == []


def test_the_text_of_a_choice_is_no_index(tmp_path: Path) -> None:
    with refused("row 1", "'y' is the text of a choice", advice="index"):
        choices(tmp_path, [0, "y"])


def test_an_underscore_is_no_part_of_a_number(tmp_path: Path) -> None:
    for name in ("train", "dev"):
        write_csv(tmp_path / f"{name}.csv", [{"first": name, "second": "b", "score": "1_0"}])
    text = "name: mine\nproblem: pair-regression\nrange: [0, 50]\ntrain: train.csv\ndev: dev.csv\n"
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    check_refused(tmp_path / "mine.yaml", "row 0", "'1_0' is not a number")


@pytest.mark.parametrize("columns", ["{first: stars, label: stars}", "{first: label}", "{first: text, label: text}"])
def test_a_column_is_one_field(folder: Path, declare_with: Callable[..., Path], columns: str) -> None:
    path = declare_with(("columns: {first: text, label: stars}", f"columns: {columns}"))
    with refused(f"{path}:", "columns", "both first and label", advice="name another"):
        declare(path)
