"""Submissions: read back as XTREME's evaluator reads them, they give the scores that were stored."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

from xadapt import metrics
from xadapt.composition.grammar import parse
from xadapt.data.source import RowSet
from xadapt.errors import XadaptError
from xadapt.evaluation.submission import RECORD, Submission, file_name, write_submission
from xadapt.evaluation.suites import XTREME, XTREME_R, Suite
from xadapt.store.files import atomic_write_json
from xadapt.tasks import get_task


class Given:
    """A source of rows that a test wrote down."""

    name = "hub"

    def __init__(self, rows: dict[str, list[dict[str, Any]]], gold: list[tuple[str, str]] | None = None) -> None:
        self.rows, self.pairs = rows, gold or []

    def test(self, task: Any, language: str, limit: int | None = None) -> RowSet:
        return RowSet(self.rows[task.name], "test", len(self.rows[task.name]))

    def gold(self, task: Any, language: str) -> list[tuple[str, str]]:
        return self.pairs


Keep = Callable[..., dict[str, Any]]


@pytest.fixture
def keep(store: Any) -> Keep:
    """Store a made-up result and its predictions in German, or in the languages named."""

    def keep(task: str, predictions: list[Any], languages: str = "de", rows: str = "", **other: Any) -> dict[str, Any]:
        entry = {"n": len(predictions), "available": len(predictions), "split": "test", "rows": rows, "seconds": 1.0}
        result = {
            "format": 1,
            "task": task,
            "setup": f"stack(mnli, {task})",
            "base": "minilm",
            "data": "hub",
            "seed": 42,
            "limit": None,
            "metric": "accuracy",
            "head": task,
            "details": {},
            "mean": {},
            "languages": {code: {**entry} for code in languages.split()},
            **other,
        }
        result.setdefault("run", f"{task}-{len(list(store.root.glob('results/*.json')))}")
        for code in languages.split():
            atomic_write_json(store.predictions_path(result["run"], code), predictions)
        store.write_result(result["run"], result)
        return result

    return keep


def submit(store: Any, to: Path, source: Any = None, suite: Suite = XTREME, **options: Any) -> Submission:
    return write_submission(suite, parse("mnli"), "minilm", source or Given({}), store, to, **options)


# What the evaluator does with a file, told again.


def read_labels(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text().splitlines()]


def read_tags(path: Path) -> list[list[str]]:
    sentences: list[list[str]] = []
    current: list[str] = []
    for line in path.read_text().splitlines():
        if line.strip():
            current.append(line.strip())
        else:
            sentences.append(current)
            current = []
    return sentences + ([current] if current else [])


def accuracy(predictions: list[Any], labels: list[Any]) -> float:
    assert len(predictions) == len(labels)
    return 100 * sum(a == b for a, b in zip(predictions, labels, strict=True)) / len(labels)


def test_what_was_evaluated_scores_the_same_when_it_is_read_back(trained: Any, tmp_path: Path) -> None:
    setup = "average(mnli, squad)"
    stored = {task: trained.evaluate(setup, task) for task in ("xnli", "xquad", "tatoeba")}
    place = tmp_path / "submission"
    base, source = trained.backbone.name, trained.source
    made = write_submission(XTREME_R, parse(setup), base, source, trained.store, place)
    assert made.tasks.keys() == stored.keys()

    def rows(path: str) -> list[dict[str, Any]]:
        return parquet.read_table(trained.mirror / path).to_pylist()

    for code in ("en", "de"):
        words = ["entailment", "neutral", "contradiction"]
        gold = [words[row["label"]] for row in rows(f"facebook/xnli/{code}/validation.parquet")]
        found = accuracy(read_labels(place / f"xnli/test-{code}.tsv"), gold)
        assert found == pytest.approx(stored["xnli"]["languages"][code]["accuracy"], abs=1e-3)
        answers = json.loads((place / f"xquad/test-{code}.json").read_text())
        questions = rows(f"google/xquad/xquad.{code}/validation.parquet")
        scores = metrics.compute(
            "squad",
            [{"id": id_, "text": text} for id_, text in answers.items()],
            [{"id": row["id"], "answers": row["answers"]["text"]} for row in questions],
        )
        for key, value in scores.items():
            assert stored["xquad"]["languages"][code][key] == pytest.approx(value, abs=1e-3)
    english = [row["sentence2"] for row in rows("mteb/tatoeba-bitext-mining/deu-eng/test.parquet")]
    found = accuracy(read_labels(place / "tatoeba/test-de.tsv"), sorted_places(english))
    assert found == pytest.approx(stored["tatoeba"]["languages"]["de"]["accuracy"], abs=1e-3)


def sorted_places(english: list[str]) -> list[str]:
    """The evaluator's labels of Tatoeba: its English side is sorted, a label is the place in the files as they come."""
    return [str(place) for place, _ in sorted(enumerate(english), key=lambda item: item[1].strip())]


