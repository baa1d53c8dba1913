"""``evaluate SUITE`` and ``submit`` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.error_checks import check_refusal
from xadapt.tasks import suites
from xadapt.tasks.suites import XTREME_R, Suite

Cli = Callable[..., tuple[int, str, str]]

SMALL = Suite(
    name="xtreme-r",
    title="XTREME-R",
    groups={"classification": ("xnli",), "question answering": ("xquad",), "retrieval": ("tatoeba",)},
    languages={task: XTREME_R.languages[task] for task in ("xnli", "xquad", "tatoeba")},
    source=XTREME_R.source,
)


@pytest.fixture(autouse=True)
def small_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    """A suite of the tasks that the mirror has."""
    monkeypatch.setitem(suites.SUITES, "xtreme-r", SMALL)


EVALUATE = ["evaluate", "xtreme-r", "--max-length", "48", "--setup"]


def test_a_suite_prints_tasks_groups_and_what_is_missing(cli: Cli, lab_options: list[str]) -> None:
    code, out, err = cli(*EVALUATE, "mnli", "--limit", "6", *lab_options)
    assert code == 0, err
    for expected in (
        "XTREME-R: tasks",
        "stack(mnli, xnli)",
        "2/15",
        "XTREME-R: groups",
        "all tasks",
        "2/3",
        "In brackets",
    ):
        assert expected in out
    assert "XTREME-R is not complete: missing xnli: ar bg el" in out
    assert 'xquad (no adapter: `xadapt train-target xquad --on "mnli"`)' in out
    assert "Mean over the 2 tasks there: " in out
    assert "(not the benchmark's score)" in out
    assert "A sample, not to be compared with published scores: at most 6 rows a language" in out
    assert "[1/3] xnli stack(mnli, xnli): en, 6 rows" in err
    assert '[2/3] xquad: left out, no adapter: `xadapt train-target xquad --on "mnli"`' in err


def test_json_has_everything_and_files_are_written(cli: Cli, lab_options: list[str], tmp_path: Path) -> None:
    code, out, err = cli(*EVALUATE, "mnli", "--languages", "de", "--to", "report", "--json", *lab_options)
    assert code == 0, err
    found = json.loads(out)
    assert (found["suite"], found["setup"], found["seed"], found["limit"]) == ("xtreme-r", "mnli", 42, None)
    assert found["overall"]["score"] is None
    assert [len(task["rows"]) for task in found["tasks"]] == [1, 0, 1]
    assert json.loads((tmp_path / "report/suite.json").read_text()) == found
    assert {path.name for path in (tmp_path / "report").iterdir()} == {"suite.md", "suite.csv", "suite.json"}


def test_a_limit_on_the_pool_is_among_the_facts_of_a_suite(cli: Cli, lab_options: list[str]) -> None:
    limited = [*EVALUATE, "mnli", "--limit", "6", "--pool-limit", "7", *lab_options]
    assert "limit 6, pool_limit 7, seed 42" in cli(*limited)[1]
    assert json.loads(cli(*limited, "--json")[1])["pool_limit"] == 7


def test_a_suite_that_was_evaluated_is_submitted(cli: Cli, lab_options: list[str], tmp_path: Path) -> None:
    assert cli(*EVALUATE, "mnli", *lab_options)[0] == 0
    code, out, err = cli("submit", "xtreme-r", "--setup", "mnli", "--to", "to", *lab_options)
    assert code == 0, err
    assert "xnli: stack(mnli, xnli), 2/15 languages, N 24" in out
    assert "tatoeba: mnli, 1/41 languages, N 12, layer " in out
    assert "missing xquad: not evaluated" in out
    assert "the evaluator wants the whole official test sets" in out
    assert (tmp_path / "to/xnli/test-de.tsv").is_file()
    code, out, _ = cli("submit", "xtreme-r", "--setup", "mnli", "--to", "to", "--json", *lab_options)
    assert code == 0
    assert json.loads(out)["tasks"].keys() == {"xnli", "tatoeba"}


@pytest.mark.parametrize(
    ("arguments", "subject", "advice"),
    [
        (["evaluate", "xtreem", "--setup", "none"], "'xtreem'", "'xtreme'"),
        (["evaluate", "xnli", "--setup", "none", "--to", "there"], "--to", "xadapt report --to there"),
        (["evaluate", "xtreme", "--setup", "fuse(mnli"], "fuse(mnli", "bracket"),
        (["evaluate", "xtreme", "--setup", "none", "--data", "nowhere"], "'nowhere'", "bundled"),
        (["evaluate", "xtreme", "--setup", "none", "--data", "bundled", "--limit", "0"], "--limit", "1"),
        (["submit", "xtremer", "--setup", "none", "--to", "to"], "'xtremer'", "'xtreme-r'"),
        (["submit", "xtreme", "--setup", "none"], "--to", "submit --help"),
        (["submit", "xtreme", "--setup", "none", "--to", "to", "--data", "bundled"], "none", "xadapt evaluate xtreme"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_exactly_one_line_and_exit_code_2(
    cli: Cli, arguments: list[str], subject: str, advice: str
) -> None:
    code, out, err = cli(*arguments)
    assert (out, err.count("\n")) == ("", 1)
    check_refusal(code, err, subject, advice=advice)


@pytest.mark.parametrize(
    ("arguments", "subject", "advice"),
    [
        (["mnlii"], "'mnlii'", "'mnli'"),
        (["mnli", "--layer", "9"], "--layer 9", "to 2"),
        (["mnli", "--languages", "dee"], "'dee'", "'de'"),
    ],
)
def test_bad_input_that_only_base_and_store_reveal_is_one_line_too(
    cli: Cli, lab_options: list[str], arguments: list[str], subject: str, advice: str
) -> None:
    code, out, err = cli(*EVALUATE, *arguments, *lab_options)
    assert (out, err.count("\n")) == ("", 1)
    check_refusal(code, err, subject, advice=advice)


def test_a_sample_is_not_submitted_unless_asked_for(cli: Cli, lab_options: list[str]) -> None:
    assert cli(*EVALUATE, "mnli", "--limit", "6", *lab_options)[0] == 0
    code, _, err = cli("submit", "xtreme-r", "--setup", "mnli", "--to", "to", *lab_options)
    check_refusal(code, err, "xnli", advice="--allow-sample")
    code, out, _ = cli("submit", "xtreme-r", "--setup", "mnli", "--to", "to", "--allow-sample", *lab_options)
    assert code == 0
    assert "N 12, a sample" in out


def test_help_explains_suites(cli: Cli) -> None:
    code, out, _ = cli("evaluate", "--help")
    text = " ".join(out.split())
    assert code == 0
    for expected in ("stack(SETUP, TASK)", "has no score", "--layer holds for the retrieval tasks"):
        assert expected in text
