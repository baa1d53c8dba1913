"""A setup on a suite: what answers each task, and that one that fails costs only itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.error_checks import refused
from tests.stored_records import change_record
from tests.tiny_lab import SpyDisplay
from xadapt.composition.grammar import parse
from xadapt.data.source import Source
from xadapt.display import Display, RowProgress
from xadapt.errors import XadaptError
from xadapt.evaluation import run_suite as running
from xadapt.evaluation.evaluate import EvalSettings
from xadapt.evaluation.run_suite import SuiteRun, candidates, plan_suite, run_suite
from xadapt.tasks import get_task
from xadapt.tasks.suites import XTREME, XTREME_R, Suite
from xadapt.training.plan import plan_target, plan_task

#: The tasks that the mirror of the tests has.
SMALL = Suite(
    name="small",
    title="Small",
    groups={"classification": ("xnli",), "question answering": ("xquad",), "retrieval": ("tatoeba",)},
    languages={task: XTREME_R.languages[task] for task in ("xnli", "xquad", "tatoeba")},
    source="https://arxiv.org/abs/2104.07412",
)


def plan(lab: Any, setup: str, languages: str = "all", suite: Suite = SMALL) -> dict[str, Any]:
    steps = plan_suite(lab.context, suite, parse(setup), languages)
    return {step.task.name: step for step in steps}


def run(lab: Any, setup: str, languages: str = "all", suite: Suite = SMALL, **options: Any) -> SuiteRun:
    context = lab.asked(options)
    return run_suite(context, suite, parse(setup), languages, EvalSettings(**{"max_length": 48, **options}))


class Titled(Display):
    """Tells of each part that begins, below the title of what runs."""

    def __init__(self, start: Callable[[str], None]) -> None:
        self._start = start

    @contextmanager
    def rows(self, title: str) -> Iterator[RowProgress]:
        yield RowProgress(start=lambda part, rows: self._start(f"{title}: {part}"))


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str, Any]]:
    """Every evaluation from now on: setup, task, languages, layer."""
    calls: list[tuple[str, str, str, Any]] = []
    real = running.evaluate

    def spy(context: Any, node: Any, task: Any, languages: str, settings: EvalSettings) -> Any:
        calls.append((str(node), task.name, languages, settings.layer))
        return real(context, node, task, languages, settings)

    monkeypatch.setattr(running, "evaluate", spy)
    return calls


@pytest.mark.parametrize(
    ("setup", "task", "expected"),
    [
        ("mnli", "xnli", ["stack(mnli, xnli)", "continue(mnli, xnli)"]),
        ("none", "xnli", ["xnli"]),
        ("xnli", "xnli", ["xnli"]),
        ("stack(mnli, xnli)", "xnli", ["stack(mnli, xnli)"]),
        ("continue(mnli, xnli)", "xnli", ["continue(mnli, xnli)"]),
        ("stack(mnli, xnli)", "xquad", ["stack(mnli, xnli, xquad)"]),
        ("fuse(mnli, squad)@xnli", "xnli", ["stack(fuse(mnli, squad)@xnli, xnli)"]),
        (
            "average(mnli, squad)",
            "udpos",
            ["stack(average(mnli, squad), udpos)", "continue(average(mnli, squad), udpos)"],
        ),
        ("squad", "mlqa", ["stack(squad, xquad)", "continue(squad, xquad)"]),
        ("stack(squad, xquad)", "mlqa", ["stack(squad, xquad)"]),
        ("mnli", "tatoeba", []),
    ],
)
def test_what_a_tasks_own_adapter_makes_of_a_setup(setup: str, task: str, expected: list[str]) -> None:
    assert [str(node) for node in candidates(parse(setup), get_task(task))] == expected


def test_a_trained_target_is_used_before_the_setups_own_head(trained: Any) -> None:
    steps = plan(trained, "mnli")
    assert str(steps["xnli"].node) == "stack(mnli, xnli)"
    assert steps["xnli"].languages == ("en", "de")


def test_a_continued_target_is_used_where_there_is_no_stacked_one(trained: Any) -> None:
    trained.train(plan_target("xnli", "stsb", "continue"))
    assert str(plan(trained, "stsb")["xnli"].node) == "continue(stsb, xnli)"
    trained.train(plan_target("xnli", "stsb"))
    assert str(plan(trained, "stsb")["xnli"].node) == "stack(stsb, xnli)"


def test_a_head_of_the_setup_answers_straight(trained: Any) -> None:
    steps = plan(trained, "squad")
    assert str(steps["xquad"].node) == "squad"
    assert str(plan(trained, "fuse(mnli, stsb)")["xnli"].node) == "fuse(mnli, stsb)"


def test_retrieval_takes_the_setup_itself(trained: Any) -> None:
    for setup in ("none", "stsb", "stack(mnli, xnli)"):
        assert str(plan(trained, setup)["tatoeba"].node) == setup


def test_none_takes_the_tasks_own_adapter(trained: Any) -> None:
    assert plan(trained, "none")["xnli"].node is None
    trained.train(plan_task("xnli"))
    assert str(plan(trained, "none")["xnli"].node) == "xnli"


def test_an_adapter_for_another_base_is_not_there(trained: Any) -> None:
    path = trained.store.find("stack(mnli, xnli)", trained.backbone.fingerprint).path / "xadapt.json"
    change_record(path, base={"name": "elsewhere", "fingerprint": "0" * 64})
    assert str(plan(trained, "mnli")["xnli"].node) == "mnli"


def test_what_is_missing_is_named_with_the_command_that_makes_it(trained: Any) -> None:
    steps = plan(trained, "fuse(mnli, stsb)")
    assert steps["xquad"].node is None
    assert steps["xquad"].reason == 'no adapter: `xadapt train-target xquad --on "fuse(mnli, stsb)"`'


def test_a_task_without_rows_says_so(trained: Any) -> None:
    shutil.rmtree(trained.mirror / "facebook/xnli")
    assert plan(trained, "mnli")["xnli"].reason == "no rows in mirror:mirror"


def test_a_task_that_the_hub_lacks_says_where_its_rows_are(trained_once: Any) -> None:
    steps = plan_suite(replace(trained_once.context, source=Source("hub")), XTREME, parse("none"), "all")
    reasons = {step.task.name: step.reason for step in steps}
    assert get_task("bucc").note in reasons["bucc"]
    assert reasons["tatoeba"] == ""


def test_only_the_suites_languages_that_have_rows_are_asked_for(trained: Any) -> None:
    assert plan(trained, "squad")["xquad"].languages == ("en", "de")
    shutil.copytree(trained.mirror / "google/xquad/xquad.de", trained.mirror / "google/xquad/xquad.ro")
    assert plan(trained, "squad", suite=XTREME)["xquad"].languages == ("en", "de")
    assert plan(trained, "squad", suite=XTREME_R)["xquad"].languages == ("en", "de", "ro")


def test_languages_can_be_chosen_and_tasks_without_them_are_left_out(trained: Any) -> None:
    steps = plan(trained, "mnli", "en")
    assert steps["xnli"].languages == ("en",)
    assert steps["tatoeba"].reason == "not in the languages asked for"


@pytest.mark.parametrize(
    ("languages", "subject", "advice"),
    [("dee", "'dee'", "'de'"), (",", "languages", "all")],
)
def test_wrong_languages_are_one_line(trained_once: Any, languages: str, subject: str, advice: str) -> None:
    with refused(subject, advice=advice):
        plan(trained_once, "mnli", languages)


def test_a_setup_that_is_not_there_is_an_error_and_not_a_missing_task(trained_once: Any) -> None:
    with refused("'mnlii'", advice="'mnli'"):
        run(trained_once, "mnlii")


def test_every_task_that_can_be_answered_is_and_its_scores_are_those_of_evaluate(trained: Any) -> None:
    done = run(trained, "mnli", layer=1)
    xnli = trained.evaluate("stack(mnli, xnli)", "xnli")
    tatoeba = trained.evaluate("mnli", "tatoeba", layer=1)
    tasks = {task.task: task for task in done.score.tasks}
    assert tasks["xnli"].partial == pytest.approx(xnli.mean, abs=1e-3)
    assert tasks["xnli"].setup == "stack(mnli, xnli)"
    assert tasks["tatoeba"].partial == pytest.approx(tatoeba.mean, abs=1e-3)
    assert [result.task for result in done.results] == ["xnli", "tatoeba"]
    assert {result.run for result in done.results} == {xnli.run, tatoeba.run}
    assert (done.score.overall.score, done.score.overall.there) == (None, 2)
    assert 'xadapt train-target xquad --on "mnli"' in tasks["xquad"].reason
    assert done.score.sample


def test_the_layer_is_for_retrieval_only(trained: Any, evaluated: list[tuple[str, str, str, Any]]) -> None:
    run(trained, "squad", layer=1)
    assert evaluated == [("squad", "xquad", "en,de", None), ("squad", "tatoeba", "de", 1)]


def test_a_suite_that_is_done_is_not_run_again(trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from xadapt.evaluation import evaluate as evaluation

    first = run(trained, "mnli").score
    monkeypatch.setattr(evaluation.Answerer, "predict", None)
    assert run(trained, "mnli").score == first


def test_a_suite_that_was_cut_goes_on_with_the_language_it_was_at(trained: Any) -> None:
    started: list[str] = []

    def start(part: str) -> None:
        started.append(part)
        if part.endswith("xnli): de") and len(started) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(trained, "mnli", display=Titled(start))
    run(trained, "mnli", display=Titled(start))
    xnli, tatoeba = "[1/3] xnli stack(mnli, xnli)", "[3/3] tatoeba mnli"
    assert started == [f"{xnli}: en", f"{xnli}: de", f"{xnli}: de", f"{tatoeba}: de"]


def test_a_language_whose_rows_are_faulty_costs_only_itself(trained: Any) -> None:
    (trained.mirror / "facebook/xnli/de/validation.parquet").write_bytes(b"no parquet")
    lines: list[str] = []
    done = run(trained, "mnli", display=SpyDisplay(say=lines.append))
    xnli = done.score.tasks[0]
    assert [row.language for row in xnli.rows] == ["en"]
    assert xnli.reason.startswith("de: ")
    assert "validation.parquet" in xnli.reason
    assert any(line.startswith("[1/3] xnli: without de: ") for line in lines)
    assert "de" in xnli.missing


@pytest.mark.parametrize("missing", ["bucc18.fr.target", "bucc18.fr"])
def test_a_language_without_its_pool_or_gold_pairs_costs_only_itself(trained: Any, missing: str) -> None:
    rows = trained.mirror / "google/xtreme"
    for name in ("bucc18.{}.source", "bucc18.{}.target", "bucc18.{}"):
        if name.format("fr") != missing:
            shutil.copytree(rows / name.format("de"), rows / name.format("fr"))
    mining = Suite("mining", "Mining", {"retrieval": ("bucc",)}, {"bucc": ("de", "fr")}, "")
    (bucc,) = run(trained, "none", suite=mining).score.tasks
    assert [row.language for row in bucc.rows] == ["de"]
    assert bucc.reason.startswith("fr: ")


def test_a_task_that_fails_costs_only_itself(trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = running.evaluate

    def failing(context: Any, node: Any, task: Any, *rest: Any) -> Any:
        if task.name == "xnli":
            raise XadaptError("the moon is in the way")
        return real(context, node, task, *rest)

    monkeypatch.setattr(running, "evaluate", failing)
    lines: list[str] = []
    done = run(trained, "mnli", display=SpyDisplay(say=lines.append))
    assert [result.task for result in done.results] == ["tatoeba"]
    assert done.score.tasks[0].reason == "the moon is in the way"
    assert "[1/3] xnli: left out, the moon is in the way" in lines


def test_a_fault_of_our_own_is_not_hidden(trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*rest: Any, **options: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(running, "evaluate", broken)
    with pytest.raises(ZeroDivisionError):
        run(trained, "mnli")


@pytest.mark.parametrize(
    ("options", "subject", "advice"),
    [
        ({"layer": 9}, "9", "layers 0"),
        ({"device": "gpu"}, "'gpu'", "cuda"),
        ({"max_length": 4000}, "4000", "128 tokens"),
    ],
)
def test_a_wrong_option_is_one_error_and_not_a_missing_task(
    trained_once: Any, options: dict[str, Any], subject: str, advice: str
) -> None:
    with refused(subject, advice=advice):
        run(trained_once, "mnli", **options)


def test_a_suite_of_which_nothing_can_be_evaluated_is_an_error(trained_once: Any) -> None:
    with refused("small", "xnli"):
        run(trained_once, "mnli", "pl")