def test_translations_are_in_the_order_of_the_sorted_english_side(keep: Keep, store: Any, tmp_path: Path) -> None:
    english = ["Where?", " A dog.", "Now.", "A dog.", "Because."]
    rows = [{"first": "", "second": text} for text in english]
    # The third and the last are wrong.
    keep("tatoeba", [0, 1, 4, 3, 0], rows=RowSet(rows, "test", 5).fingerprint[:16], setup="mnli")
    submit(store, tmp_path / "to", Given({"tatoeba": rows}))
    found = read_labels(tmp_path / "to/tatoeba/test-de.tsv")
    assert found == ["1", "3", "0", "4", "0"]
    assert sorted_places(english) == ["1", "3", "4", "2", "0"]
    assert accuracy(found, sorted_places(english)) == 60.0


@pytest.mark.parametrize("task", ["udpos", "wikiann"])
def test_tags_are_one_a_line_with_an_empty_line_between_sentences(
    keep: Keep, store: Any, tmp_path: Path, task: str
) -> None:
    tags = [["O", "B-PER", "I-PER"], ["O"], ["B-LOC", "O"]]
    keep(task, tags)
    submit(store, tmp_path / "to")
    path = tmp_path / "to" / {"udpos": "udpos", "wikiann": "panx"}[task] / "test-de.tsv"
    assert path.read_text() == "O\nB-PER\nI-PER\n\nO\n\nB-LOC\nO\n"
    assert read_tags(path) == tags


def test_paraphrases_are_0_and_1(keep: Keep, store: Any, tmp_path: Path) -> None:
    keep("pawsx", [0, 1, 1])
    submit(store, tmp_path / "to")
    assert (tmp_path / "to/pawsx/test-de.tsv").read_text() == "0\n1\n1\n"


def test_choices_are_json_lines(keep: Keep, store: Any, tmp_path: Path) -> None:
    keep("xcopa", [1, 0], "et")
    submit(store, tmp_path / "to", suite=XTREME_R)
    lines = (tmp_path / "to/xcopa/test-et.jsonl").read_text().splitlines()
    assert [json.loads(line)["label"] for line in lines] == [1, 0]


def test_answers_keep_their_script(keep: Keep, store: Any, tmp_path: Path) -> None:
    keep("tydiqa", [{"id": "a", "text": "Привет"}, {"id": "b", "text": "", "null_gap": 1.0}], "ru")
    submit(store, tmp_path / "to")
    text = (tmp_path / "to/tydiqa/test-ru.json").read_text(encoding="utf-8")
    assert "Привет" in text
    assert json.loads(text) == {"a": "Привет", "b": ""}


