"""A task as a YAML file: what may be in it, and that each mistake names file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.error_checks import refused
from xadapt.data.own_task_file import read_declaration
from xadapt.tasks import MultipleChoice, PairClassification, PairRegression, SpanQA, Tagging, TextClassification

GOOD = """\
name: reviews
problem: text-classification
labels: [negative, positive]
columns: {first: text, label: stars}
values: {label: {"1": negative, "5": positive}}
train: train.csv
dev: dev.csv
test: "test-{language}.jsonl"
languages: [de, no, xq]
source: a shop
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "my.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def check_refused(folder: Path, text: str, *subjects: str) -> None:
    """Check that a declaration is refused in one line that names its file and what is wrong."""
    path = write(folder, text)
    with refused(f"{path}:", *subjects):
        read_declaration(path)


def declared(folder: Path, text: str = GOOD):
    return read_declaration(write(folder, text))[1]


def of_problem(problem: str, more: str = "") -> str:
    return f"name: mine\nproblem: {problem}\ntrain: a.jsonl\ndev: b.jsonl\n{more}"


def test_a_declaration_becomes_a_task_whose_files_are_beside_it(tmp_path: Path) -> None:
    task = declared(tmp_path).task()
    assert task.name == "reviews"
    assert task.kind == TextClassification(labels=("negative", "positive"))
    assert task.columns == {"first": "text", "label": "stars"}
    assert [rows.path for rows in task.parts("train")] == [str(tmp_path / "train.csv")]
    assert [rows.path for rows in task.parts("dev")] == [str(tmp_path / "dev.csv")]
    assert task.fill(task.test.path, "xq") == str(tmp_path / "test-xq.jsonl")
    assert (task.languages, task.metric, task.source) == (("de", "no", "xq"), "accuracy", "a shop")


def test_a_value_is_found_as_text_and_as_number(tmp_path: Path) -> None:
    meaning = declared(tmp_path).task().values["label"]
    assert meaning["1"] == meaning[1] == meaning[1.0] == "negative"


def test_labels_are_the_words_that_are_written(tmp_path: Path) -> None:
    task = declared(tmp_path, of_problem("pair-classification", "labels: [yes, no, 1, null]\n")).task()
    assert task.kind == PairClassification(labels=("yes", "no", "1", "null"))


@pytest.mark.parametrize(
    ("text", "kind", "metric"),
    [
        (of_problem("pair-regression", "range: [1, 5]\n"), PairRegression(1.0, 5.0), "correlation"),
        (of_problem("multiple-choice"), MultipleChoice(), "accuracy"),
        (of_problem("span-qa"), SpanQA(), "squad"),
        (of_problem("span-qa", "unanswerable: true\n"), SpanQA(unanswerable=True), "squad_v2"),
        (of_problem("tagging", "labels: [O, B-A, I-A]\n"), Tagging(labels=("O", "B-A", "I-A")), "entities"),
        (of_problem("tagging", "labels: [NOUN, VERB]\n"), Tagging(labels=("NOUN", "VERB")), "tokens"),
        (of_problem("tagging", "labels: [NOUN, VERB]\nmetric: pos\n"), Tagging(labels=("NOUN", "VERB")), "pos"),
    ],
)
def test_every_problem_has_its_kind_and_its_metric(tmp_path: Path, text: str, kind: object, metric: str) -> None:
    task = declared(tmp_path, text).task()
    assert (task.kind, task.metric) == (kind, metric)


def test_choices_may_be_several_columns_and_a_question_is_read_where_it_is_named(tmp_path: Path) -> None:
    assert "question" not in declared(tmp_path, of_problem("multiple-choice")).task().columns
    named = "columns: {question: asked, choices: [a, b]}\n"
    columns = declared(tmp_path, of_problem("multiple-choice", named)).task().columns
    assert columns == {"context": "context", "question": "asked", "choices": ("a", "b"), "label": "label"}


