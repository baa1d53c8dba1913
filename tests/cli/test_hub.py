"""``push`` and ``pull`` on the command line, against a stand-in of the hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import check_refusal
from tests.portable.hub_server import WRITER, StandIn


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[StandIn]:
    stand_in = StandIn(tmp_path / "hub")
    yield stand_in
    stand_in.close()


def command(hub: StandIn, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """Run a command in a process of its own, which is when the hub's library reads where the hub is."""
    variables = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(hub.root / "home"), "HF_HUB_OFFLINE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", "from xadapt.cli.main import main; main()", *arguments],
        env={**os.environ, **variables, "NO_PROXY": "127.0.0.1", "HF_TOKEN": "", **environment},
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_trained_setup_is_pushed_and_answers_the_same_where_it_is_pulled(
    hub: StandIn, trained: Any, tmp_path: Path
) -> None:
    target, store = "stack(mnli, xnli)", str(tmp_path / "away")
    base, here = trained.backbone.name, str(trained.store.root)
    code, out, err = command(hub, "push", target, "org/x", "--base", base, "--store", here, HF_TOKEN=WRITER)
    assert (code, err) == (0, "pushing stack(mnli, xnli) to org/x, 2 of 2 checkpoints\n")
    assert out.endswith("get it anywhere with: xadapt pull org/x\n")
    assert not [path for path in hub.files("org/x") if base.encode() in hub.read("org/x", path)]
    code, out, _ = command(hub, "pull", "org/x", "--store", store)
    assert code == 0
    assert out.endswith('stack(mnli, xnli): use it with --setup "stack(mnli, xnli)" --base FOLDER\n')
    before = trained.evaluate(target, "xnli", "de")
    trained.store.root = Path(store)
    after = trained.evaluate(target, "xnli", "de")
    assert after["de"].score == before["de"].score


def test_a_setup_with_members_that_are_nowhere_is_named_and_has_exit_code_1(hub: StandIn, tmp_path: Path) -> None:
    facts = {"base": "e5-small", "fingerprint": "ab" * 32, "seed": 42, "datasets": []}
    index = {"setups": [{"setup": "average(mnli, stsb)", **facts, "runs": {"mnli": "aa" * 8, "stsb": "bb" * 8}}]}
    hub.write("org/x", "xadapt-setups.json", json.dumps(index).encode())
    code, out, err = command(hub, "pull", "org/x", "--store", str(tmp_path / "away"))
    assert (code, err.count("\n")) == (1, 1)
    assert f"missing: mnli (run {'aa' * 8}) is neither in org/x nor in {tmp_path / 'away'}" in out
    assert "use it with" not in out


@pytest.mark.parametrize(
    ("environment", "subject", "advice"),
    [
        ({}, "org/nothing", "check the name"),
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "http://127.0.0.1:9", "check the connection"),
        ({"HF_HUB_OFFLINE": "1"}, "reached", "HF_ENDPOINT and HF_HUB_OFFLINE"),
    ],
)
def test_what_goes_wrong_is_one_line(
    hub: StandIn, tmp_path: Path, environment: dict[str, str], subject: str, advice: str
) -> None:
    code, out, err = command(hub, "pull", "org/nothing", "--store", str(tmp_path / "away"), **environment)
    assert (out, err.count("\n")) == ("", 1)
    check_refusal(code, err, subject, advice=advice, failed=bool(environment))
