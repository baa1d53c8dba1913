"""``store`` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import check_refusal

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def options(trained: Any) -> list[str]:
    """The option that names the trained store."""
    return ["--store", str(trained.store.root)]


def spoil(trained: Any, setup: str) -> Path:
    """Damage the weights of a setup."""
    folder: Path = trained.store.find(setup, trained.backbone.fingerprint).path
    next(folder.rglob("*.safetensors")).write_bytes(b"")
    return folder


def test_a_whole_store_is_whole(cli: Cli, options: list[str]) -> None:
    code, out, _ = cli("store", "check", *options)
    assert (code, len(out.splitlines())) == (0, 1)
    code, out, _ = cli("store", "check", "--json", *options)
    assert (code, json.loads(out)["findings"]) == (0, [])


def test_damage_is_exit_code_1_until_it_is_set_aside_and_is_then_made_again(
    cli: Cli, options: list[str], trained: Any
) -> None:
    folder = spoil(trained, "squad")
    code, out, _ = cli("store", "check", *options)
    assert code == 1
    assert folder.name in out
    assert "--repair" in out
    code, out, _ = cli("store", "check", "--repair", "--json", *options)
    assert (code, json.loads(out)["repaired"]) == (0, [f"runs/{folder.name}"])
    assert (trained.store.root / "damaged" / "runs" / folder.name).is_dir()
    assert not folder.exists()
    assert cli("store", "check", *options)[0] == 0


def test_a_store_that_is_not_there_is_empty(cli: Cli, tmp_path: Path) -> None:
    for command in ("check", "list", "size"):
        code, out, err = cli("store", command, "--store", tmp_path / "nothing")
        assert (code, err) == (0, "")
        assert out
    assert not (tmp_path / "nothing").exists()


def test_what_is_there_is_listed_and_chosen_from(cli: Cli, options: list[str], trained: Any) -> None:
    trained.evaluate("mnli", "xnli", "de")
    code, out, _ = cli("store", "list", *options)
    assert code == 0
    assert "stack(mnli, xnli)" in out
    assert "Results" in out

    def setups(*chosen: str) -> list[str]:
        return sorted(item["setup"] for item in json.loads(cli("store", "list", "--json", *chosen, *options)[1]))

    assert setups("--task", "xnli") == ["mnli", "stack(mnli, xnli)"]
    assert setups("--seed", "7") == []
    assert setups("--unused") == ["fuse(mnli, stsb)", "squad", "stack(mnli, xnli)"]


def test_sizes_come_with_the_command_that_frees_them(cli: Cli, options: list[str]) -> None:
    code, out, _ = cli("store", "size", *options)
    assert code == 0
    assert "xadapt store remove --unused" in out
    rooms = {room["name"]: room for room in json.loads(cli("store", "size", "--json", *options)[1])}
    assert rooms["checkpoints"]["bytes"] > rooms["checkpoints"]["free"] > 0


def test_nothing_is_removed_unless_it_is_meant(cli: Cli, options: list[str], trained: Any) -> None:
    path = trained.store.find("squad", trained.backbone.fingerprint).path
    code, out, _ = cli("store", "remove", "squad", "--dry-run", *options)
    assert (code, path.exists()) == (0, True)
    assert "squad" in out
    code, _, err = cli("store", "remove", "squad", *options)
    check_refusal(code, err, "nothing was removed", advice="--yes")
    code, _, err = cli("store", "remove", "mnli", "--yes", *options)
    check_refusal(code, err, "mnli", "stack(mnli, xnli)", advice="--dependents")
    assert path.exists()
    code, out, _ = cli("store", "remove", "squad", "--yes", "--json", *options)
    assert [item["setup"] for item in json.loads(out)["removed"]] == ["squad"]
    assert (code, path.exists()) == (0, False)
    code, _, _ = cli("store", "remove", "stack( mnli,xnli )", "--yes", *options)
    assert code == 0


def test_a_damaged_record_is_noted_and_stops_only_who_needs_it(cli: Cli, lab_options: list[str], trained: Any) -> None:
    record = trained.store.find("squad", trained.backbone.fingerprint).path / "xadapt.json"
    record.write_text(record.read_text().replace('"seed": 42', '"seed": 43'))
    code, out, err = cli("info", "--json", *lab_options)
    assert code == 0
    assert str(record) in err
    assert len(json.loads(out)["left_out"]) == 1
    code, _, err = cli("evaluate", "xnli", "--setup", "mnli", "--languages", "de", *lab_options)
    assert code == 0, err
    code, _, err = cli("evaluate", "xquad", "--setup", "squad", *lab_options)
    check_refusal(code, err, record, advice="store check --repair")
