"""Distillation on rows without labels: what is learnt from them, what is recorded, and what may be measured then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.error_checks import refused
from xadapt.composition.answering import answer_with
from xadapt.composition.grammar import parse
from xadapt.data.unlabelled import unlabelled_rows
from xadapt.training.job import prepare
from xadapt.training.plan import plan_distill, plan_fusion, plan_target
from xadapt.training.settings import make_settings
from xadapt.training.teacher import Teacher


@pytest.mark.parametrize(("teacher", "task", "answered_in"), [("mnli", "xnli", "english"), ("squad", "xquad", "rows")])
def test_parallel_rows_take_what_is_answered_in_english(
    trained: Any, teacher: str, task: str, answered_in: str
) -> None:
    job = prepare(trained.context, plan_distill(teacher, task, 3), make_settings(max_length=48))
    found = unlabelled_rows(trained.source, trained.tasks[task], "de", 3)
    problem, (name,) = job.problems[task], job.train_rows
    labelled = problem.encode(job.train_rows[name].rows, labelled=True)
    (features,) = Teacher(job).taught({task: labelled}, {"de": found}).values()
    german = features[len(labelled) :]
    expected, asked = answer_with(trained.context, parse(teacher), trained.tasks[task], max_length=48).outputs(
        getattr(found, answered_in)
    )
    assert len(german) == len(expected) > 0
    for feature, raw, other in zip(german, expected, asked, strict=True):
        np.testing.assert_allclose(feature["taught"], problem.taught(raw, other), atol=1e-6)
        assert not {"labels", "start_positions"} & feature.keys()
    assert [f["input_ids"] for f in german] == [f["input_ids"] for f in problem.encode(found.rows, labelled=False)]


def test_rows_without_labels_are_learnt_from_beside_the_english_ones(trained: Any) -> None:
    made = trained.train(plan_distill("mnli", "xnli", 4))
    assert made.setup == "distill(mnli, unlabelled=4)@xnli"
    figures, (rows,) = made.record.figures, made.record.unlabelled
    assert (figures.features, figures.steps) == (28, 4)
    assert (rows.task, rows.language, rows.split, rows.rows, rows.available) == ("xnli", "de", "validation", 4, 12)
    assert (rows.measured, rows.english, rows.fair_limit) == (True, True, 8)
    without = trained.train(plan_distill("mnli", "xnli"))
    assert without.digest != made.digest
    assert not without.record.unlabelled
    card = (made.path / "README.md").read_text()
    assert "| unlabelled rows | xnli: 4 of validation in de" in card
    assert "English only" not in card


def test_what_was_learnt_from_is_not_measured_at_any_depth(trained: Any) -> None:
    trained.train(plan_distill("mnli", "xnli", 4))
    setup = "distill(mnli, unlabelled=4)@xnli"
    trained.train(plan_target("xnli", setup, "continue"))
    trained.train(plan_fusion(["stsb", setup], "stsb"))
    above = (setup, f"ensemble(mnli, {setup})", f"continue({setup}, xnli)", f"fuse(stsb, {setup})@stsb")
    for deep in above:
        # Translations of parallel rows are no test either.
        for language in ("de", "en"):
            with refused(setup, "xnli", "the last 4 of 12", advice="limit=8"):
                trained.evaluate(deep, "xnli", language)
        with refused(advice="limit=8"):
            trained.evaluate(deep, "xnli", limit=9)
        assert trained.evaluate(deep, "xnli", limit=8)["de"].n == 8
    assert trained.evaluate("mnli", "xnli")["de"].n == 12
    assert trained.evaluate(f"fuse(stsb, {setup})@stsb", "stsb")["en"].n == 24


def test_rows_of_other_languages_must_be_there(trained: Any) -> None:
    with refused("stsb", advice="leave unlabelled out"):
        trained.train(plan_distill("stsb", "stsb", 4))
