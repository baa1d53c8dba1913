"""Stored records: what was written is read back, older formats are read too, what is wrong is one line."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import refused
from xadapt.store.records import LaterFormat, RunRecord
from xadapt.store.result_record import ExamplesRecord, PredictionsRecord, Result
from xadapt.store.seals import sealed


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
    made = {
        "run": "r",
        "setup": "mnli",
        "heads": ["mnli"],
        "base": {"name": "tiny", "fingerprint": "ab" * 32},
        "seed": 42,
    }
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


def test_a_damaged_number_of_the_format_is_no_later_format() -> None:
    with refused("here.json", "digest") as told:
        Result.of({**result().sealed(), "format": 7}, "here.json")
    assert not isinstance(told.error, LaterFormat)


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


#: A field of every record that is written with a digest, and something else to put there.
CHANGES = [
    (result(), "setup", "stsb"),
    (result(), "limit", 100),
    (run_record(), "seed", 43),
    (run_record(), "rows", {"mnli": 7}),
    (PredictionsRecord(run="r", language="de", rows="abc", values=[0, 1]), "values", [1, 1]),
    (ExamplesRecord(run="r", language="de", kind="mean", score="accuracy", rows="a", values=[0.0]), "score", "f1"),
]


@pytest.mark.parametrize(("record", "field", "other"), CHANGES)
def test_a_record_that_was_changed_is_refused(record: Any, field: str, other: Any) -> None:
    with refused("here", "'digest'", advice="store check --repair"):
        type(record).of(record.sealed() | {field: other}, "here")


@pytest.mark.parametrize("record", [result(), run_record()])
def test_a_record_of_today_without_its_digest_is_refused_and_an_older_one_is_not(record: Any) -> None:
    with refused("here", "'digest'", advice="store check --repair"):
        type(record).of(record.stored(), "here")
    with refused("here", "'digest'"):
        type(record).of(record.sealed() | {"format": 1}, "here")
    assert type(record).of(record.stored() | {"format": 1}, "here") == record


@pytest.mark.filterwarnings("ignore:Pydantic serializer")
def test_the_digest_is_of_what_is_written_whatever_types_it_had_before() -> None:
    details = {2: "two", 10: ("ten", float("inf")), "nan": float("nan"), "cut": "\ud83d"}
    odd = result().model_copy(update={"details": details})
    assert Result.of(json.loads(json.dumps(odd.sealed())), "here").details["10"][0] == "ten"


#: Values of another type in fields that decide where a record belongs.
ODD = [
    ("run", 7),
    ("run", True),
    ("setup", ["mnli"]),
    ("trains", None),
    ("under", {"a": 1}),
    ("tasks", "mnli"),
    ("tasks", {"mnli": 1}),
    ("heads", "mnli"),
    ("heads", [1]),
    ("seed", "42"),
    ("seed", True),
    ("seed", 42.0),
    ("members", ["mnli"]),
    ("decides", [1]),
    ("decides", {"settings": [1]}),
    ("decides", {"settings": {"batch_size": "8"}}),
    ("figures", []),
    ("rows", {"mnli": "5"}),
    ("base", "tiny"),
    ("base", {"name": 3, "fingerprint": "ab"}),
]


@pytest.mark.parametrize(("field", "value"), ODD)
def test_a_field_of_another_type_is_named_also_where_the_digest_is_right(field: str, value: Any) -> None:
    with refused("here", field, advice="train it again"):
        RunRecord.of(sealed({**run_record().stored(), field: value}), "here")


@pytest.mark.parametrize("number", [0, -1, True, 1.0, "1", None])
def test_a_format_that_is_no_number_of_a_format_is_refused(number: Any) -> None:
    with refused("here", "'format'", advice="train it again"):
        RunRecord.of(run_record().stored() | {"format": number}, "here")


def test_a_record_of_another_kind_is_refused_even_where_it_has_all_that_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "run" / "de.json"
    ExamplesRecord(run="run", language="de", kind="mean", score="accuracy", rows="a", values=[0.0]).write(path)
    with refused(path, "ExamplesRecord", advice="evaluate again"):
        PredictionsRecord.read(path)


def test_predictions_in_the_place_of_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run" / "de.json"
    PredictionsRecord(run="run", language="de", values=[1]).write(path)
    assert PredictionsRecord.read(path).values == [1]
    for other in (tmp_path / "run" / "sw.json", tmp_path / "another" / "de.json"):
        other.parent.mkdir(exist_ok=True)
        other.write_bytes(path.read_bytes())
        with refused(other, advice="evaluate again"):
            PredictionsRecord.read(other)


def test_the_default_base_goes_by_its_name_of_today() -> None:
    assert run_record(base={"name": "minilm", "fingerprint": "ab" * 32}).base.name == "e5-small"


def test_a_run_says_which_xadapt_made_it_also_where_that_was_among_what_decided_it() -> None:
    assert run_record(decides={"versions": {"xadapt": "0.1.0"}}).xadapt == "0.1.0"
    assert run_record(xadapt="0.2.0").xadapt == "0.2.0"
    assert run_record().xadapt == ""
    assert run_record(decides={"versions": "1.0"}).xadapt == ""


def test_predictions_are_read_as_they_were_written_and_as_0_1_wrote_them(tmp_path: Path) -> None:
    values = [1, [0.5, "a", "b"], {"id": "x", "null_gap": None}]
    PredictionsRecord(rows="abc", values=values).write(tmp_path / "now.json")
    assert PredictionsRecord.read(tmp_path / "now.json") == PredictionsRecord(rows="abc", values=values)
    (tmp_path / "before.json").write_text(json.dumps(values))
    assert PredictionsRecord.read(tmp_path / "before.json").values == values