def test_mined_pairs_score_as_at_the_best_threshold(keep: Keep, store: Any, tmp_path: Path) -> None:
    mined = [[1.30003, "de-1", "en-1"], [1.20002, "de-2", "en-2"], [1.20001, "de-3", "en-9"], [1.1, "de-4", "en-8"]]
    gold = [("de-1", "en-1"), ("de-2", "en-2"), ("de-5", "en-5")]
    keep("bucc", mined, setup="mnli")
    source = Given({"bucc": [{"id": f"de-{i}", "text": ""} for i in range(1, 7)]}, gold)
    submit(store, tmp_path / "to", source)
    pairs = {tuple(line.split("\t")) for line in read_labels(tmp_path / "to/bucc2018/test-de.tsv")}
    assert pairs == {("de-1", "en-1"), ("de-2", "en-2")}
    right = len(pairs & set(gold))
    f1 = 100 * 2 * right / (len(pairs) + len(gold))
    assert f1 == pytest.approx(metrics.compute("mining", mined, gold)["f1"])


def test_rankings_are_cut_at_20_under_the_id_of_their_query(keep: Keep, store: Any, tmp_path: Path) -> None:
    entities = [f"Q{i}" for i in range(30)]
    keep("mewslix", [entities, entities[::-1]], setup="mnli")
    keep("lareqa", [["ar:0:0", "de:12:3"]], setup="mnli")
    source = Given({"mewslix": [{"id": "m1"}, {"id": "m2"}], "lareqa": [{"id": "56be"}]})
    submit(store, tmp_path / "to", source, XTREME_R)
    ranked = json.loads((tmp_path / "to/mewslix/test-de.json").read_text())
    assert ranked == {"m1": entities[:20], "m2": entities[:9:-1]}
    assert json.loads((tmp_path / "to/lareqa/test-de.json").read_text()) == {"56be_de": ["ar_1_0", "de_13_3"]}


def test_files_are_where_the_evaluator_looks() -> None:
    names = {file_name(get_task(task), "de") for suite in (XTREME, XTREME_R) for task in suite.tasks}
    tsv = {f"{task}/test-de.tsv" for task in ("xnli", "pawsx", "udpos", "panx", "bucc2018", "tatoeba")}
    json_ = {f"{task}/test-de.json" for task in ("xquad", "mlqa", "tydiqa", "mewslix", "lareqa")}
    assert names == tsv | json_ | {"xcopa/test-de.jsonl"}


def test_what_is_missing_is_named_a_line_each(keep: Keep, store: Any, tmp_path: Path) -> None:
    keep("xnli", [0], "en de")
    keep("mewslix", [["Q1"]], setup="mnli")
    made = submit(store, tmp_path / "to", Given({"mewslix": [{"id": None}]}), XTREME_R)
    assert "xnli: not evaluated in ar bg el es fr hi ru sw th tr ur vi zh" in made.missing
    assert "udpos: not evaluated" in made.missing
    assert any(line.startswith("mewslix de: the rows of mewslix have no id") for line in made.missing)
    assert all("\n" not in line for line in made.missing)
    record = json.loads((tmp_path / "to" / RECORD).read_text())
    assert record["missing"] == list(made.missing)
    assert record["tasks"]["xnli"]["rows"] == {"de": 1, "en": 1}


def test_predictions_that_are_gone_are_missing(keep: Keep, store: Any, tmp_path: Path) -> None:
    kept = keep("xnli", [0], "en de")
    store.predictions_path(kept["run"], "de").unlink()
    made = submit(store, tmp_path / "to")
    assert any(line.startswith("xnli de: cannot read") for line in made.missing)
    assert not (tmp_path / "to/xnli/test-de.tsv").exists()


def test_rows_that_changed_since_they_were_evaluated_are_not_written(keep: Keep, store: Any, tmp_path: Path) -> None:
    rows = [{"first": "a", "second": "b"}, {"first": "c", "second": "d"}]
    keep("xnli", [0])
    keep("tatoeba", [0, 1], rows=RowSet(rows[::-1], "test", 2).fingerprint[:16], setup="mnli")
    made = submit(store, tmp_path / "to", Given({"tatoeba": rows}))
    assert any(line.startswith("tatoeba de: the rows in hub are not those") for line in made.missing)


