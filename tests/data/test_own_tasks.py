"""A user's own tasks: rows against declaration, kept in the store, trained and measured in a made-up language."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_parquet
from xadapt.data.own_tasks import declare, open_store, open_task, register_stored_tasks
from xadapt.data.source import Source
from xadapt.errors import XadaptError
from xadapt.tasks import all_tasks, get_task, register
from xadapt.training.plan import plan_task

DECLARED = """\
name: reviews
problem: text-classification
columns: {first: text, label: stars}
train: train.csv
dev: dev.csv
test: "test-{language}.jsonl"
languages: [xq, de]
"""


@pytest.fixture(autouse=True)
def _no_own_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts with the catalogue alone, as a fresh process does."""
    forget(monkeypatch)


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xadapt.tasks.registry._OWN", {})


def sentiment(count: int) -> list[dict[str, Any]]:
    """Rows in a made-up language: ``zama`` is good and ``krel`` is bad."""
    words = ("zama", "krel")
    return [{"text": f"lo {words[i % 2]} tu {i}", "stars": ("good", "bad")[i % 2]} for i in range(count)]


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def write_tags(path: Path, sentences: list[list[tuple[str, str]]]) -> Path:
    path.write_text("\n".join("".join(f"{w}\t{t}\n" for w, t in sentence) for sentence in sentences), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a user's task with all its files."""
    place = tmp_path / "mine"
    place.mkdir()
    write_csv(place / "train.csv", sentiment(16))
    write_csv(place / "dev.csv", sentiment(6))
    for code in ("xq", "de"):
        write_jsonl(place / f"test-{code}.jsonl", sentiment(8))
    (place / "my.yaml").write_text(DECLARED, encoding="utf-8")
    return place


@pytest.fixture
def say(folder: Path) -> Callable[..., Path]:
    """Write the declaration with changes."""

    def written(*changes: tuple[str, str], name: str = "my.yaml") -> Path:
        text = DECLARED
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (folder / name).write_text(text, encoding="utf-8")
        return folder / name

    return written


def fault(path: Path) -> str:
    with pytest.raises(XadaptError) as caught:
        declare(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}:")
    return message.removeprefix(str(path))


def test_labels_that_are_left_out_are_those_of_the_training_rows_in_order(folder: Path) -> None:
    assert declare(folder / "my.yaml").task().kind.labels == ("bad", "good")


def test_labels_that_are_numbers_are_ordered_as_numbers_and_read_alike_from_csv_and_jsonl(
    folder: Path, say: Callable[..., Path], store: Any
) -> None:
    stars = [10, 9, -1]
    write_csv(folder / "train.csv", [{"text": "a", "stars": star} for star in stars])
    write_csv(folder / "dev.csv", [{"text": "a", "stars": 9}])
    write_jsonl(folder / "test-xq.jsonl", [{"text": "a", "stars": star} for star in stars])
    write_jsonl(folder / "test-de.jsonl", [{"text": "a", "stars": 9.0}, {"text": "a", "stars": "10"}])
    task, source = open_task(str(say()), store), Source("hub")
    assert task.kind.labels == ("-1", "9", "10")
    assert [row["label"] for row in source.train(task).rows] == [2, 1, 0]
    assert [row["label"] for row in source.test(task, "xq").rows] == [2, 1, 0]
    assert [row["label"] for row in source.test(task, "de").rows] == [1, 2]


def test_a_number_that_is_no_label_is_never_taken_for_the_place_of_one(folder: Path, say: Callable[..., Path]) -> None:
    write_csv(folder / "train.csv", [{"text": "a", "stars": star} for star in (1, 2, 3)])
    write_csv(folder / "dev.csv", [{"text": "a", "stars": star} for star in (1, 0)])
    message = fault(say())
    assert message.endswith("dev.csv, row 1: label '0' is not one of 1, 2, 3")


def test_labels_as_words_as_places_and_as_values_of_the_file_are_the_same(
    folder: Path, say: Callable[..., Path], store: Any
) -> None:
    given = "labels: [bad, good]\nvalues: {stars: {}}\n".replace(
        "{stars: {}}", "{label: {'-': bad, '+': good, yes: good}}"
    )
    write_csv(folder / "dev.csv", [{"text": "a", "stars": star} for star in ("good", "1", "+", "yes", "bad", "0", "-")])
    task = open_task(str(say(("train:", f"{given}train:"))), store)
    assert [row["label"] for row in Source("hub").dev(task).rows] == [1, 1, 1, 1, 0, 0, 0]


def test_a_parquet_file_that_names_its_numbers_gives_its_own_labels(folder: Path, say: Callable[..., Path]) -> None:
    import datasets

    label = datasets.ClassLabel(names=["2 stars", "1 star"])
    features = datasets.Features({"text": datasets.Value("string"), "stars": label})
    rows = datasets.Dataset.from_dict({"text": ["a", "b"], "stars": [0, 1]}, features=features)
    for name in ("train", "dev", "test-xq", "test-de"):
        rows.to_parquet(folder / f"{name}.parquet")
    declared = declare(say((".csv", ".parquet"), (".jsonl", ".parquet")))
    assert declared.labels == ["2 stars", "1 star"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([("train.csv", "trian.csv")], r":4: train: no file .*/mine/trian\.csv$"),
        ([("dev.csv", "dev.xlsx")], r":5: dev: .*dev\.xlsx: unknown kind of file; use \.parquet, "),
        (
            [("first: text", "first: words")],
            r":3: columns\.first: .*train\.csv has no column 'words' \(it has text, st",
        ),
        (
            [("columns: {first: text, label: stars}\n", "")],
            r":1: columns\.first: .*train\.csv has no column 'first' \(it has text, stars\)$",
        ),
        ([("[xq, de]", "[xq, yy, de, zz]")], r":6: test: no file .*/mine/test-yy\.jsonl \(no test rows for yy zz\)$"),
        (
            [("train:", "labels: [good, poor]\ntrain:")],
            r":5: train: .*train\.csv, row 1: label 'bad' is not one of 0 to 1 \(good, poor\)$",
        ),
    ],
)
def test_what_does_not_fit_the_files_names_file_line_and_row(
    say: Callable[..., Path], changes: list[tuple[str, str]], message: str
) -> None:
    import re

    assert re.search(message, fault(say(*changes)))


