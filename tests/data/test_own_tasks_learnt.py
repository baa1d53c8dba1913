"""A user's own tasks are trained and measured, in a made-up language too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.data.own_files import sentiment, write_csv, write_jsonl, write_tags
from tests.error_checks import refused
from xadapt.training.plan import plan_task


def test_a_language_that_xadapt_has_never_heard_of_is_trained_and_measured(folder: Path, lab: Any) -> None:
    lab.task(str(folder / "my.yaml"))
    checkpoint = lab.train(plan_task("reviews", lab.tasks))
    assert checkpoint.record.rows == {"reviews": 16}
    result = lab.evaluate("reviews", "reviews")
    assert set(result.languages) == {"de", "xq"}
    assert (result["xq"].n, result["xq"].split) == (8, "test-xq")
    with refused("reviews", "'sw'"):
        lab.evaluate("reviews", "reviews", "xq,sw")


def test_tags_in_a_made_up_language_are_learnt_from_two_columns(tmp_path: Path, lab: Any) -> None:
    for name in ("train", "dev", "test-xq"):
        sentences = [[("lo", "O"), ("zama", "GOOD")], [(name, "O"), ("krel", "BAD"), ("lo", "O")]] * 8
        if name == "dev":
            sentences = sentences[1::2]
        write_tags(tmp_path / f"{name}.tsv", sentences)
    path = tmp_path / "tags.yaml"
    path.write_text(
        "name: xqtags\nproblem: tagging\nlabels: [O, GOOD, BAD]\ntrain: train.tsv\ndev: dev.tsv\n"
        "test: test-{language}.tsv\nlanguages: xq\n",
        encoding="utf-8",
    )
    lab.task(str(path))
    lab.train(plan_task("xqtags", lab.tasks), epochs=6, lr=0.05)
    assert lab.evaluate("xqtags", "xqtags").means["token_accuracy"] > 80


def test_choices_of_the_user_are_learnt_and_measured(tmp_path: Path, lab: Any) -> None:
    rows = [{"context": f"lo {i}", "a": "zama", "b": "krel", "label": i % 2} for i in range(16)]
    write_csv(tmp_path / "rows.csv", rows[:8])
    write_csv(tmp_path / "others.csv", rows[8:])
    path = tmp_path / "choose.yaml"
    path.write_text(
        "name: choose\nproblem: multiple-choice\ncolumns: {choices: [a, b]}\n"
        "train: rows.csv\ndev: others.csv\ntest: others.csv\nlanguages: xq\n",
        encoding="utf-8",
    )
    lab.task(str(path))
    lab.train(plan_task("choose", lab.tasks))
    assert lab.evaluate("choose", "choose")["xq"].n == 8


def test_a_task_with_the_labels_of_another_is_measured_with_its_head(tmp_path: Path, trained: Any) -> None:
    rows = [{"first": "lo zama", "second": "tu krel", "label": label} for label in ("entailment", "contradiction")]
    write_jsonl(tmp_path / "xq.jsonl", rows)
    path = tmp_path / "nli.yaml"
    path.write_text(
        "name: xq-nli\nproblem: pair-classification\nlabels: [entailment, neutral, contradiction]\n"
        "test: xq.jsonl\nlanguages: xq\n",
        encoding="utf-8",
    )
    trained.task(str(path))
    assert trained.evaluate("mnli", "xq-nli").head == "mnli"


def test_other_labels_make_another_run_of_the_same_texts(folder: Path, lab: Any) -> None:
    lab.task(str(folder / "my.yaml"))
    first = lab.train(plan_task("reviews", lab.tasks), limit=8)
    write_csv(folder / "train.csv", [{**row, "stars": "good"} for row in sentiment(16)[:15]] + sentiment(16)[15:])
    second = lab.train(plan_task("reviews", lab.tasks), limit=8)
    assert first.run != second.run
