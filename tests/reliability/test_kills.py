"""Killed anywhere and started again, a command ends with the same bits as undisturbed, and nothing is left over.

``XADAPT_FUZZ`` is the number of kills at random moments, ``XADAPT_FUZZ_SEED`` what they are drawn by.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.reliability.kill_lab import Child, CutAt, KillAt, differences, run
from tests.reliability.killed_commands import Killed
from xadapt.store.check import check_store
from xadapt.store.files import read_json
from xadapt.store.store import Store

COMMANDS = ("training", "fusion", "evaluation", "recipe", "export")
#: Kills at random moments.
KILLS = int(os.environ.get("XADAPT_FUZZ", "100"))
MORE = max(1, KILLS // 100)
SEED = os.environ.get("XADAPT_FUZZ_SEED", "0")
#: Their shares, in per cent.
MOMENTS = {"training": 34, "fusion": 20, "evaluation": 22, "recipe": 6, "export": 18}
#: Bytes after which a file is cut.
CUTS = (0, 1, 100, 3000)


def check_goes_on(command: Killed, folder: Path, what: str) -> None:
    """Start a command again in the folder where it was killed."""
    ended = run(command.arguments, folder)
    assert ended.code == 0, f"{what}: {ended.err}"
    assert not differences(folder, command.undisturbed.state), what
    assert not check_store(Store(folder / "store", shipped=folder), read_json).findings, what


def seeded(what: str) -> random.Random:
    """Chance of its own for each test."""
    return random.Random(f"{SEED} {what}")


def some(count: int, every: int, seed: str) -> list[int]:
    """Choose changes, evenly and by a seed."""
    drawn = seeded(seed)
    width = every / count
    return sorted({int((number + drawn.random()) * width) for number in range(count)})


def kill_at_changes(command: Killed, folder: Path, count: int) -> None:
    changes = command.undisturbed.changes
    for number in (chosen := some(count, len(changes), command.name)):
        what = f"{command.name}, before change {number}: {changes[number]}"
        here = command.fresh(folder / "killed")
        ended = run(command.arguments, here, KillAt(here, number))
        assert ended.code == -signal.SIGKILL, f"{what}: {ended}"
        check_goes_on(command, here, what)
    print(f"{command.name}: killed before {len(chosen)} of {len(changes)} changes of the disk, always the same bits")


@pytest.mark.parametrize("name", ["training", "evaluation"])
def test_a_command_that_is_killed_before_a_change_of_the_disk_goes_on(
    killed: dict[str, Killed], tmp_path: Path, name: str
) -> None:
    kill_at_changes(killed[name], tmp_path, 5)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_it_goes_on_whichever_change_it_is_killed_before(killed: dict[str, Killed], tmp_path: Path, name: str) -> None:
    count = (12 if name != "recipe" else 4) * MORE
    kill_at_changes(killed[name], tmp_path, min(count, len(killed[name].undisturbed.changes)))


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_it_goes_on_when_it_is_killed_in_the_middle_of_a_file(
    killed: dict[str, Killed], tmp_path: Path, name: str
) -> None:
    command = killed[name]
    for cut in CUTS:
        number = seeded(f"{name} {cut}").randrange(len(command.undisturbed.changes))
        here = command.fresh(tmp_path / "killed")
        ended = run(command.arguments, here, CutAt(here, number, size=cut))
        assert ended.code in (0, -signal.SIGXFSZ), ended
        check_goes_on(command, here, f"{name}, {cut} bytes of a file after change {number}")


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_it_goes_on_when_it_is_killed_at_a_random_moment(killed: dict[str, Killed], tmp_path: Path, name: str) -> None:
    command = killed[name]
    drawn, late = seeded(name), 0
    kills = MOMENTS[name] * KILLS // 100
    for number in range(kills):
        moment = drawn.random() * command.undisturbed.seconds
        here = command.fresh(tmp_path / "killed")
        child = Child(command.arguments, here)
        time.sleep(moment)
        child.send(signal.SIGKILL)
        code = child.wait().code
        assert code in (0, -signal.SIGKILL)
        late += code == 0
        check_goes_on(command, here, f"{name}, kill {number} after {moment:.3f} s")
    print(f"{name}: {kills} kills at random moments, {late} after its end, always the same bits")


@pytest.mark.slow
def test_a_process_of_its_own_does_what_one_that_is_forked_does(killed: dict[str, Killed], tmp_path: Path) -> None:
    for name in ("training", "evaluation"):
        command = killed[name]
        here = command.fresh(tmp_path / "fresh")
        program = "import sys; from xadapt.cli.main import main; main(sys.argv[1:])"
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        words = [sys.executable, "-c", program, *command.arguments]
        done = subprocess.run(words, cwd=here, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert not differences(here, command.undisturbed.state)
