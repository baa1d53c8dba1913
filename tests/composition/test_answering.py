"""English dev scores of a setup, from the records of its checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xadapt.composition.answering import recorded_dev_scores
from xadapt.composition.grammar import parse
from xadapt.store.checkpoints import Checkpoint
from xadapt.store.records import Figures, RunRecord


def checkpoint(setup: str, dev: dict[str, Any] | None) -> Checkpoint:
    made = {
        "run": "r",
        "setup": setup,
        "heads": [],
        "base": {"name": "b", "fingerprint": "f" * 64},
        "seed": 42,
        "files": {},
    }
    record = RunRecord.of(made, "a made-up record")
    return Checkpoint(Path(setup), record.model_copy(update={"figures": Figures(dev=dev or {})}))


ON_MNLI = checkpoint("stack(mnli, xnli)", {"xnli": {"accuracy": 70.0}})
ON_STSB = checkpoint("stack(stsb, xnli)", {"xnli": {"accuracy": 50.0}})
MEMBER = checkpoint("mnli", {"mnli": {"accuracy": 90.0}})


def test_the_score_is_that_of_the_checkpoint_that_completes_the_setup() -> None:
    assert recorded_dev_scores(parse("stack(mnli, xnli)"), ["xnli"], [MEMBER, ON_MNLI]) == {"xnli": 70.0}


def test_an_ensemble_has_the_mean_of_its_members() -> None:
    node = parse("ensemble(stack(mnli, xnli), stack(stsb, xnli))")
    assert recorded_dev_scores(node, ["xnli", "xnli"], [MEMBER, ON_MNLI, ON_STSB]) == {"xnli": 60.0}


@pytest.mark.parametrize(
    ("setup", "heads", "used"),
    [
        ("average(mnli, stsb)", ["mnli"], [MEMBER]),
        ("stack(mnli, xnli)", ["xnli"], [checkpoint("stack(mnli, xnli)", None)]),
        ("stack(mnli, mine)", ["mine"], [checkpoint("stack(mnli, mine)", {"mine": {"accuracy": 1.0}})]),
        ("none", [None], []),
        ("ensemble(stack(mnli, xnli), stack(stsb, xnli))", ["xnli", "xnli"], [ON_MNLI]),
        ("ensemble(mnli, stack(mnli, xnli))", ["mnli", "xnli"], [MEMBER, ON_MNLI]),
    ],
)
def test_what_was_never_measured_as_a_whole_has_none(setup: str, heads: list[str | None], used: list[Any]) -> None:
    assert recorded_dev_scores(parse(setup), heads, used) == {}


def test_a_result_carries_it(trained: Any) -> None:
    result = trained.evaluate("stack(mnli, xnli)", "xnli", "de")
    record = trained.store.find("stack(mnli, xnli)", trained.backbone.fingerprint).record
    assert result.dev == {"xnli": record.figures.dev["xnli"]["accuracy"]}
    assert trained.evaluate("none", "tatoeba", "de").dev == {}
