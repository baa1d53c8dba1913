"""What each setup of a comparison has learnt from."""

from __future__ import annotations

from typing import Any

import pytest

from tests.made_up_results import run_of
from tests.reports.blocks import column, only_block
from xadapt.analysis.budgets import Learnt, learnt, unequal
from xadapt.reports.budget_table import budget_table
from xadapt.store.records import RunRecord


def record(setup: str, rows: dict[str, int], steps: int, *members: str) -> RunRecord:
    made = {
        "run": run_of(setup),
        "setup": setup,
        "base": {"name": "e5-small", "fingerprint": "f" * 64},
        "seed": 42,
        "tasks": list(rows),
        "heads": list(rows),
        "rows": rows,
        "members": {member: run_of(member) for member in members},
        "figures": {"steps": steps},
        "files": {},
    }
    return RunRecord.of(made, "a made-up record")


RECORDS = {
    one.run: one
    for one in (
        record("mnli", {"mnli": 300}, 10),
        record("stsb", {"stsb": 200}, 7),
        record("xnli", {"xnli": 100}, 4),
        record("stack(mnli, xnli)", {"xnli": 100}, 4, "mnli"),
        record("continue(mnli, xnli)", {"xnli": 100}, 4, "mnli"),
        record("fuse(mnli, stsb, xnli)@xnli", {"xnli": 100}, 6, "mnli", "stsb", "xnli"),
    )
}


def used(*setups: str) -> dict[str, Any]:
    return {"decides": {"members": {setup: run_of(setup) for setup in setups}}}


@pytest.fixture
def results(result: Any) -> list[Any]:
    scores = {"en": 70.0, "de": 60.0}
    return [
        result("xnli", scores, **used("xnli")),
        result("mnli", scores, **used("mnli")),
        result("stack(mnli, xnli)", scores, **used("mnli", "stack(mnli, xnli)")),
        # What it was continued from is not in use any more, but it has seen its rows.
        result("continue(mnli, xnli)", scores, **used("continue(mnli, xnli)")),
        result("fuse(mnli, stsb, xnli)@xnli", scores, **used("mnli", "stsb", "xnli", "fuse(mnli, stsb, xnli)@xnli")),
    ]


def test_rows_and_steps_of_the_target_and_what_members_saw_beside_are_found(results: list[Any]) -> None:
    found = {one.label: one for one in learnt(only_block(results), RECORDS)}
    assert found["target only"] == Learnt("target only", (100,), (4,), {})
    assert found["mnli"] == Learnt("mnli", (100,), (4,), {"mnli": 300})
    assert found["mnli (continued)"].beside == {"mnli": 300}
    assert found["mnli (straight)"] == Learnt("mnli (straight)", (0,), (0,), {"mnli": 300})
    (fusion,) = (one for label, one in found.items() if label.startswith("fuse"))
    assert (fusion.rows, fusion.steps, fusion.beside) == ((100,), (10,), {"mnli": 300, "stsb": 200})


def test_unequal_steps_are_said_and_straight_setups_are_none(results: list[Any]) -> None:
    table = budget_table(only_block(results), RECORDS)
    assert "not the same rows or steps" in table.caption
    assert column(table, "members saw beside")["mnli (straight)"] == "mnli 300"
    alike = [one for one in results if not one.setup.startswith("fuse")]
    assert not unequal(learnt(only_block(alike), RECORDS))
    assert "not the same" not in budget_table(only_block(alike), RECORDS).caption


def test_a_setup_without_records_is_left_out_and_nothing_trained_on_the_target_has_no_table(results: list[Any]) -> None:
    block = only_block(results)
    assert [one.label for one in learnt(block, {run_of("xnli"): RECORDS[run_of("xnli")]})] == ["target only"]
    assert budget_table(block, {}) is None
    assert budget_table(only_block(results[1:2]), RECORDS) is None


def test_seeds_that_learnt_from_other_numbers_of_rows_show_both(result: Any) -> None:
    other = record("xnli", {"xnli": 90}, 3).model_copy(update={"run": run_of("another")})
    results = [
        result("xnli", {"en": 1.0, "de": 1.0}, seed=seed, decides={"members": {"xnli": run}})
        for seed, run in ((1, run_of("xnli")), (2, other.run))
    ]
    (found,) = learnt(only_block(results), {**RECORDS, other.run: other})
    assert (found.rows, found.steps) == ((90, 100), (3, 4))
