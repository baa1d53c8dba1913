"""Numbers are stored for a new revision, and refused for an old one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import pin_revisions
from tests.pin_revisions import pin
from tests.revisions.pinned import Revised, fault, read_pins

NUMBERS = {"loss": 1.5, "predictions": ["B", 2], "dev": {"f1": 60.0}, "weights": {"down": [0.5, 0.25, 0.75]}}
CHANGED = "numbers of mine changed: raise its revision in xadapt/mine.py and run `python -m tests.pin_revisions`"


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    """A file that holds the numbers of a kind with revision 2."""
    file = tmp_path / "revisions.json"
    assert pin(file, {"mine": mine(2)}, {"mine": NUMBERS}) == []
    return file


def mine(revision: int) -> Revised:
    return Revised("mine", revision, "xadapt/mine.py")


def wrong(file: Path, numbers: Any, revision: int = 2) -> str:
    return fault(mine(revision), read_pins(file), lambda: numbers) or ""


@pytest.mark.parametrize(
    "change",
    [
        {"loss": 1.5002},
        {"predictions": ["A", 2]},
        {"predictions": ["B"]},
        {"predictions": ["B", 3]},
        {"dev": {"f1": 60.02}},
        {"dev": {}},
        {"weights": {"down": [0.501, 0.25, 0.75]}},
    ],
)
def test_other_numbers_want_another_revision_before_they_are_stored(pins: Path, change: dict[str, Any]) -> None:
    numbers, before = {**NUMBERS, **change}, pins.read_bytes()
    assert wrong(pins, numbers).startswith(CHANGED)
    assert [line.startswith(CHANGED) for line in pin(pins, {"mine": mine(2)}, {"mine": numbers})] == [True]
    assert pins.read_bytes() == before
    assert "is 3 now: run `python -m tests.pin_revisions`" in wrong(pins, numbers, 3)
    assert pin(pins, {"mine": mine(3)}, {"mine": numbers}) == []
    assert not wrong(pins, numbers, 3)
    assert wrong(pins, NUMBERS, 3)


def test_an_error_says_which_number_it_was_in_one_line(pins: Path) -> None:
    message = wrong(pins, {**NUMBERS, "dev": {"f1": 61.25}})
    assert message == f"{CHANGED} (dev / f1: 60 then, 61.25 now)"


def test_what_other_processors_make_of_the_same_sums_is_no_other_number(pins: Path) -> None:
    near = {**NUMBERS, "loss": 1.50009, "dev": {"f1": 60.009}, "weights": {"down": [0.5004, 0.25, 0.75]}}
    before = pins.read_bytes()
    assert not wrong(pins, near)
    assert pin(pins, {"mine": mine(2)}, {"mine": near}) == []
    assert pins.read_bytes() == before


def test_a_raised_revision_wants_numbers_even_where_they_are_the_same(pins: Path) -> None:
    assert "the revision of mine in xadapt/mine.py is 3 now" in wrong(pins, NUMBERS, 3)
    assert pin(pins, {"mine": mine(3)}, {"mine": NUMBERS}) == []
    assert not wrong(pins, NUMBERS, 3)


def test_a_revision_never_goes_back(pins: Path) -> None:
    assert "is below 2" in wrong(pins, NUMBERS, 1)
    assert len(pin(pins, {"mine": mine(1)}, {"mine": NUMBERS})) == 1
    assert read_pins(pins)["kinds"]["mine"]["revision"] == 2


def test_a_new_kind_wants_numbers(pins: Path) -> None:
    other = Revised("other", 1, "xadapt/other.py")
    assert fault(other, read_pins(pins), dict) == (
        "other in xadapt/other.py has no numbers yet: run `python -m tests.pin_revisions`"
    )
    assert pin(pins, {"mine": mine(2), "other": other}, {"mine": NUMBERS, "other": {"loss": 1.0}}) == []
    assert fault(other, read_pins(pins), lambda: {"loss": 1.0}) is None


def test_what_is_measured_for_the_first_time_is_added_to_what_was_stored(pins: Path) -> None:
    more = {**NUMBERS, "dev": {"f1": 60.001, "recall": 50.0}}
    assert wrong(pins, more) == "dev / recall of mine has no numbers yet: run `python -m tests.pin_revisions`"
    assert pin(pins, {"mine": mine(2)}, {"mine": more}) == []
    assert not wrong(pins, more)
    assert read_pins(pins)["kinds"]["mine"]["numbers"]["dev"] == {"f1": 60.0, "recall": 50.0}


def test_a_kind_that_is_gone_goes_from_the_file(pins: Path) -> None:
    assert pin(pins, {}, {}) == []
    assert read_pins(pins)["kinds"] == {}


def test_other_libraries_may_change_numbers_for_they_are_in_every_hash(
    pins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = read_pins(pins)
    pins.write_text(json.dumps({**stored, "versions": {**stored["versions"], "torch": "1.0"}}), encoding="utf-8")
    numbers = {**NUMBERS, "loss": 2.0}
    assert "; torch 1.0 then, " in wrong(pins, numbers)
    assert pin(pins, {"mine": mine(2)}, {"mine": numbers}) == []
    assert not wrong(pins, numbers)


@pytest.mark.parametrize(("revision", "code"), [(2, 1), (3, 0)])
def test_the_command_says_what_it_did(
    pins: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], revision: int, code: int
) -> None:
    monkeypatch.setattr(pin_revisions, "FILE", pins)
    monkeypatch.setattr(pin_revisions, "revised_kinds", lambda: {"mine": mine(revision)})
    monkeypatch.setattr(pin_revisions, "Measured", lambda folder: {"mine": {**NUMBERS, "loss": 2.0}})
    assert pin_revisions.main() == code
    said = capsys.readouterr().out
    assert said.startswith(CHANGED) if code else said == "revisions.json is written\n"
