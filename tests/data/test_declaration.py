"""A task as a YAML file: what may stand there, and that each mistake names file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from xadapt.data.declaration import read_declaration
from xadapt.errors import XadaptError
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


def fault(folder: Path, text: str) -> str:
    path = write(folder, text)
    with pytest.raises(XadaptError) as caught:
        read_declaration(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}:")
    return message.removeprefix(str(path))


def changed(folder: Path, old: str, new: str) -> str:
    assert old in GOOD
    return fault(folder, GOOD.replace(old, new))


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


def test_labels_are_the_words_that_stand_there(tmp_path: Path) -> None:
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


def test_brackets_in_the_name_of_a_folder_stand_for_themselves(tmp_path: Path) -> None:
    folder = tmp_path / "{odd} place"
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


def test_a_relative_place_of_the_declaration_gives_absolute_files(
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
def test_a_declaration_that_is_written_down_again_says_the_same(tmp_path: Path, text: str) -> None:
    first = declared(tmp_path, text)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    again = declared(elsewhere, first.text())
    assert again.task() == first.task()
    assert again.text() == first.text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("labels:", "lables:", ":3: lables: unknown key 'lables': did you mean 'labels'?"),
        ("problem: text", "problem: txt", ":2: problem: unknown value 'txt-classification': did you mean 'text-cl"),
        ("name: reviews\n", "", ":1: name: it is missing"),
        ("name: reviews", "name: xnli", ":1: name: xadapt comes with a task called xnli"),
        ("name: reviews", "name: fuse", ":1: name: 'fuse' is a word that setups are written with"),
        ("name: reviews", "name: query", ":1: name: 'query' is the name of a part of the model"),
        ("name: reviews", "name: my reviews", ":1: name: 'my reviews' cannot name an adapter"),
        ("dev: dev.csv\n", "", ":1: dev: it is missing: name a file of rows that choose the checkpoint"),
        ("dev: dev.csv", "dev:", "dev: it is missing"),
        ("first: text", "frist: text", ":4: columns.frist: unknown field 'frist': did you mean 'first'?"),
        ("first: text", "second: text", ":4: columns.second: unknown field 'second'"),
        ("first: text", "first: [a, b]", ":4: columns.first: name one column"),
        ("first: text", "first: []", ":4: columns.first: name one column"),
        ("{label: {", "{lable: {", ":5: values.lable: unknown field with values 'lable': did you mean 'label'?"),
        ('"5": positive', '"5": postive', ":5: values.label.5: unknown label 'postive': did you mean 'positive'?"),
        ("[negative, positive]", "[negative]", ":3: labels: one is not enough"),
        ("[negative, positive]", "[]", ":3: labels: there is none: give two or more"),
        ("[negative, positive]", "negative", ":3: labels: one is not enough"),
        ("[negative, positive]", "[negative, positive, negative]", ":3: labels: 'negative' is there twice"),
        ("[negative, positive]", '[negative, positive, ""]', ":3: labels: one is empty"),
        ("[negative, positive]", "{a: b}", ":3: labels: input should be a valid list"),
        ("test-{language}.jsonl", "test.jsonl", ":8: test: one file for 3 languages: write {language} where"),
        ("test-{language}.jsonl", "test-{lang}.jsonl", ":8: test: one file for 3 languages"),
        ("languages: [de, no, xq]\n", "", "languages: they are missing: say which codes test's {language} stands for"),
        ("[de, no, xq]", "[de, 'n o']", ":9: languages.1: 'n o' is no code of a language"),
        ("[de, no, xq]", "[de, no, de]", ":9: languages.2: 'de' is there twice: keep one"),
        ("[de, no, xq]", "[de, ../x]", ":9: languages.1: '../x' is no code of a language"),
        ('test: "test-{language}.jsonl"\n', "", ":8: languages: they are of test rows, and test is missing"),
        ("source: a shop", "metric: acuracy", ":10: metric: unknown metric 'acuracy': did you mean 'accuracy'?"),
        ("source: a shop", "metric: squad", ":10: metric: unknown metric 'squad': choose one of accuracy, accuracy_f1"),
        ("source: a shop", "range: [1, 5]", ":10: range: text-classification has none; it is for pair-regression"),
        ("source: a shop", "unanswerable: true", ":10: unanswerable: text-classification has none"),
        ("source: a shop", "name: again", ":10: 'name' is given twice"),
        ("source: a shop", "source: [", "not YAML"),
    ],
)
def test_a_mistake_names_file_and_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert message in changed(tmp_path, old, new)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (of_problem("pair-regression"), ":1: range: it is missing: give the lowest and the highest score"),
        (of_problem("pair-regression", "range: [5, 1]\n"), ":5: range: 5 to 1 is no range"),
        (of_problem("pair-regression", "range: [1, .inf]\n"), ":5: range"),
        (of_problem("pair-regression", "range: [1, high]\n"), ":5: range.1: input should be a valid number"),
        (of_problem("pair-regression", "range: [1]\n"), ":5: range.1: it is missing"),
        (of_problem("span-qa", "labels: [a, b]\n"), ":5: labels: span-qa has none"),
        (of_problem("span-qa", "unanswerable: true\nmetric: squad\n"), ":6: metric: squad cannot score unanswerable"),
        (of_problem("span-qa", "values: {answers: {a: b}}\n"), ":5: values.answers: unknown field with values"),
        (
            of_problem("pair-classification", "labels: [a, b, c]\nmetric: accuracy_f1\n"),
            ":6: metric: accuracy_f1 is for two labels",
        ),
        ("name: mine\nproblem: span-qa\n", ":1: train: it is missing: name files with training and dev rows"),
        ("name: mine\nproblem: tagging\ntest: a.tsv\n", ":1: labels: they are missing, and there are no training"),
    ],
)
def test_what_a_problem_needs_or_cannot_have_names_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    assert message in fault(tmp_path, text)


@pytest.mark.parametrize("text", ["", "- a\n", "words\n"])
def test_what_is_no_mapping_is_one_line(tmp_path: Path, text: str) -> None:
    assert "a task is a mapping with name, problem, train and dev" in fault(tmp_path, text)


def test_a_missing_declaration_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(XadaptError, match=r"cannot read .*nowhere\.yaml"):
        read_declaration(tmp_path / "nowhere.yaml")