def test_brackets_in_the_name_of_a_folder_mean_themselves(tmp_path: Path) -> None:
    folder = tmp_path / "{odd} folder"
    folder.mkdir()
    task = declared(folder).task()
    assert task.fill(task.test.path, "de") == str(folder / "test-de.jsonl")
    assert task.fill(task.parts("train")[0].path, "en") == str(folder / "train.csv")


def test_a_path_may_be_absolute_above_the_file_or_in_the_home_folder(tmp_path: Path) -> None:
    text = GOOD.replace("train: train.csv", "train: [/data/a.csv, ../b.csv, ~/c.csv]")
    assert declared(tmp_path, text).train == [
        "/data/a.csv",
        str(tmp_path.parent / "b.csv"),
        str(Path("~/c.csv").expanduser()),
    ]


def test_a_relative_path_of_the_declaration_gives_absolute_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, GOOD)
    monkeypatch.chdir(tmp_path)
    assert read_declaration(Path("my.yaml"))[1].dev == [str(tmp_path / "dev.csv")]


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace("[de, no, xq]", "[en]"),
        of_problem("pair-regression", "range: [-1, 1]\n"),
        of_problem("span-qa", "unanswerable: true\nmetric: squad_v2\n"),
        of_problem("tagging", 'labels: ["no", "1", "null", "ü"]\n'),
        "name: mine\nproblem: multiple-choice\ntest: a.jsonl\n",
    ],
)
def test_a_declaration_that_is_written_again_is_the_same(tmp_path: Path, text: str) -> None:
    first = declared(tmp_path, text)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    again = declared(elsewhere, first.text())
    assert again.task() == first.task()
    assert again.text() == first.text()


