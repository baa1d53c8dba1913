"""Four processes on one store, one of them killed, leave what one after the other leaves."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from tests.reliability.kill_lab import Child, differences, run, state_of
from tests.reliability.killed_commands import Killed
from tests.reliability.test_kills import MORE, check_goes_on, seeded
from xadapt.store.check import check_store
from xadapt.store.files import read_json
from xadapt.store.store import Store

TURNS = 3 * MORE


def four(commands: list[list[str]], folder: Path, drawn: random.Random, seconds: float) -> int:
    """Run four commands at once and kill one of them at a random moment; gives which."""
    children = [Child(command, folder) for command in commands]
    victim = drawn.randrange(len(children))
    time.sleep(drawn.random() * seconds)
    children[victim].send(signal.SIGKILL)
    for number, child in enumerate(children):
        ended = child.wait()
        if number != victim:
            assert ended.code == 0, ended.err
            assert "Traceback" not in ended.err
    return victim


@pytest.mark.slow
@pytest.mark.parametrize("name", ["training", "fusion", "evaluation"])
def test_four_processes_do_the_same(killed: dict[str, Killed], tmp_path: Path, name: str) -> None:
    command = killed[name]
    drawn = seeded(name)
    for turn in range(TURNS):
        here = command.fresh(tmp_path / "together")
        four([command.arguments] * 4, here, drawn, command.undisturbed.seconds)
        check_goes_on(command, here, f"{name}, turn {turn}")


@pytest.mark.slow
def test_four_processes_do_different_things(killed: dict[str, Killed], tmp_path: Path) -> None:
    fusion, evaluation = killed["fusion"], killed["evaluation"].arguments
    at = evaluation.index("en,de")
    commands = [
        fusion.arguments,
        [*fusion.arguments, "--seed", "1"],
        # Languages of the same run, whose results are one file.
        *([*evaluation[:at], language, *evaluation[at + 1 :]] for language in ("en", "de")),
    ]
    wanted = fusion.fresh(tmp_path / "wanted")
    for command in commands:
        assert run(command, wanted).code == 0
    state, drawn = state_of(wanted), seeded("different")
    for turn in range(TURNS):
        here = fusion.fresh(tmp_path / "together")
        victim = four(commands, here, drawn, fusion.undisturbed.seconds)
        assert run(commands[victim], here).code == 0
        assert not differences(here, state), f"turn {turn}, killed {victim}"
        assert not check_store(Store(here / "store", shipped=here), read_json).findings
