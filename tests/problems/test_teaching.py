"""What each kind of problem learns from a teacher: the loss is least where a student answers as its teacher does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from xadapt.problems import make_problem
from xadapt.problems.base import Problem
from xadapt.problems.predict import raw_outputs
from xadapt.problems.teaching import GOLD, learning_loss
from xadapt.tasks import Row, get_task
from xadapt.tasks.specs import all_specs

CONTEXT = "The old bridge over the river was closed in spring. A new one of stone was built beside it. " * 4
QUESTIONS: list[Row] = [
    {
        "id": str(n),
        "question": q,
        "context": CONTEXT[n:],
        "answers": {"text": [a], "answer_start": [CONTEXT[n:].find(a)]},
    }
    for n, (q, a) in enumerate([("What was closed?", "bridge"), ("What is the new bridge made of, then?", "stone")])
]
PAIRS = [("A man sleeps.", "He is awake."), ("Two dogs run over the field.", "Animals are outside."), ("A", "B")]
CHOICES = [["the door", "it rained for days and days"], ["stone", "glass", "a river"]]
WORDS = [["Ana", "eats", "bread"], ["Rome", "is", "old", ",", "beautiful", "and", "large"]]
#: A task of each kind, with rows of which none is as long as another.
ROWS: dict[str, list[Row]] = {
    "xnli": [{"first": a, "second": b, "label": n} for n, (a, b) in enumerate(PAIRS)],
    "stsb": [{"first": a, "second": b, "score": float(n)} for n, (a, b) in enumerate(PAIRS)],
    "copa": [{"context": "It was wet.", "question": "Why?", "choices": choices, "label": 1} for choices in CHOICES],
    "wikiann": [{"tokens": words, "tags": ["O"] * len(words)} for words in WORDS],
    "xquad": QUESTIONS,
    "squad2": QUESTIONS,
}


def taught(problem: Problem, model: Any, name: str) -> tuple[list[dict[str, Any]], list[np.ndarray]]:
    """Features of the rows with what a model answers, and its raw outputs."""
    features = problem.encode(ROWS[name], labelled=True)
    raw = raw_outputs(model, problem, features, name)
    return [{**f, "taught": problem.taught(r, f)} for f, r in zip(features, raw, strict=True)], raw


def made(tiny: Any, name: str) -> Problem:
    return make_problem(get_task(name), tiny.tokenizer, 64)


@pytest.mark.parametrize("name", [name for name in ROWS if name not in ("xquad", "squad2")])
def test_a_student_that_answers_as_its_teacher_does_is_at_the_least_loss(tiny: Any, model: Any, name: str) -> None:
    problem = made(tiny, name)
    batch = problem.collate(taught(problem, model, name)[0])
    head = [parameter for parameter in model.heads[name].parameters() if parameter.requires_grad]
    loss = problem.taught_loss(problem.forward(model, batch, name), batch)
    assert all(gradient.abs().max() < 1e-5 for gradient in torch.autograd.grad(loss, head))
    away = torch.autograd.grad(problem.loss(problem.forward(model, batch, name), batch), head)
    assert max(gradient.abs().max() for gradient in away) > 1e-3


@pytest.mark.parametrize("name", ["xquad", "squad2"])
def test_spans_are_taught_where_an_answer_can_be(tiny: Any, model: Any, name: str) -> None:
    problem = made(tiny, name)
    features, raw = taught(problem, model, name)
    assert len(features) > len(ROWS[name])
    for feature, logits in zip(features, raw, strict=True):
        may = np.flatnonzero(feature["inside"])
        assert feature["taught"].sum(axis=0) == pytest.approx([1, 1], abs=1e-5)
        assert set(np.flatnonzero(feature["taught"].sum(axis=1))) == {0, *may}
        # Among those, by their logits.
        ratio = feature["taught"][may[0]] / feature["taught"][may[1]]
        assert np.log(ratio) == pytest.approx(logits[may[0]] - logits[may[1]], abs=1e-4)
    batch = problem.collate(features)
    logs = torch.log(batch["taught"] + 1e-30)

    def loss(change: torch.Tensor) -> torch.Tensor:
        start, end = (logs + change).unbind(dim=-1)
        return problem.taught_loss(SimpleNamespace(start_logits=start, end_logits=end), batch)

    change = torch.zeros_like(logs, requires_grad=True)
    assert torch.autograd.grad(loss(change), change)[0].abs().max() < 1e-6
    entropy = -sum((f["taught"] * np.log(f["taught"] + 1e-30)).sum() for f in features) / 2 / len(features)
    assert loss(change).item() == pytest.approx(entropy, abs=1e-4)


@pytest.mark.parametrize("name", ROWS)
def test_a_loss_does_not_depend_on_what_shares_the_batch(tiny: Any, model: Any, name: str) -> None:
    problem = made(tiny, name)
    features, _ = taught(problem, model, name)
    # Each is taught what is not its own, so that there is something to lose.
    features = [{**f, "taught": np.roll(f["taught"], 1, axis=-1) * (f["taught"] > 0)} for f in features]

    def loss(some: list[dict[str, Any]]) -> float:
        batch = problem.collate(some)
        with torch.inference_mode():
            return problem.taught_loss(problem.forward(model, batch, name), batch).item()

    terms = [problem.terms([feature]) for feature in features]
    alone = [loss([feature]) for feature in features]
    assert loss(features) == pytest.approx(np.average(alone, weights=terms), abs=1e-5)


@pytest.mark.parametrize("name", ROWS)
def test_gold_answers_count_where_a_batch_has_them(tiny: Any, model: Any, name: str) -> None:
    problem = made(tiny, name)
    labelled, _ = taught(problem, model, name)
    plain = problem.encode(ROWS[name], labelled=False)
    unlabelled = [{**f, "taught": other["taught"]} for f, other in zip(plain, labelled, strict=True)]

    def losses(features: list[dict[str, Any]], *which: Any) -> list[float]:
        batch = problem.collate(features)
        with torch.inference_mode():
            outputs = problem.forward(model, batch, name)
            return [one(outputs, batch).item() for one in which]

    gold, answers = losses(labelled, problem.loss, problem.taught_loss)
    both = losses(labelled, lambda outputs, batch: learning_loss(problem, outputs, batch))
    assert both == pytest.approx([GOLD * gold + (1 - GOLD) * answers], abs=1e-5)
    alone = losses(unlabelled, lambda outputs, batch: learning_loss(problem, outputs, batch))
    assert alone == pytest.approx([answers], abs=1e-5)
    untaught = [{key: value for key, value in f.items() if key != "taught"} for f in labelled]
    assert losses(untaught, lambda outputs, batch: learning_loss(problem, outputs, batch)) == pytest.approx(
        [gold], abs=1e-5
    )


def test_kinds_without_a_head_are_not_taught() -> None:
    own = [spec for spec in all_specs() if spec.problem.__module__.startswith("xadapt.")]
    untaught = {spec.name for spec in own if spec.problem.taught is Problem.taught}
    assert untaught == {spec.name for spec in own if not spec.problem.needs_head}