@pytest.mark.parametrize(
    ("old", "new", "subjects"),
    [
        ("labels:", "lables:", ("my.yaml:3: lables", "did you mean 'labels'")),
        ("problem: text", "problem: txt", ("my.yaml:2: problem", "'txt-classification'", "'text-classification'")),
        ("name: reviews\n", "", ("my.yaml:1: name", "missing")),
        ("name: reviews", "name: xnli", ("my.yaml:1: name", "xnli", "another name")),
        ("name: reviews", "name: fuse", ("my.yaml:1: name", "'fuse'", "another name")),
        ("name: reviews", "name: query", ("my.yaml:1: name", "'query'", "my-query")),
        ("name: reviews", "name: my reviews", ("my.yaml:1: name", "'my reviews'", "letters")),
        ("dev: dev.csv\n", "", ("my.yaml:1: dev", "missing", "name a file")),
        ("dev: dev.csv", "dev:", ("my.yaml:7: dev", "missing", "name a file")),
        ("first: text", "frist: text", ("my.yaml:4: columns.frist", "did you mean 'first'")),
        ("first: text", "second: text", ("my.yaml:4: columns.second", "'second'", "first")),
        ("first: text", "first: [a, b]", ("my.yaml:4: columns.first", "one column")),
        ("first: text", "first: []", ("my.yaml:4: columns.first", "one column")),
        ("{label: {", "{lable: {", ("my.yaml:5: values.lable", "did you mean 'label'")),
        ('"5": positive', '"5": postive', ("my.yaml:5: values.label.5", "'postive'", "did you mean 'positive'")),
        ("[negative, positive]", "[negative]", ("my.yaml:3: labels", "two or more")),
        ("[negative, positive]", "[]", ("my.yaml:3: labels", "two or more")),
        ("[negative, positive]", "negative", ("my.yaml:3: labels", "two or more")),
        ("[negative, positive]", "[negative, positive, negative]", ("my.yaml:3: labels", "'negative'", "each once")),
        ("[negative, positive]", '[negative, positive, ""]', ("my.yaml:3: labels", "empty")),
        ("[negative, positive]", "{a: b}", ("my.yaml:3: labels", "list")),
        ("test-{language}.jsonl", "test.jsonl", ("my.yaml:8: test", "3 languages", "write {language}")),
        ("test-{language}.jsonl", "test-{lang}.jsonl", ("my.yaml:8: test", "3 languages", "write {language}")),
        ("languages: [de, no, xq]\n", "", ("languages", "missing", "say which codes")),
        ("[de, no, xq]", "[de, 'n o']", ("my.yaml:9: languages.1", "'n o'", "such as")),
        ("[de, no, xq]", "[de, no, de]", ("my.yaml:9: languages.2", "'de'", "keep one")),
        ("[de, no, xq]", "[de, ../x]", ("my.yaml:9: languages.1", "'../x'")),
        ("[de, no, xq]", "[de, all]", ("my.yaml:9: languages.1", "'all'", "codes")),
        ('test: "test-{language}.jsonl"\n', "", ("my.yaml:8: languages", "test is missing", "name its files")),
        ("source: a shop", "metric: acuracy", ("my.yaml:10: metric", "'acuracy'", "did you mean 'accuracy'")),
        ("source: a shop", "metric: squad", ("my.yaml:10: metric", "'squad'", "accuracy, accuracy_f1")),
        ("source: a shop", "range: [1, 5]", ("my.yaml:10: range", "text-classification", "pair-regression")),
        ("source: a shop", "unanswerable: true", ("my.yaml:10: unanswerable", "text-classification", "span-qa")),
        ("source: a shop", "name: again", ("my.yaml:10", "'name'", "keep one")),
        ("source: a shop", "source: [", ("my.yaml:", "not YAML")),
    ],
)
def test_a_mistake_names_file_and_line(tmp_path: Path, old: str, new: str, subjects: tuple[str, ...]) -> None:
    assert old in GOOD
    check_refused(tmp_path, GOOD.replace(old, new), *subjects)


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        (of_problem("pair-regression"), ("my.yaml:1: range", "missing", "lowest and the highest")),
        (of_problem("pair-regression", "range: [5, 1]\n"), ("my.yaml:5: range", "5 to 1")),
        (of_problem("pair-regression", "range: [1, .inf]\n"), ("my.yaml:5: range",)),
        (of_problem("pair-regression", "range: [1, high]\n"), ("my.yaml:5: range.1", "number", "'high'")),
        (of_problem("pair-regression", "range: [1]\n"), ("my.yaml:5: range.1", "missing")),
        (of_problem("span-qa", "labels: [a, b]\n"), ("my.yaml:5: labels", "span-qa")),
        (of_problem("span-qa", "unanswerable: true\nmetric: squad\n"), ("my.yaml:6: metric", "squad", "squad_v2")),
        (of_problem("span-qa", "values: {answers: {a: b}}\n"), ("my.yaml:5: values.answers", "'answers'")),
        (
            of_problem("pair-classification", "labels: [a, b, c]\nmetric: accuracy_f1\n"),
            ("my.yaml:6: metric", "accuracy_f1", "two labels"),
        ),
        ("name: mine\nproblem: span-qa\n", ("my.yaml:1: train", "missing", "name files")),
        ("name: mine\nproblem: tagging\ntest: a.tsv\n", ("my.yaml:1: labels", "missing", "training rows")),
    ],
)
def test_what_a_problem_needs_or_cannot_have_names_file_and_line(
    tmp_path: Path, text: str, subjects: tuple[str, ...]
) -> None:
    check_refused(tmp_path, text, *subjects)


@pytest.mark.parametrize("text", ["", "- a\n", "words\n"])
def test_what_is_no_mapping_is_one_line(tmp_path: Path, text: str) -> None:
    check_refused(tmp_path, text, "name, problem, train and dev")


def test_a_missing_declaration_is_one_line(tmp_path: Path) -> None:
    with refused("cannot read", tmp_path / "nowhere.yaml"):
        read_declaration(tmp_path / "nowhere.yaml")
