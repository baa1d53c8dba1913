"""``evaluate SUITE`` and ``submit`` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

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


def test_a_suite_prints_tasks_groups_and_what_is_missing(cli: Cli, place: list[str]) -> None:
    code, out, err = cli(*EVALUATE, "mnli", "--limit", "6", *place)
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


def test_json_has_everything_and_files_are_written(cli: Cli, place: list[str], tmp_path: Path) -> None:
    code, out, err = cli(*EVALUATE, "mnli", "--languages", "de", "--to", "report", "--json", *place)
    assert code == 0, err
    found = json.loads(out)
    assert (found["suite"], found["setup"], found["seed"], found["limit"]) == ("xtreme-r", "mnli", 42, None)
    assert found["overall"]["score"] is None
    assert [len(task["rows"]) for task in found["tasks"]] == [1, 0, 1]
    assert json.loads((tmp_path / "report/suite.json").read_text()) == found
    assert {path.name for path in (tmp_path / "report").iterdir()} == {"suite.md", "suite.csv", "suite.json"}


def test_a_limit_on_the_pool_is_among_the_facts_of_a_suite(cli: Cli, place: list[str]) -> None:
    limited = [*EVALUATE, "mnli", "--limit", "6", "--pool-limit", "7", *place]
    assert "limit 6, pool_limit 7, seed 42" in cli(*limited)[1]
    assert json.loads(cli(*limited, "--json")[1])["pool_limit"] == 7


def test_a_suite_that_was_evaluated_is_submitted(cli: Cli, place: list[str], tmp_path: Path) -> None:
    assert cli(*EVALUATE, "mnli", *place)[0] == 0
    code, out, err = cli("submit", "xtreme-r", "--setup", "mnli", "--to", "to", *place)
    assert code == 0, err
    assert "xnli: stack(mnli, xnli), 2/15 languages, N 24" in out
    assert "tatoeba: mnli, 1/41 languages, N 12, layer " in out
    assert "missing xquad: not evaluated" in out
    assert "the evaluator wants the whole official test sets" in out
    assert (tmp_path / "to/xnli/test-de.tsv").is_file()
    code, out, _ = cli("submit", "xtreme-r", "--setup", "mnli", "--to", "to", "--json", *place)
    assert code == 0
    assert json.loads(out)["tasks"].keys() == {"xnli", "tatoeba"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "xtreem", "--setup", "none"], "unknown task 'xtreem': did you mean 'xtreme'?"),
        (["evaluate", "xnli", "--setup", "none", "--to", "there"], "--to is for a suite"),
        (["evaluate", "xtreme", "--setup", "fuse(mnli"], "a bracket is not closed"),
        (["evaluate", "xtreme", "--setup", "none", "--data", "nowhere"], "no data folder 'nowhere'"),
        (["evaluate", "xtreme", "--setup", "none", "--data", "bundled", "--limit", "0"], "--limit"),
        (["submit", "xtremer", "--setup", "none", "--to", "to"], "unknown suite 'xtremer': did you mean"),
        (["submit", "xtreme", "--setup", "none"], "Missing option '--to'"),
        (
            ["submit", "xtreme", "--setup", "none", "--to", "to", "--data", "bundled"],
            "no predictions of none on xtreme",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_exactly_one_line_and_exit_code_2(cli: Cli, arguments: list[str], message: str) -> None:
    code, out, err = cli(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mnlii"], "unknown adapter 'mnlii': did you mean 'mnli'"),
        (["mnli", "--layer", "9"], "has layers 0 (embeddings) to 2"),
        (["mnli", "--languages", "dee"], "unknown language of xtreme-r 'dee'"),
    ],
)
def test_bad_input_that_only_base_and_store_reveal_is_one_line_too(
    cli: Cli, place: list[str], arguments: list[str], message: str
) -> None:
    code, out, err = cli(*EVALUATE, *arguments, *place)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_a_sample_is_not_submitted_unless_asked_for(cli: Cli, place: list[str]) -> None:
    assert cli(*EVALUATE, "mnli", "--limit", "6", *place)[0] == 0
    code, _, err = cli("submit", "xtreme-r", "--setup", "mnli", "--to", "to", *place)
    assert (code, err.count("\n")) == (2, 1)
    assert "--allow-sample" in err
    code, out, _ = cli("submit", "xtreme-r", "--setup", "mnli", "--to", "to", "--allow-sample", *place)
    assert code == 0
    assert "N 12, a sample" in out


def test_help_explains_suites(cli: Cli) -> None:
    code, out, _ = cli("evaluate", "--help")
    text = " ".join(out.split())
    assert code == 0
    for expected in ("stack(SETUP, TASK)", "has no score", "--layer holds for the retrieval tasks"):
        assert expected in text
