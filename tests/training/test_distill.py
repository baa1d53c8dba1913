"""Distillation: a student learns what its teacher answers, and starts from the best of what it is distilled from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from tests.error_checks import refused
from tests.mirror_rows import write_parquet
from tests.stored_records import change_record
from xadapt.composition.answering import answer_with
from xadapt.composition.grammar import parse
from xadapt.data import bundled
from xadapt.portable.export import export
from xadapt.problems import teaching
from xadapt.store.checkpoints import RECORD
from xadapt.training.plan import plan_distill, plan_gate, plan_multitask, plan_target, plan_task


def probabilities(lab: Any, setup: str) -> np.ndarray:
    """What a setup answers for the English training rows of xnli, shape (rows, labels)."""
    task = lab.tasks["xnli"]
    raw, _ = answer_with(lab.context, parse(setup), task, max_length=48).outputs(lab.source.train(task, 3).rows)
    return softmax(np.stack(raw), axis=-1)


def distance(lab: Any, setup: str, teacher: str) -> float:
    """How far a setup's answers are from another's: half the mean sum of differences, from 0 to 1."""
    return float(np.abs(probabilities(lab, setup) - probabilities(lab, teacher)).sum(axis=-1).mean() / 2)


def labelled(lab: Any, label: int) -> Any:
    """The lab with rows of mnli and xnli that all have one gold label."""
    texts = [row["first"] for row in bundled.rows("nli", "en", "test")[:9:3]]
    rows = [{"premise": text, "hypothesis": text, "label": label} for text in texts]
    write_parquet(lab.mirror / "nyu-mll/multi_nli/default/train.parquet", rows * 80)
    return lab.with_store(lab.store)


@pytest.mark.parametrize(("gold", "nearest", "farthest"), [(0.5, 0.3, 0.7), (0.0, 0.0, 0.1)])
def test_a_student_learns_its_teachers_answers_where_gold_labels_are_wrong(
    trained: Any, monkeypatch: pytest.MonkeyPatch, gold: float, nearest: float, farthest: float
) -> None:
    monkeypatch.setattr(teaching, "GOLD", gold)
    labelled(trained, 0).train(plan_task("mnli"))
    wrong = labelled(trained, 1)
    wrong.train(plan_target("xnli", "mnli", "continue"))
    assert distance(wrong, "continue(mnli, xnli)", "mnli") > 0.8
    student = wrong.train(plan_distill("mnli", "xnli"))
    assert nearest <= distance(wrong, student.setup, "mnli") < farthest


@pytest.fixture
def taught(trained: Any) -> Any:
    """The trained store with xnli continued from mnli too."""
    trained.train(plan_target("xnli", "mnli", "continue"))
    return trained


@pytest.mark.parametrize(
    ("teacher", "on", "starts"),
    [
        ("mnli", "xnli", "weights and the head of mnli"),
        ("ensemble(mnli, continue(mnli, xnli))", "xnli", "weights and the head of continue(mnli, xnli)"),
        ("average(mnli, continue(mnli, xnli))", "xnli", "weights and the head of continue(mnli, xnli)"),
        (
            "average(mnli, multitask(mnli, stsb))",
            "xnli",
            "weights and the head of average(mnli, multitask(mnli, stsb))",
        ),
        ("ensemble(mnli, fuse(mnli, stsb))", "xnli", "weights and the head of mnli"),
        ("gate(mnli, stsb)@xnli", "xnli", "fresh adapter and the head xnli of gate(mnli, stsb)@xnli"),
        ("stack(mnli, xnli)", "xnli", "fresh adapter and the head xnli of stack(mnli, xnli)"),
        ("fuse(mnli, stsb)", "stsb", "weights and the head of stsb"),
        ("squad", "xquad", "weights and the head of squad"),
    ],
)
def test_a_student_starts_from_what_has_learnt_the_task(taught: Any, teacher: str, on: str, starts: str) -> None:
    if "multitask" in teacher:
        taught.train(plan_multitask(["mnli", "stsb"]))
    if "gate" in teacher:
        taught.train(plan_gate(["mnli", "stsb"], "xnli"))
    made = taught.train(plan_distill(teacher, on))
    assert starts in made.record.start
    assert made.heads == [on]
    assert "| started from |" in (made.path / "README.md").read_text()
    taught.assemble(made.setup).head_for(taught.tasks[on])


def test_a_student_starts_from_the_best_member_by_english_dev(taught: Any) -> None:
    taught.train(plan_target("xnli", "stsb", "continue"))
    names = ("continue(mnli, xnli)", "continue(stsb, xnli)")
    for best, scores in ((0, (60.0, 50.0)), (1, (50.0, 60.0)), (0, (50.0, 50.0))):
        for name, score in zip(names, scores, strict=True):
            found = taught.store.find(name, taught.context.backbone.fingerprint, 42)
            figures = found.record.figures.model_copy(update={"dev": {"xnli": {"accuracy": score}}})
            change_record(found.path / RECORD, figures=figures.model_dump(mode="json"))
        fresh = taught.with_store(taught.store.root)
        made = fresh.train(plan_distill(f"ensemble({', '.join(names)})", "xnli"), lr=sum(scores) / 1e4 + best / 1e3)
        assert names[best] in made.record.start


def test_runs_of_one_setup_teach_together(taught: Any) -> None:
    setup = "continue(mnli, xnli)"
    other = taught.train(plan_target("xnli", "mnli", "continue"), seed=1042)
    made = taught.train(plan_distill(f"runs({setup}, n=2)", "xnli"))
    assert made.setup == f"distill(runs({setup}, n=2))@xnli"
    first = taught.store.find(setup, taught.context.backbone.fingerprint, 42)
    assert {*made.record.members.values()} == {first.run, other.run}


def test_a_student_needs_no_teacher(taught: Any, tmp_path: Path) -> None:
    made = taught.train(plan_distill("ensemble(continue(mnli, xnli), stack(mnli, xnli))", "xnli"))
    assert set(made.record.members) == {"mnli", "continue(mnli, xnli)", "stack(mnli, xnli)"}
    before = taught.evaluate(made.setup, "xnli", "de")
    for checkpoint in taught.store.checkpoints():
        if checkpoint.run != made.run:
            shutil.rmtree(checkpoint.path)
    alone = taught.with_store(taught.store.root)
    assert alone.evaluate(made.setup, "xnli", "de").languages == before.languages
    export(alone.context, parse(made.setup), tmp_path / "out", "adapterhub")


def test_another_run_of_a_member_makes_another_student(taught: Any) -> None:
    first = taught.train(plan_distill("continue(mnli, xnli)", "xnli"))
    assert taught.train(plan_distill("continue(mnli, xnli)", "xnli")).run == first.run
    other = taught.train(plan_target("xnli", "mnli", "continue"), lr=0.02)
    pins = {other.setup: other}
    assert taught.train(plan_distill("continue(mnli, xnli)", "xnli"), pins=pins).run != first.run


@pytest.mark.parametrize("task", ["lareqa", "mewslix"])
def test_what_has_no_answers_to_teach_is_refused(task: str) -> None:
    with refused(f"distill(mnli)@{task}", "retrieval", advice="labels, choices, tags, spans or scores"):
        plan_distill("mnli", task)


def test_a_teacher_must_answer_the_task(trained: Any) -> None:
    with refused("squad cannot answer xnli"):
        trained.train(plan_distill("ensemble(mnli, squad)", "xnli"))
