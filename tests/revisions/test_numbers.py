"""Nobody changes the numbers of a kind of run without raising its revision."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.revisions.inputs import METRICS, TASKS, in_new_store
from tests.revisions.pinned import Measured, fault, read_pins, revised_kinds
from tests.revisions.training_numbers import RUNS, context_of
from xadapt import metrics
from xadapt.store.files import sha256_file
from xadapt.training.settings import make_settings
from xadapt.training.train import train

KINDS = revised_kinds()


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_gives_the_numbers_that_were_stored_with_its_revision(measured: Measured, name: str) -> None:
    wrong = fault(KINDS[name], read_pins(), lambda: measured[name])
    if wrong:
        pytest.fail(wrong, pytrace=False)


def test_only_kinds_that_there_are_have_numbers() -> None:
    assert read_pins()["kinds"].keys() <= KINDS.keys(), "a kind is gone: run `python -m tests.pin_revisions`"


def test_every_kind_and_every_metric_has_something_to_be_measured_on() -> None:
    trained = {name for name in KINDS if name != "explain" and not name.startswith("evaluate ")}
    assert trained == RUNS.keys(), "give each kind of training run a plan in RUNS"
    asked = {f"evaluate {task.kind.name}" for task in TASKS.values()}
    assert asked == {name for name in KINDS if name.startswith("evaluate ")}, "give each kind of problem a task"
    # Those of the schemes of tags are held against seqeval, over more than a few rows.
    held = {name for name in metrics.names() if not name.startswith("entities_")}
    assert {name for names in METRICS.values() for name in names} == held, "score by each metric"


@pytest.mark.parametrize("name", RUNS)
def test_a_run_gives_the_same_files_to_the_bit_when_it_is_made_again(
    measured: Measured, tmp_path: Path, name: str
) -> None:
    _ = measured[name]
    before = measured.checkpoints[name][1][0]
    plan, settings = RUNS[name][0]
    again = train(context_of(plan, in_new_store(measured.context, tmp_path)), plan, make_settings(**settings))
    files = [file.relative_to(before.path) for file in sorted(before.path.rglob("*.safetensors"))]
    assert files or not before.record.files
    assert again.path != before.path
    assert [sha256_file(again.path / file) for file in files] == [sha256_file(before.path / file) for file in files]
    one, other = (made.record.figures.model_copy(update={"seconds": 0.0}) for made in (again, before))
    assert one == other


@pytest.mark.parametrize("name", [name for name in KINDS if name not in RUNS])
def test_an_evaluation_or_explanation_gives_the_same_to_the_bit_when_it_is_made_again(
    measured: Measured, tmp_path: Path, name: str
) -> None:
    assert Measured(tmp_path)[name] == measured[name]
