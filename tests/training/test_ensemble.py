"""Ensembles whose weights are chosen: which members are taken how often, what is stored, and what is used of it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from tests.error_checks import refused
from tests.experiments.test_execute import SMALL, Log, carry_out
from tests.stored_records import change_record
from xadapt.composition.answering import Answerer, answer_with
from xadapt.composition.grammar import parse
from xadapt.evaluation.run_suite import candidates
from xadapt.experiments.recipe import Recipe
from xadapt.experiments.steps import plan_steps
from xadapt.store.check import check_store
from xadapt.store.checkpoints import RECORD
from xadapt.training import ensemble
from xadapt.training.ensemble import Weights, select
from xadapt.training.plan import plan_distill, plan_ensemble, plan_target, plan_targets

CONTINUED, STRAIGHT, STACKED = MEMBERS = ("continue(mnli, xnli)", "mnli", "stack(mnli, xnli)")
SETUP = f"greedy_ensemble({', '.join(MEMBERS)})@xnli"
#: What a member answers for a row: how sure it is of the right label, or of a wrong one.
Answers = Callable[[int], tuple[bool, float]]


@pytest.fixture
def able(trained: Any) -> Any:
    """The trained store with three setups that answer xnli."""
    trained.train(plan_target("xnli", "mnli", "continue"))
    return trained


def right(number: int) -> tuple[bool, float]:
    return True, 4.0


def wrong(number: int) -> tuple[bool, float]:
    return False, 4.0


def right_on(remainder: int) -> Answers:
    return lambda number: (number % 2 == remainder, 4.0 if number % 2 == remainder else 1.0)


def made_up(monkeypatch: pytest.MonkeyPatch, lab: Any, *answers: Answers) -> None:
    """Let members, in their order, give made-up answers while the weights are chosen."""
    labels = [row["label"] for row in lab.source.dev(lab.tasks["xnli"], 6).rows]

    def logits(member: Answers, number: int) -> np.ndarray:
        is_right, sure = member(number)
        return np.float32(sure) * np.eye(3, dtype=np.float32)[(labels[number] + (not is_right)) % 3]

    def each(self: Answerer, features: Any, *rest: Any) -> list[list[np.ndarray]]:
        return [[logits(member, feature["row"]) for feature in features] for member in answers]

    monkeypatch.setattr(Answerer, "each", each)


def made(lab: Any, monkeypatch: pytest.MonkeyPatch, *answers: Answers, **options: Any) -> Any:
    with monkeypatch.context() as patch:
        made_up(patch, lab, *answers)
        return lab.train(plan_ensemble(MEMBERS, "xnli"), **options)


def weighted(lab: Any, checkpoint: Any, *weights: float) -> Any:
    """The lab with other weights in the record of an ensemble."""
    figures = checkpoint.record.figures.model_copy(update={"mixture": dict(zip(MEMBERS, weights, strict=True))})
    change_record(checkpoint.path / RECORD, figures=figures.model_dump(mode="json", exclude_none=True))
    return lab.with_store(lab.store.root)


def probabilities(lab: Any, setup: str) -> np.ndarray:
    task = lab.tasks["xnli"]
    raw, _ = answer_with(lab.context, parse(setup), task, max_length=48).outputs(lab.source.dev(task, 6).rows)
    return softmax(np.stack(raw), axis=-1)


def test_one_good_member_among_bad_ones_is_taken_alone() -> None:
    assert select(3, lambda weights: 10 * weights[0] + 90 * weights[1] + 20 * weights[2]) == ((0.0, 1.0, 0.0), 90.0)


def test_a_member_is_taken_again_where_it_should_count_more() -> None:
    best, score = select(2, lambda weights: 100 - abs(weights[0] - 0.75))
    assert (best, score) == ((0.75, 0.25), 100.0)


def test_no_member_is_better_than_what_is_chosen_and_no_mixture_is_scored_twice() -> None:
    for seed in range(30):
        dice, asked = random.Random(seed), dict[Weights, float]()

        def score(weights: Weights, dice: random.Random = dice, asked: dict[Weights, float] = asked) -> float:
            assert weights not in asked
            assert sum(weights) == pytest.approx(1)
            asked[weights] = dice.random()
            return asked[weights]

        members = dice.randint(2, 5)
        best, found = select(members, score, rounds=8)
        assert found == asked[best]
        assert found >= max(value for weights, value in asked.items() if max(weights) == 1.0)
        assert len(asked) <= 8 * members


def test_of_equal_members_the_first_is_taken_and_of_equal_rounds_the_first_is_kept() -> None:
    assert select(3, lambda weights: 50.0) == ((1.0, 0.0, 0.0), 50.0)
    assert select(3, lambda weights: 50.0 + 10 * (weights[0] == 0)) == ((0.0, 1.0, 0.0), 60.0)


def test_members_that_complement_each_other_are_better_together(able: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = made(able, monkeypatch, right_on(0), wrong, right_on(1)).record.figures
    assert figures.mixture == {CONTINUED: 0.5, STRAIGHT: 0.0, STACKED: 0.5}
    assert figures.dev["xnli"]["accuracy"] == 100.0
    alone = [entry["dev"] for entry in figures.history if max(entry["weights"]) == 1.0]
    assert alone == [50.0, 0.0, 50.0]


def test_what_is_chosen_is_what_real_members_answer_best_with(able: Any) -> None:
    figures = able.train(plan_ensemble(MEMBERS, "xnli")).record.figures
    task = able.tasks["xnli"]
    rows = able.source.dev(task, 6).rows
    for setup in (*MEMBERS, SETUP):
        answerer = answer_with(able.context, parse(setup), task, max_length=48)
        score = answerer.problem.score(answerer.predict(rows), rows)["accuracy"]
        if setup == SETUP:
            assert score == pytest.approx(figures.dev["xnli"]["accuracy"], abs=1e-3)
        assert score <= figures.dev["xnli"]["accuracy"] + 1e-3


def test_only_members_that_count_are_run(able: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = made(able, monkeypatch, wrong, wrong, right)
    assert checkpoint.record.figures.mixture == {CONTINUED: 0.0, STRAIGHT: 0.0, STACKED: 1.0}
    assert set(checkpoint.record.members) == set(MEMBERS)
    found, alone = able.evaluate(SETUP, "xnli", "de"), able.evaluate(STACKED, "xnli", "de")
    assert found.members == {**alone.members, SETUP: checkpoint.run}
    assert found["de"].scores == alone["de"].scores
    assert found.parameters == alone.parameters
    assert found.dev == {"xnli": 100.0}
    # One that does not count is not even needed.
    shutil.rmtree(able.store.find(CONTINUED, able.backbone.fingerprint).path)
    np.testing.assert_array_equal(probabilities(able.with_store(able.store.root), SETUP), probabilities(able, STACKED))


def test_it_answers_with_the_weighted_mean_of_its_members(able: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = weighted(able, made(able, monkeypatch, right, wrong, wrong), 0.75, 0.0, 0.25)
    expected = 0.75 * probabilities(lab, CONTINUED) + 0.25 * probabilities(lab, STACKED)
    np.testing.assert_allclose(probabilities(lab, SETUP), expected, atol=1e-6)
    result = lab.evaluate(SETUP, "xnli", "de")
    assert set(result.members) == {CONTINUED, STRAIGHT, STACKED, SETUP}
    # Another seed may have other members, and is the same setup.
    assert (
        result.head
        == weighted(lab, lab.store.by_run(result.members[SETUP]), 0.0, 1.0, 0.0)
        .evaluate(SETUP, "xnli", "de", limit=2)
        .head
    )
    assert result.parameters == sum(lab.evaluate(setup, "xnli", "de").parameters for setup in (CONTINUED, STACKED))


def test_it_is_stored_without_weights_and_is_whole(able: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = made(able, monkeypatch, right, wrong, wrong)
    assert sorted(file.name for file in checkpoint.path.iterdir()) == ["README.md", RECORD]
    assert (checkpoint.heads, checkpoint.record.files) == ([], {})
    assert check_store(able.store, lambda path: path).findings == ()
    card = (checkpoint.path / "README.md").read_text()
    assert f"1.000 `{CONTINUED}`" in card
    weighted(able, checkpoint, 0.0, 1.0, 0.0)
    other = able.store.by_run(checkpoint.run)
    assert (other.run, other.digest != checkpoint.digest) == (checkpoint.run, True)


def test_one_that_is_there_is_not_made_again(able: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = able.train(plan_ensemble(MEMBERS, "xnli"))
    with monkeypatch.context() as patch:
        patch.setattr(ensemble, "select", None)
        assert able.train(plan_ensemble(MEMBERS[::-1], "xnli")).path == first.path
    newer = able.train(plan_target("xnli", "mnli", "continue"), lr=0.02)
    assert able.train(plan_ensemble(MEMBERS, "xnli"), pins={CONTINUED: newer}).run != first.run


def test_it_keeps_the_runs_that_it_was_chosen_with(able: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made(able, monkeypatch, right, wrong, wrong)
    before, chosen = probabilities(able, SETUP), able.store.find(CONTINUED, able.backbone.fingerprint)
    newer = able.train(plan_target("xnli", "mnli", "continue"), lr=0.02)
    lab = able.with_store(able.store.root)
    assert lab.store.find(CONTINUED, able.backbone.fingerprint).run == newer.run
    np.testing.assert_array_equal(probabilities(lab, SETUP), before)
    shutil.rmtree(chosen.path)
    with refused(SETUP, chosen.run, newer.run, advice="make"):
        probabilities(able.with_store(able.store.root), SETUP)


def test_a_member_that_is_damaged_missing_or_answers_nothing_is_refused(
    able: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = made(able, monkeypatch, right, wrong, wrong)
    member = able.store.find(CONTINUED, able.backbone.fingerprint)
    (weights, *_) = sorted((member.path / "adapter").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-8])
    for plan in (None, plan_ensemble([CONTINUED, STACKED], "xnli")):
        lab = able.with_store(able.store.root)
        with refused(weights.name, member.path, advice="train it again"):
            lab.train(plan) if plan else probabilities(lab, SETUP)
    shutil.rmtree(member.path)
    with refused(CONTINUED, advice='xadapt train-target xnli --on "mnli" --mode continue'):
        probabilities(able.with_store(able.store.root), SETUP)
    with refused("squad cannot answer xnli"):
        able.train(plan_ensemble(["squad", STACKED], "xnli"))
    with refused(checkpoint.path.name, advice="xadapt ensemble"):
        probabilities(weighted(able, checkpoint, 0.0, 0.0, 0.0), SETUP)


def test_one_that_is_not_there_is_named_with_its_command(able: Any) -> None:
    with refused(SETUP, advice=f'xadapt ensemble "{CONTINUED}" {STRAIGHT} "{STACKED}" --on xnli'):
        able.evaluate(SETUP, "xnli", "de")


@pytest.mark.parametrize(
    "setup",
    [
        "greedy_ensemble(mnli, stsb)",
        "greedy_ensemble(ensemble(mnli, stsb), squad)@xnli",
        "greedy_ensemble(runs(mnli, n=2), squad)@xnli",
        "greedy_ensemble(greedy_ensemble(mnli, stsb)@xnli, squad)@xnli",
        "stack(greedy_ensemble(mnli, stsb)@xnli, xnli)",
        "continue(greedy_ensemble(mnli, stsb)@xnli, xnli)",
        "ensemble(greedy_ensemble(mnli, stsb)@xnli, squad)",
        "runs(greedy_ensemble(mnli, stsb)@xnli, n=2)",
        "average(greedy_ensemble(mnli, stsb)@xnli, squad)",
    ],
)
def test_it_is_made_of_single_models_and_nothing_but_a_student_is_made_of_it(setup: str) -> None:
    with refused("greedy_ensemble"):
        parse(setup)
    assert parse("distill(greedy_ensemble(mnli, stsb)@xnli)@xnli").children[0].kind == "greedy_ensemble"


def test_it_predicts_and_is_neither_explained_nor_exported_nor_pushed_nor_trained_on(
    able: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made(able, monkeypatch, right, wrong, wrong)
    rows = able.source.dev(able.tasks["xnli"], 2).rows
    assert able.predict(SETUP, "xnli", rows) == able.predict(CONTINUED, "xnli", rows)
    for refuse in (
        lambda: able.explain(SETUP, "xnli", "de", limit=2),
        lambda: able.export(SETUP, tmp_path / "out", "adapterhub"),
        lambda: able.push(SETUP, "someone/something"),
    ):
        with refused("several models"):
            refuse()
    with refused(SETUP, advice="members"):
        plan_targets("xnli", SETUP)
    assert candidates(parse(SETUP), able.tasks["stsb"]) == []


def test_a_student_is_taught_by_it(able: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = made(able, monkeypatch, right, wrong, wrong)
    student = able.train(plan_distill(SETUP, "xnli"))
    assert student.record.members[SETUP] == checkpoint.run
    assert CONTINUED in student.record.start
    able.evaluate(student.setup, "xnli", "de", limit=2)


def test_it_is_chosen_on_what_is_retrieved_too(trained: Any) -> None:
    for on in ("mnli", "stsb"):
        trained.train(plan_target("lareqa", on))
    members = ["stack(mnli, lareqa)", "stack(stsb, lareqa)"]
    figures = trained.train(plan_ensemble(members, "lareqa")).record.figures
    best = max(entry["dev"] for entry in figures.history)
    assert figures.dev["lareqa"]["map@20"] == pytest.approx(best, abs=1e-3)
    assert trained.evaluate(f"greedy_ensemble({', '.join(members)})@lareqa", "lareqa", limit=2).languages


def test_a_recipe_makes_it_after_its_members_with_a_budget_of_its_own(lab: Any) -> None:
    setup = "greedy_ensemble(continue(mnli, target), target)@target"
    asked = Recipe(
        name="chosen",
        title="Chosen",
        setups=["mnli"],
        adapters={"mnli": SMALL},
        compositions={"ensemble": {"dev_limit": 4}},
        targets={
            "xnli": {"train": SMALL, "limit": 6, "languages": "de", "setups": [setup, f"distill({setup})@target"]}
        },
    )
    whole = "greedy_ensemble(continue(mnli, xnli), xnli)@xnli"
    assert [str(step).removesuffix(", seed 42") for step in plan_steps(asked)] == [
        "train mnli",
        "train continue(mnli, xnli)",
        "train xnli",
        f"train {whole}",
        f"evaluate {whole} on xnli",
        f"train distill({whole})@xnli",
        f"evaluate distill({whole})@xnli on xnli",
    ]
    found, _ = carry_out(lab, Log(), asked)
    assert lab.store.by_run(found.members[whole]).record.figures.dev_rows == {"xnli": 4}
    assert carry_out(lab, log := Log(), asked)[0].run == found.run
    assert not log.work