def test_a_label_that_only_a_test_file_has_names_that_file_and_its_row(folder: Path) -> None:
    write_jsonl(folder / "test-de.jsonl", [*sentiment(2), {"text": "x", "stars": "ugly"}])
    assert "test-de.jsonl, row 2: label 'ugly'" in fault(folder / "my.yaml")


def test_a_label_that_is_a_list_and_one_label_alone_are_one_line(folder: Path) -> None:
    write_jsonl(folder / "test-de.jsonl", [{"text": "x", "stars": ["good"]}])
    assert ":3: columns.label:" in fault(folder / "my.yaml")
    write_csv(folder / "train.csv", sentiment(1))
    write_jsonl(folder / "test-de.jsonl", sentiment(2))
    assert "labels: one is not enough" in fault(folder / "my.yaml")


def test_a_task_with_test_rows_alone_can_be_declared(folder: Path, say: Callable[..., Path]) -> None:
    task = declare(say(("train: train.csv\ndev: dev.csv\n", "labels: [bad, good]\n"))).task()
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
    assert "a.jsonl, row 0 has no tags in words" in fault(path)


def test_a_task_that_was_opened_once_is_known_by_name_in_a_fresh_process(
    folder: Path, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = open_task(str(folder / "my.yaml"), store)
    assert get_task("reviews") == task
    forget(monkeypatch)
    with pytest.raises(XadaptError, match="unknown task 'reviews'"):
        get_task("reviews")
    assert open_task("reviews", store) == task
    forget(monkeypatch)
    open_store(store.root)
    assert get_task("reviews") == task
    assert all_tasks()[-1] == task


def test_the_stored_declaration_holds_labels_and_absolute_files(
    folder: Path, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    open_task("my.yaml", store)
    kept = store.task_path("reviews").read_text(encoding="utf-8")
    assert str(folder / "train.csv") in kept
    assert "bad" in kept
    assert list(store.task_path("reviews").parent.iterdir()) == [store.task_path("reviews")]


def test_a_changed_declaration_takes_the_place_of_the_stored_one(
    say: Callable[..., Path], store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_task(str(say()), store)
    open_task(str(say(("[xq, de]", "[xq]"))), store)
    assert get_task("reviews").languages == ("xq",)
    forget(monkeypatch)
    assert open_task("reviews", store).languages == ("xq",)


def test_opening_it_again_without_a_change_writes_nothing(folder: Path, store: Any) -> None:
    open_task(str(folder / "my.yaml"), store)
    before = store.task_path("reviews").stat().st_ino
    open_task(str(folder / "my.yaml"), store)
    assert store.task_path("reviews").stat().st_ino == before


def test_a_declaration_with_a_mistake_is_not_kept(say: Callable[..., Path], store: Any) -> None:
    with pytest.raises(XadaptError):
        open_task(str(say(("train.csv", "nowhere.csv"))), store)
    assert store.task_files() == []


def test_a_store_without_own_tasks_is_not_touched(store: Any) -> None:
    register_stored_tasks(store)
    assert not store.root.exists()


def test_rows_that_went_away_do_not_hide_the_other_tasks(
    folder: Path, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_task(str(folder / "my.yaml"), store)
    (folder / "train.csv").unlink()
    forget(monkeypatch)
    assert open_task("mnli", store).name == "mnli"
    with pytest.raises(XadaptError, match=r"no file .*train\.csv"):
        Source("hub").train(get_task("reviews"))


def test_a_task_that_xadapt_comes_with_goes_before_a_stored_one(folder: Path, store: Any) -> None:
    open_task(str(folder / "my.yaml"), store)
    kept = store.task_path("reviews")
    kept.with_name("xnli.yaml").write_text(kept.read_text().replace("name: reviews", "name: xnli"))
    register_stored_tasks(store)
    assert get_task("xnli").languages != ("xq", "de")


def test_a_stored_declaration_that_was_damaged_names_its_file(store: Any) -> None:
    store.task_path("reviews").parent.mkdir(parents=True)
    store.task_path("reviews").write_text("name: reviews\nproblem: [")
    with pytest.raises(XadaptError, match=r"store/tasks/reviews\.yaml:2: not YAML"):
        register_stored_tasks(store)


def test_a_misspelt_own_task_is_answered_with_the_nearest_name(folder: Path, store: Any) -> None:
    open_task(str(folder / "my.yaml"), store)
    with pytest.raises(XadaptError, match="did you mean 'reviews'"):
        open_task("reveiws", store)


def test_a_language_that_xadapt_has_never_heard_of_is_trained_and_measured(folder: Path, bench: Any) -> None:
    open_task(str(folder / "my.yaml"), bench.store)
    checkpoint = bench.train(plan_task("reviews"))
    assert checkpoint.record["rows"] == {"reviews": 16}
    result = bench.evaluate("reviews", "reviews")
    assert set(result["languages"]) == {"de", "xq"}
    assert (result["languages"]["xq"]["n"], result["languages"]["xq"]["split"]) == (8, "test-xq")
    with pytest.raises(XadaptError, match="no reviews test rows in 'sw'"):
        bench.evaluate("reviews", "reviews", "xq,sw")


def test_tags_in_a_made_up_language_are_learnt_from_two_columns(tmp_path: Path, bench: Any) -> None:
    sentences = [[("lo", "O"), ("zama", "GOOD")], [("tu", "O"), ("krel", "BAD"), ("lo", "O")]] * 8
    for name in ("train", "dev", "test-xq"):
        write_tags(tmp_path / f"{name}.tsv", sentences)
    path = tmp_path / "tags.yaml"
    path.write_text(
        "name: xqtags\nproblem: tagging\nlabels: [O, GOOD, BAD]\ntrain: train.tsv\ndev: dev.tsv\n"
        "test: test-{language}.tsv\nlanguages: xq\n",
        encoding="utf-8",
    )
    open_task(str(path), bench.store)
    bench.train(plan_task("xqtags"), epochs=6, lr=0.05)
    assert bench.evaluate("xqtags", "xqtags")["mean"]["token_accuracy"] > 80


def test_choices_of_the_user_are_learnt_and_measured(tmp_path: Path, bench: Any) -> None:
    rows = [{"context": f"lo {i}", "a": "zama", "b": "krel", "label": i % 2} for i in range(8)]
    write_csv(tmp_path / "rows.csv", rows)
    path = tmp_path / "choose.yaml"
    path.write_text(
        "name: choose\nproblem: multiple-choice\ncolumns: {choices: [a, b]}\n"
        "train: rows.csv\ndev: rows.csv\ntest: rows.csv\nlanguages: xq\n",
        encoding="utf-8",
    )
    open_task(str(path), bench.store)
    bench.train(plan_task("choose"))
    assert bench.evaluate("choose", "choose")["languages"]["xq"]["n"] == 8


def test_a_task_with_the_labels_of_another_is_measured_with_its_head(tmp_path: Path, trained: Any) -> None:
    rows = [{"first": "lo zama", "second": "tu krel", "label": label} for label in ("entailment", "contradiction")]
    write_jsonl(tmp_path / "xq.jsonl", rows)
    path = tmp_path / "nli.yaml"
    path.write_text(
        "name: xq-nli\nproblem: pair-classification\nlabels: [entailment, neutral, contradiction]\n"
        "test: xq.jsonl\nlanguages: xq\n",
        encoding="utf-8",
    )
    open_task(str(path), trained.store)
    assert trained.evaluate("mnli", "xq-nli")["head"] == "mnli"


def test_other_labels_make_another_run_of_the_same_texts(folder: Path, bench: Any) -> None:
    open_task(str(folder / "my.yaml"), bench.store)
    first = bench.train(plan_task("reviews"), limit=8)
    write_csv(folder / "train.csv", [{**row, "stars": "good"} for row in sentiment(16)[:15]] + sentiment(16)[15:])
    second = bench.train(plan_task("reviews"), limit=8)
    assert first.run != second.run


def test_registering_a_name_of_the_catalogue_is_refused(folder: Path) -> None:
    from dataclasses import replace

    with pytest.raises(XadaptError, match="comes with a task called xnli"):
        register(replace(declare(folder / "my.yaml").task(), name="xnli"))
