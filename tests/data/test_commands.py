"""The data commands as calls: a listing, a check and a pull, with what they hold for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.error_checks import refused
from xadapt import connection
from xadapt.data.commands import check_data, check_json, list_data, pull_data


def test_the_hub_is_listed_without_being_asked() -> None:
    listing = list_data(["xnli", "bucc"], "hub")
    assert listing.stocks is None
    assert list(listing.notes) == ["bucc"]
    assert [entry["task"] for entry in listing.as_json()] == [task.name for task in listing.tasks]


def test_a_mirror_is_listed_with_what_is_there(mirror: Path) -> None:
    (facts,) = list_data(["xnli"], str(mirror)).as_json()
    assert (facts["languages_here"], facts["test_rows"]) == (["de", "en"], 24)


def test_a_check_reports_how_many_files_are_read(mirror: Path) -> None:
    steps: list[tuple[int, int]] = []
    result = check_data(mirror, ["xnli"], lambda done, of, name: steps.append((done, of)))
    assert result.faults == []
    assert steps == [(done, len(result.readings)) for done in range(len(result.readings) + 1)]
    assert json.loads(json.dumps(check_json(result)))["tasks"][0]["task"] == "xnli"


def test_a_folder_without_any_of_the_files_is_refused(tmp_path: Path) -> None:
    with refused(tmp_path, advice=f"xadapt data pull xtreme --to {tmp_path}", code=1):
        check_data(tmp_path, ["xtreme"])
    with refused("nowhere", advice="mirror"):
        check_data(tmp_path / "nowhere")


def test_files_that_are_there_are_kept_and_the_hub_is_not_asked(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "prepare_hub", lambda: False)
    pulled = pull_data(mirror, ["tatoeba"], "de")
    assert (pulled.written, pulled.failed, len(pulled.kept)) == ({}, [], 1)
    assert pulled.as_json()["folder"] == str(mirror)
    with refused("hub", advice="copy the folder", code=1):
        pull_data(mirror, ["tatoeba"], "fr")
