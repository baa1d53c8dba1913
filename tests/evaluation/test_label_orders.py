"""A head answers tasks that have its labels in another order: scores, predictions and probabilities are right."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.own_files import write_jsonl
from tests.error_checks import refused
from xadapt.tasks import Row
from xadapt.training.plan import plan_fusion, plan_multitask, plan_task

LABELS = ("entailment", "neutral", "contradiction")
ROWS: list[Row] = [
    {"first": f"lo zama {n}", "second": f"tu {('krel', 'zama', 'mu')[n % 3]} {n // 3}", "label": LABELS[n % 3]}
    for n in range(12)
]
TEXTS = [{"first": row["first"], "second": row["second"]} for row in ROWS]
DEV = [{**row, "second": f"{row['second']} now"} for row in ROWS[:6]]


def declared(folder: Path, name: str, labels: tuple[str, ...], more: str = "", rows: list[Row] | None = None) -> str:
    """Declare a task of these rows with its labels in an order."""
    write_jsonl(folder / f"{name}.jsonl", rows or ROWS)
    text = f"name: {name}\nproblem: pair-classification\nlabels: [{', '.join(labels)}]\ntest: {name}.jsonl\n"
    (folder / f"{name}.yaml").write_text(text + f"languages: xq\n{more}", encoding="utf-8")
    return str(folder / f"{name}.yaml")


def learnt(lab: Any, folder: Path, name: str, labels: tuple[str, ...], **options: Any) -> None:
    """Train a declared task on its own rows."""
    write_jsonl(folder / f"{name}-dev.jsonl", DEV)
    lab.task(declared(folder, name, labels, f"train: {name}.jsonl\ndev: {name}-dev.jsonl\n"))
    lab.train(plan_task(name, lab.tasks), **options)


@pytest.mark.parametrize("setup", ["mnli", "ensemble(mnli, stack(mnli, xnli))", "average(mnli, stsb)"])
def test_scores_and_probabilities_are_the_same_in_every_order_of_labels(
    tmp_path: Path, trained: Any, setup: str
) -> None:
    scores, answers = set(), []
    for number, labels in enumerate(permutations(LABELS)):
        name = trained.task(declared(tmp_path, f"order{number}", labels)).name
        scores.add(trained.evaluate(setup, name)["xq"].scores["accuracy"])
        answers.append(trained.predict(setup, name, TEXTS))
    assert len(scores) == 1
    for given in answers[1:]:
        for one, other in zip(given, answers[0], strict=True):
            assert one["prediction"] == other["prediction"]
            assert one["probabilities"] == pytest.approx(other["probabilities"], abs=2e-6)


def test_labels_as_places_are_those_of_the_task_and_not_of_the_head(tmp_path: Path, trained: Any) -> None:
    turned = LABELS[::-1]
    rows = [{**row, "label": turned.index(row["label"])} for row in ROWS]
    score = [
        trained.evaluate("mnli", trained.task(declared(tmp_path, name, labels, rows=given)).name)["xq"].scores
        for name, labels, given in (("words", LABELS, ROWS), ("places", turned, rows))
    ]
    assert score[0] == score[1]


def test_the_display_says_that_the_order_is_another(tmp_path: Path, trained: Any) -> None:
    from tests.tiny_lab import SpyDisplay

    said: list[str] = []
    name = trained.task(declared(tmp_path, "turned", LABELS[::-1])).name
    trained.evaluate("mnli", name, display=SpyDisplay(said.append))
    assert any("mnli" in line and "order" in line for line in said)


def test_the_members_of_an_ensemble_may_have_learnt_in_different_orders(tmp_path: Path, lab: Any) -> None:
    learnt(lab, tmp_path, "one", LABELS)
    learnt(lab, tmp_path, "two", LABELS[1:] + LABELS[:1])
    alone = [lab.predict(setup, "one", TEXTS) for setup in ("one", "two")]
    for task in ("one", "two"):
        for row, first, second in zip(lab.predict("ensemble(one, two)", task, TEXTS), *alone, strict=True):
            for label in LABELS:
                mean = np.mean([first["probabilities"][label], second["probabilities"][label]])
                assert row["probabilities"][label] == pytest.approx(mean, abs=1e-5)


def test_a_fusion_learns_a_task_of_another_order_with_a_head_of_its_own(tmp_path: Path, lab: Any) -> None:
    learnt(lab, tmp_path, "one", LABELS)
    learnt(lab, tmp_path, "two", LABELS)
    turned = LABELS[::-1]
    write_jsonl(tmp_path / "three-dev.jsonl", DEV)
    lab.task(declared(tmp_path, "three", turned, "train: three.jsonl\ndev: three-dev.jsonl\n"))
    lab.train(plan_fusion(("one", "two"), "three", None, lab.tasks))
    fused = lab.assemble("fuse(one, two)@three")
    assert fused.head_for(lab.tasks["three"]) == "three"
    assert fused.label_order(lab.tasks["three"], "three") is None
    assert fused.label_order(lab.tasks["one"], "three") == [2, 1, 0]


def test_a_task_that_was_declared_in_another_order_since_is_measured_right_and_learns_no_further(
    tmp_path: Path, lab: Any
) -> None:
    learnt(lab, tmp_path, "one", LABELS)
    learnt(lab, tmp_path, "two", LABELS)
    before = lab.evaluate("one", "one")["xq"].scores
    lab.task(declared(tmp_path, "one", LABELS[::-1], "train: one.jsonl\ndev: one-dev.jsonl\n"))
    assert lab.evaluate("one", "one")["xq"].scores == before
    with refused("one", ", ".join(LABELS), "order", advice="train one again"):
        lab.train(plan_fusion(("one", "two"), "one", None, lab.tasks))
    lab.train(plan_multitask(["one", "two"], lab.tasks))
    with refused("one", "order", advice="again"):
        lab.assemble("average(one, multitask(one, two))")


def test_a_head_of_other_labels_is_refused_with_its_labels(tmp_path: Path, trained: Any) -> None:
    rows = [{**row, "label": ("ja", "offen", "nein")[LABELS.index(row["label"])]} for row in ROWS]
    task = trained.task(declared(tmp_path, "german", ("ja", "offen", "nein"), rows=rows))
    with refused("mnli", "german", "ja, offen, nein", ", ".join(LABELS), advice="values"):
        trained.evaluate("mnli", task.name)
    values = "values: {label: {ja: entailment, offen: neutral, nein: contradiction}}\n"
    task = trained.task(declared(tmp_path, "german", LABELS, values, rows=rows))
    words = trained.task(declared(tmp_path, "words", LABELS))
    assert trained.evaluate("mnli", "german")["xq"].scores == trained.evaluate("mnli", words.name)["xq"].scores
