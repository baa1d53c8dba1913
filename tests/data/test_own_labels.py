"""The labels of a user's own task, as its rows really have them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.data.own_files import write_jsonl
from tests.error_checks import refused
from xadapt.data.own_task_file import Declaration
from xadapt.data.own_tasks import declare, open_task
from xadapt.data.source import Source
from xadapt.tasks import Catalogue

Make = Callable[..., Path]


@pytest.fixture
def made(tmp_path: Path) -> Make:
    """Declare a task of one text whose training, dev and test rows have these labels."""

    def write(train: Sequence[Any], dev: Sequence[Any] = (), test: Sequence[Any] = (), more: str = "") -> Path:
        for name, labels in (("train", train), ("dev", dev or train), ("test", test or dev or train)):
            rows = [{"first": f"{name} {n}", "label": label} for n, label in enumerate(labels)]
            write_jsonl(tmp_path / f"{name}.jsonl", rows)
        text = "name: mine\nproblem: text-classification\ntrain: train.jsonl\ndev: dev.jsonl\ntest: test.jsonl\n"
        (tmp_path / "mine.yaml").write_text(text + more, encoding="utf-8")
        return tmp_path / "mine.yaml"

    return write


def opened(path: Path) -> tuple[Declaration, list[str]]:
    """A declaration, and the notes on its rows."""
    notes: list[str] = []
    return declare(path, notes.append), notes


@pytest.mark.parametrize("mark", ["-", "", None, "?", "nan", float("nan"), "N/A", "-1"])
def test_a_mark_is_no_label_of_a_task_that_lists_none_and_its_rows_are_counted(made: Make, mark: Any) -> None:
    declared, notes = opened(made(["no", mark, "yes", mark], ["yes", "no"]))
    assert declared.labels == ["no", "yes"]
    (note,) = notes
    assert "train.jsonl: 2 of 4 rows" in note
    assert "left out" in note


@pytest.mark.parametrize("mark", ["NA", "none", "NONE", "null"])
def test_a_mark_that_is_a_class_of_some_data_sets_must_be_told_of(made: Make, mark: str, store: Any) -> None:
    rows = ["EU", mark, mark, "US"]
    with refused("mine.yaml", "labels", repr(mark), "2 of 4", advice="list the labels"):
        declare(made(rows))
    declared, notes = opened(made(rows, more=f"labels: [EU, US, {mark}]\n"))
    assert (declared.labels, notes) == (["EU", "US", mark], [])
    path = made(rows, more="labels: [EU, US]\n")
    _, notes = opened(path)
    assert len(notes) == 3, "train, dev and test"
    assert [row["label"] for row in Source("hub").train(open_task(str(path), store, Catalogue())).rows] == [0, 1]


def test_words_and_numbers_together_are_no_labels_by_accident(made: Make) -> None:
    with refused("labels", "'bad'", "3", advice="values"):
        declare(made(["1", "5", "3"], more="values: {label: {1: bad, 5: good}}\n"))
    more = "labels: [bad, good]\nvalues: {label: {1: bad, 5: good, 3: -1}}\n"
    assert opened(made(["1", "5", "3"], more=more))[0].labels == ["bad", "good"]


def test_rows_beside_a_file_that_names_its_labels_are_checked_too(made: Make, tmp_path: Path) -> None:
    path = made(["yes", "no"], [1, 2], more="labels: [no, yes]\n")
    names = {"label": {"names": ["no", "yes"], "_type": "ClassLabel"}}
    table = pa.table({"first": ["a", "b"], "label": [0, 1]})
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": names}})})
    parquet.write_table(table, tmp_path / "train.parquet")
    path.write_text(path.read_text().replace("train.jsonl", "train.parquet"))
    with refused("labels", "1, 2", advice="values"):
        declare(path)


def test_what_a_value_means_may_be_that_there_is_no_label(made: Make) -> None:
    path = made(["yes", "no", "unclear"], more="labels: [no, yes]\nvalues: {label: {unclear: -1}}\n")
    assert "1 of 3 rows have no label ('unclear')" in opened(path)[1][0]
    open_labels = made(["yes", "no", "unclear"], more="values: {label: {unclear: -1}}\n")
    assert opened(open_labels)[0].labels == ["no", "yes"]


def test_a_file_without_any_label_is_refused(made: Make) -> None:
    with refused("mine.yaml:5: test", "test.jsonl", "no row has a gold label"):
        declare(made(["yes", "no"], test=["-", None], more="labels: [no, yes]\n"))


@pytest.mark.parametrize("form", [float, str, lambda n: f"{n}.0", lambda n: f" {n} "])
def test_places_of_labels_are_read_in_every_form_of_number(made: Make, form: Any, store: Any) -> None:
    path = made([form(1), form(0), form(1)], more="labels: [no, yes]\n")
    assert [row["label"] for row in Source("hub").train(open_task(str(path), store, Catalogue())).rows] == [1, 0, 1]
    path = made([form(5), form(1), form(3)])
    task = open_task(str(path), store, Catalogue())
    assert task.kind.labels == ("1", "3", "5")  # type: ignore[attr-defined]
    assert [row["label"] for row in Source("hub").train(task).rows] == [2, 0, 1]


@pytest.mark.parametrize(
    ("labels", "rows", "example"),
    [
        ("[bad, fair, good]", [1, 2, 3], "{1: bad, 2: fair, 3: good}"),
        ("[bad, fair, good]", ["-1", "0", "1"], "{-1: bad, 0: fair, 1: good}"),
        ("[bad, good]", [-1, 1], "{-1: bad, 1: good}"),
    ],
)
def test_numbers_that_do_not_count_from_zero_are_refused_with_what_to_write(
    made: Make, labels: str, rows: list[Any], example: str
) -> None:
    with refused("mine.yaml", "labels", ", ".join(map(str, rows)), advice=example):
        declare(made(rows, more=f"labels: {labels}\n"))
    declared, _ = opened(made(rows, more=f"labels: {labels}\nvalues: {{label: {example}}}\n"))
    assert f"1: {declared.task().values['label']['1']}" in example


def test_minus_one_beside_all_places_is_no_label(made: Make) -> None:
    assert "1 of 4 rows" in opened(made([0, 1, 2, -1], more="labels: [a, b, c]\n"))[1][0]


def test_minus_one_may_be_a_label_or_none_where_only_numbers_are_there(made: Make) -> None:
    with refused("labels", "'-1'", "1 of 3", advice="list the labels"):
        declare(made([-1, 0, 1]))
    assert opened(made([-1, 0, 1], more="labels: [-1, 0, 1]\n"))[1] == []
    assert "1 of 3" in opened(made([-1, 0, 1], more="labels: [0, 1]\n"))[1][0]


def test_a_label_in_another_case_is_read_and_said(made: Make) -> None:
    _, notes = opened(made(["Yes", "no", "NO"], more="labels: [no, yes]\n"))
    assert notes == ["the label 'NO' is read as 'no'", "the label 'Yes' is read as 'yes'"]
    for twin in ("Yes", "yes\u200b", "y\u0065s\ufeff"):
        with refused("'yes'", repr(twin), advice="list the labels"):
            declare(made([twin, "yes", "no"]))
    for twin in ("ne\u0301e", "N\u00e9e"):
        assert opened(made([twin, "\u00e9"], more="labels: [n\u00e9e, \u00e9]\n"))[1] == [
            f"the label {twin!r} is read as 'née'"
        ]


def test_a_label_in_other_words_is_named_with_what_to_write(made: Make) -> None:
    path = made(["entailment", "neutral"], ["contradictory"], more="labels: [entailment, neutral, contradiction]\n")
    with refused("mine.yaml:4: dev", "dev.jsonl, row 0", "{'contradictory': contradiction}", advice="values"):
        declare(path)
    with refused("mine.yaml:3: train", "'Folge': …", advice="-1 for no label"):
        declare(made(["Folge"], more="labels: [entailment, neutral, contradiction]\n"))


@pytest.mark.parametrize("value", [True, "true"])
def test_true_is_a_label_of_that_name_or_of_what_the_declaration_says(made: Make, value: Any, store: Any) -> None:
    with refused("'true'", advice="values"):
        declare(made([value, "no"], more="labels: [yes, no]\n"))
    for labels, more in (("'false', 'true'", ""), ("no, yes", "values: {label: {true: yes}}\n")):
        path = made([value], more=f"labels: [{labels}]\n{more}")
        assert [row["label"] for row in Source("hub").train(open_task(str(path), store, Catalogue())).rows] == [1]


def test_marks_of_a_missing_label_are_texts_where_texts_are_asked_for(tmp_path: Path, store: Any) -> None:
    rows = "".join(f"{mark},{label}\n" for mark in ("NA", "null", "None", "nan", "-", "-1") for label in ("a", "b"))
    (tmp_path / "rows.csv").write_text(f"first,label\n{rows}")
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nproblem: text-classification\nlabels: [a, b]\ntest: rows.csv\nlanguages: xq\n"
    )
    read = Source("hub").test(open_task(str(tmp_path / "mine.yaml"), store, Catalogue()), "xq").rows
    assert [row["first"] for row in read[::2]] == ["NA", "null", "None", "nan", "-", "-1"]


def test_a_table_without_a_first_line_of_names_is_refused_with_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "rows.tsv").write_text("A fine film\tgood\nDull\tbad\n")
    (tmp_path / "mine.yaml").write_text("name: mine\nproblem: text-classification\ntrain: rows.tsv\ndev: rows.tsv\n")
    with refused("rows.tsv", "'first'", "first line", "A fine film, good"):
        declare(tmp_path / "mine.yaml")


def test_a_label_that_no_training_row_has_is_named(made: Make) -> None:
    assert opened(made(["a", "b"], more="labels: [a, b, c]\n"))[1] == ["no training row has the label 'c'"]


def test_a_column_with_a_label_of_its_own_in_every_row_is_none_of_labels(made: Make) -> None:
    with refused("labels", "60 of 60", advice="columns"):
        declare(made([f"text {n}" for n in range(60)]))


def test_scores_and_choices_without_gold_are_left_out_and_counted(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "sts.jsonl", [{"first": "a", "second": "b", "score": score} for score in (1, "NA", "2.5")])
    (tmp_path / "sts.yaml").write_text("name: my-sts\nproblem: pair-regression\nrange: [0, 5]\ntest: sts.jsonl\n")
    assert "1 of 3 rows have no label ('NA')" in opened(tmp_path / "sts.yaml")[1][0]
    rows = [{"context": "a", "choices": ["b", "c"], "label": label} for label in ("1", None, 0.0)]
    write_jsonl(tmp_path / "choice.jsonl", rows)
    (tmp_path / "choice.yaml").write_text("name: my-choice\nproblem: multiple-choice\ntest: choice.jsonl\n")
    assert "1 of 3 rows have no label and" in opened(tmp_path / "choice.yaml")[1][0]


def test_scores_are_no_labels_unless_they_are_listed(made: Make) -> None:
    scores = ["0.5", "1", "0.25"]
    with refused("labels", "'0.5'", advice="pair-regression"):
        declare(made(scores))
    assert declare(made(scores, more="labels: ['0.25', '0.5', '1']\n")).labels == ["0.25", "0.5", "1"]


@pytest.mark.parametrize("mark", [",", ";", "|", " / "])
def test_several_labels_in_one_are_no_label(made: Make, mark: str) -> None:
    with refused("labels", f"a{mark}b", advice="each row one"):
        declare(made(["a", f"a{mark}b", "b"]))
    assert declare(made([f"a{mark}b", f"c{mark}d"])).labels == sorted([f"a{mark}b", f"c{mark}d"])


def test_dev_rows_of_one_label_are_said(made: Make) -> None:
    _, (note,) = opened(made(["a", "b"], ["a"] * 4))
    assert "dev rows" in note
    assert opened(made(["a", "b"], ["a"] * 3))[1] == []
