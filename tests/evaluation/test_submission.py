"""Submissions: read back as XTREME's evaluator reads them, they give the scores that were stored."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

from tests.error_checks import refused
from tests.evaluation.submissions import Given, Keep, accuracy, read_labels, sorted_positions, submit
from xadapt import metrics
from xadapt.composition.grammar import parse
from xadapt.data.source import RowSet
from xadapt.evaluation.submission import RECORD, write_submission
from xadapt.tasks.suites import XTREME_R


def test_what_was_evaluated_scores_the_same_when_it_is_read_back(trained: Any, tmp_path: Path) -> None:
    setup = "average(mnli, squad)"
    stored = {task: trained.evaluate(setup, task) for task in ("xnli", "xquad", "tatoeba")}
    folder = tmp_path / "submission"
    made = write_submission(trained.context, XTREME_R, parse(setup), folder)
    assert made.tasks.keys() == stored.keys()

    def rows(path: str) -> list[dict[str, Any]]:
        return parquet.read_table(trained.mirror / path).to_pylist()

    for code in ("en", "de"):
        words = ["entailment", "neutral", "contradiction"]
        gold = [words[row["label"]] for row in rows(f"facebook/xnli/{code}/validation.parquet")]
        found = accuracy(read_labels(folder / f"xnli/test-{code}.tsv"), gold)
        assert found == pytest.approx(stored["xnli"][code].score, abs=1e-3)
        answers = json.loads((folder / f"xquad/test-{code}.json").read_text())
        questions = rows(f"google/xquad/xquad.{code}/validation.parquet")
        scores = metrics.compute(
            "squad",
            [{"id": id_, "text": text} for id_, text in answers.items()],
            [{"id": row["id"], "answers": row["answers"]["text"]} for row in questions],
        )
        for key, value in scores.items():
            assert stored["xquad"][code].scores[key] == pytest.approx(value, abs=1e-3)
    english = [row["sentence2"] for row in rows("mteb/tatoeba-bitext-mining/deu-eng/test.parquet")]
    found = accuracy(read_labels(folder / "tatoeba/test-de.tsv"), sorted_positions(english))
    assert found == pytest.approx(stored["tatoeba"]["de"].score, abs=1e-3)


def test_what_is_missing_is_named_a_line_each(keep: Keep, store: Any, tmp_path: Path) -> None:
    keep("xnli", [0], "en de")
    keep("mewslix", [["Q1"]], setup="mnli")
    made = submit(store, tmp_path / "to", Given({"mewslix": [{"id": None}]}), XTREME_R)
    assert "xnli: not evaluated in ar bg el es fr hi ru sw th tr ur vi zh" in made.missing
    assert "udpos: not evaluated" in made.missing
    assert any(line.startswith("mewslix de: ") for line in made.missing)
    assert all("\n" not in line for line in made.missing)
    record = json.loads((tmp_path / "to" / RECORD).read_text())
    assert record["missing"] == list(made.missing)
    assert record["tasks"]["xnli"]["rows"] == {"de": 1, "en": 1}


def test_predictions_that_are_gone_are_missing(keep: Keep, store: Any, tmp_path: Path) -> None:
    kept = keep("xnli", [0], "en de")
    store.predictions_path(kept.run, "de").unlink()
    made = submit(store, tmp_path / "to")
    assert any(line.startswith("xnli de: ") for line in made.missing)
    assert not (tmp_path / "to/xnli/test-de.tsv").exists()


def test_rows_that_changed_since_they_were_evaluated_are_not_written(keep: Keep, store: Any, tmp_path: Path) -> None:
    rows = [{"first": "a", "second": "b"}, {"first": "c", "second": "d"}]
    keep("xnli", [0])
    keep("tatoeba", [0, 1], rows=RowSet(rows[::-1], "test", 2).fingerprint[:16], setup="mnli")
    made = submit(store, tmp_path / "to", Given({"tatoeba": rows}))
    assert any(line.startswith("tatoeba de: ") for line in made.missing)


@pytest.mark.parametrize("change", [{"limit": 10}, {"data": "bundled"}])
def test_a_sample_is_refused_unless_it_is_allowed(
    keep: Keep, store: Any, tmp_path: Path, change: dict[str, Any]
) -> None:
    keep("xnli", [0], **change)
    source = Given({})
    source.name = change.get("data", "hub")
    with refused("xnli", advice="allow_sample"):
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
    os.utime(store.result_path(old.run), (0, 0))
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
    with refused("mnli", "xtreme", advice="xadapt evaluate xtreme"):
        submit(store, tmp_path / "to")


def test_an_earlier_submission_is_replaced_and_nothing_of_it_stays(keep: Keep, store: Any, tmp_path: Path) -> None:
    kept = keep("xnli", [0], "en de")
    submit(store, tmp_path / "to")
    store.write_result(kept.model_copy(update={"languages": {"en": kept["en"]}}))
    submit(store, tmp_path / "to")
    assert sorted(path.name for path in (tmp_path / "to").rglob("*")) == ["submission.json", "test-en.tsv", "xnli"]


def test_a_folder_with_something_else_in_it_is_left_alone(keep: Keep, store: Any, tmp_path: Path) -> None:
    keep("xnli", [0])
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.tex").write_text("")
    with refused("thesis", advice="another folder"):
        submit(store, tmp_path / "thesis")
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.tex"]


def test_nothing_is_written_when_nothing_can_be(keep: Keep, store: Any, tmp_path: Path) -> None:
    keep("mewslix", [["Q1"]], setup="mnli")
    with refused("mewslix"):
        submit(store, tmp_path / "to", Given({"mewslix": [{"id": None}]}), XTREME_R)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith((".to", "to"))] == []
