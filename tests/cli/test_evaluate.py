"""``evaluate`` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

Cli = Callable[..., tuple[int, str, str]]


def test_evaluate_json_has_exactly_the_public_keys_and_scores_of_0_to_100(cli: Cli, lab_options: list[str]) -> None:
    code, out, err = cli(
        "evaluate", "xnli", "--setup", "mnli", "--limit", "6", "--max-length", "48", "--json", *lab_options
    )
    result = json.loads(out)
    assert code == 0
    keys = {"task", "setup", "base", "seed", "data", "limit", "pool_limit", "metric", "head", "details", "languages"}
    assert set(result) == {*keys, "mean"}
    assert result["pool_limit"] is None
    assert (result["task"], result["setup"], result["seed"], result["limit"]) == ("xnli", "mnli", 42, 6)
    assert list(result["languages"]) == ["en", "de"]
    for entry in result["languages"].values():
        assert set(entry) == {"n", "accuracy", "split"}
        assert 0 <= entry["accuracy"] <= 100
    mean = sum(entry["accuracy"] for entry in result["languages"].values()) / 2
    assert result["mean"] == {"accuracy": pytest.approx(mean, abs=1e-3)}
    assert "uses mnli" in err
    assert "error" not in err


def test_evaluate_prints_a_table_on_standard_output_and_progress_on_standard_error(
    cli: Cli, lab_options: list[str]
) -> None:
    code, out, err = cli("evaluate", "xquad", "--setup", "squad", "--max-length", "48", *lab_options)
    assert code == 0
    for expected in ("xquad: squad", "German", "exact_match", "f1", "mean", "2 languages", "head squad"):
        assert expected in out
    assert "xquad squad: de, 6 rows" in err


def test_retrieval_states_layer_and_pooling(cli: Cli, lab_options: list[str]) -> None:
    code, out, _ = cli("evaluate", "tatoeba", "--setup", "none", "--layer", "1", *lab_options)
    assert code == 0
    assert "layer 1, pooling mean" in out


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ([], ""),
        (["--limit", "2"], "A sample: at most 2 rows a language."),
        (["--pool-limit", "3"], "A sample: a pool of the rows' answers and others up to 3 items."),
        (
            ["--limit", "2", "--pool-limit", "3"],
            "A sample: at most 2 rows a language, a pool of the rows' answers and others up to 3 items.",
        ),
    ],
)
def test_a_sample_says_its_rows_and_its_pool_on_a_line_of_its_own(
    cli: Cli, lab_options: list[str], options: list[str], note: str
) -> None:
    command = [
        "evaluate",
        "lareqa",
        "--setup",
        "none",
        "--language",
        "de",
        "--max-length",
        "48",
        *options,
        *lab_options,
    ]
    code, out, err = cli(*command)
    assert code == 0, err
    assert [line for line in out.splitlines() if "sample" in line] == ([note] if note else [])
    assert json.loads(cli(*command, "--json")[1])["pool_limit"] == (3 if "--pool-limit" in options else None)
