"""Stored records: what was written is read back, older formats are read too, what is wrong is one line."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import refused
from xadapt.store.records import RunRecord
from xadapt.store.result_record import ExamplesRecord, PredictionsRecord, Result


def result(**other: Any) -> Result:
    made = {
        "run": "r",
        "task": "xquad",
        "kind": "span-qa",
        "metric": "f1",
        "setup": "squad",
        "base": "e5-small",
        "seed": 42,
        "data": "hub",
        "languages": {
            "en": {"n": 5, "split": "validation", "rows": "a", "scores": {"f1": 60.0, "exact_match": 40.0}},
            "de": {"n": 4, "split": "validation", "rows": "b", "scores": {"f1": 50.0, "exact_match": 30.0}},
        },
        "means": {"f1": 55.0, "exact_match": 35.0},
    }
    return Result.of({**made, **other}, "a made-up result")


#: The same as 0.1 stored it: the scores beside the rest, the means as "mean".
OLD = {
    "format": 1,
    "run": "r",
    "task": "xquad",
    "kind": "span-qa",
    "metric": "f1",
    "setup": "squad",
    "base": "minilm",
    "seed": 42,
    "data": "hub",
    "limit": None,
    "head": None,
    "details": {},
    "languages": {
        "en": {"n": 5, "split": "validation", "rows": "a", "f1": 60.0, "exact_match": 40.0},
        "de": {"n": 4, "split": "validation", "rows": "b", "f1": 50.0, "exact_match": 30.0},
    },
    "mean": {"f1": 55.0, "exact_match": 35.0},
}


def run_record(**other: Any) -> RunRecord:
    made = {"run": "r", "setup": "mnli", "heads": ["mnli"], "base": {"name": "tiny", "fingerprint": "ab"}, "seed": 42}
    return RunRecord.of({**made, **other}, "a made-up record")


def test_a_result_is_indexed_by_language_and_ranked_by_its_metric() -> None:
    found = result()
    assert (found["de"].score, found["de"].scores["exact_match"], found.mean) == (50.0, 30.0, 55.0)
    assert list(found.languages) == ["en", "de"]
    with pytest.raises(KeyError):
        found["sw"]
    assert math.isnan(result(languages={}, means={}).mean)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    for number, record in enumerate((result(), run_record(), result(limit=3, dev={"squad": 1.0}))):
        path = tmp_path / f"{number}.json"
        record.write(path)
        assert type(record).read(path) == record
        assert json.loads(path.read_text())["format"] == type(record).CURRENT


def test_a_result_of_0_1_is_the_same_result() -> None:
    assert Result.of(OLD, "old") == result()


@pytest.mark.parametrize("kind", [Result, RunRecord, ExamplesRecord])
def test_a_newer_format_asks_for_an_upgrade(kind: Any) -> None:
    with refused("here.json", "format 99", advice="upgrade xadapt"):
        kind.of({"format": 99}, "here.json")


@pytest.mark.parametrize("field", ["run", "task", "kind", "metric", "setup", "base", "seed", "data", "languages"])
def test_a_field_that_a_result_lacks_is_named(field: str) -> None:
    stored = {key: value for key, value in result().stored().items() if key != field}
    with refused("here", f"'{field}'", "a result", advice="evaluate it again"):
        Result.of(stored, "here")


def test_a_language_without_the_score_that_ranks_is_refused() -> None:
    with refused("de has no f1", advice="evaluate it again"):
        result(languages={"de": {"n": 4, "scores": {"exact_match": 30.0}}})


def test_a_field_of_another_type_is_named_on_one_line() -> None:
    with refused("'base.fingerprint'", advice="train it again"):
        run_record(base={"name": "tiny", "fingerprint": 7})


def test_the_default_base_goes_by_its_name_of_today() -> None:
    assert run_record(base={"name": "minilm", "fingerprint": "ab"}).base.name == "e5-small"


def test_a_run_says_which_xadapt_made_it_also_where_that_was_among_what_decided_it() -> None:
    assert run_record(decides={"versions": {"xadapt": "0.1.0"}}).xadapt == "0.1.0"
    assert run_record(xadapt="0.2.0").xadapt == "0.2.0"
    assert run_record().xadapt == ""


def test_predictions_are_read_as_they_were_written_and_as_0_1_wrote_them(tmp_path: Path) -> None:
    values = [1, [0.5, "a", "b"], {"id": "x", "null_gap": None}]
    PredictionsRecord(rows="abc", values=values).write(tmp_path / "now.json")
    assert PredictionsRecord.read(tmp_path / "now.json") == PredictionsRecord(rows="abc", values=values)
    (tmp_path / "before.json").write_text(json.dumps(values))
    assert PredictionsRecord.read(tmp_path / "before.json").values == values