@pytest.mark.parametrize("change", [{"limit": 10}, {"data": "bundled"}])
def test_a_sample_is_refused_unless_it_is_allowed(
    keep: Keep, store: Any, tmp_path: Path, change: dict[str, Any]
) -> None:
    keep("xnli", [0], **change)
    source = Given({})
    source.name = change.get("data", "hub")
    with pytest.raises(XadaptError, match=r"xnli: not all rows were evaluated.*--allow-sample"):
        submit(store, tmp_path / "to", source)
    assert not (tmp_path / "to").exists()
    made = submit(store, tmp_path / "to", source, allow_sample=True)
    assert made.tasks["xnli"]["sample"] is True


def test_a_whole_result_is_taken_before_a_sample_and_then_the_seed_and_the_newest(
    keep: Keep, store: Any, tmp_path: Path
) -> None:
    keep("xnli", [1], seed=7, run="other-seed")
    old = keep("xnli", [1], run="old")
    keep("xnli", [2], run="new")
    keep("xnli", [1], run="sample", limit=1)
    os.utime(store.result_path(old["run"]), (0, 0))
    assert submit(store, tmp_path / "to").tasks["xnli"]["run"] == "new"
    assert (tmp_path / "to/xnli/test-de.tsv").read_text() == "contradiction\n"
    assert submit(store, tmp_path / "to", seed=7).tasks["xnli"]["run"] == "other-seed"


def test_the_trained_target_is_taken_before_the_setup_itself(keep: Keep, store: Any, tmp_path: Path) -> None:
    keep("xnli", [0], setup="mnli")
    assert submit(store, tmp_path / "a").tasks["xnli"]["setup"] == "mnli"
    keep("xnli", [0], setup="continue(mnli, xnli)")
    assert submit(store, tmp_path / "b").tasks["xnli"]["setup"] == "continue(mnli, xnli)"
    keep("xnli", [0], setup="stack(mnli, xnli)")
    assert submit(store, tmp_path / "c").tasks["xnli"]["setup"] == "stack(mnli, xnli)"


@pytest.mark.parametrize("other", [{"base": "xlm-roberta-base"}, {"data": "mirror:hub"}, {"setup": "stsb"}])
def test_results_of_another_base_data_or_setup_are_not_mixed_in(
    keep: Keep, store: Any, tmp_path: Path, other: dict[str, str]
) -> None:
    keep("xnli", [0], **other)
    with pytest.raises(XadaptError, match=r"no predictions of mnli on xtreme .*`xadapt evaluate xtreme"):
        submit(store, tmp_path / "to")


def test_an_earlier_submission_is_replaced_and_nothing_of_it_stays(keep: Keep, store: Any, tmp_path: Path) -> None:
    kept = keep("xnli", [0], "en de")
    submit(store, tmp_path / "to")
    del kept["languages"]["de"]
    store.write_result(kept["run"], kept)
    submit(store, tmp_path / "to")
    assert sorted(path.name for path in (tmp_path / "to").rglob("*")) == ["submission.json", "test-en.tsv", "xnli"]


def test_a_folder_with_something_else_in_it_is_left_alone(keep: Keep, store: Any, tmp_path: Path) -> None:
    keep("xnli", [0])
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.tex").write_text("")
    with pytest.raises(XadaptError, match="thesis is not empty and no submission"):
        submit(store, tmp_path / "thesis")
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.tex"]


def test_nothing_is_written_when_nothing_can_be(keep: Keep, store: Any, tmp_path: Path) -> None:
    keep("mewslix", [["Q1"]], setup="mnli")
    with pytest.raises(XadaptError, match=r"nothing to submit; .*mewslix"):
        submit(store, tmp_path / "to", Given({"mewslix": [{"id": None}]}), XTREME_R)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith((".to", "to"))] == []
