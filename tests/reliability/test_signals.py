"""Ctrl-C and SIGTERM end a command in one line that says how to go on, wherever they come; so does a closed pipe."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.error_checks import check_line
from tests.reliability.kill_lab import Child, Ended, OnChange, run
from tests.reliability.killed_commands import Killed
from tests.reliability.test_kills import COMMANDS, MORE, check_goes_on, seeded, some

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
XADAPT = "import sys; from xadapt.cli.main import main; main(sys.argv[1:])"


def check_interrupted(ended: Ended, number: int, what: str = "") -> str:
    """Check that a command ended as interrupted; gives its last line."""
    assert ended.code == CODES[signal.Signals(number)], f"{what}: {ended}"
    assert "Traceback" not in ended.err, f"{what}: {ended.err}"
    assert "Exception ignored" not in ended.err, f"{what}: {ended.err}"
    last = ended.err.strip().splitlines()[-1]
    check_line(last, "error: interrupted", advice="the same command")
    return last


@dataclass(frozen=True)
class InterruptAt(OnChange):
    """Interrupts its process right before a change of the file system."""

    signal: int = signal.SIGINT

    def act(self) -> None:
        os.kill(os.getpid(), self.signal)


@pytest.mark.parametrize(("name", "number"), [("training", signal.SIGINT), ("evaluation", signal.SIGTERM)])
def test_a_command_that_is_interrupted_while_it_writes_says_how_to_go_on(
    killed: dict[str, Killed], tmp_path: Path, name: str, number: int
) -> None:
    interrupt_at_changes(killed[name], tmp_path, 3, number)


@pytest.mark.slow
@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("name", COMMANDS)
def test_it_does_so_whatever_it_writes(killed: dict[str, Killed], tmp_path: Path, name: str, number: int) -> None:
    interrupt_at_changes(killed[name], tmp_path, (2 if name == "recipe" else 4) * MORE, number)


def interrupt_at_changes(command: Killed, folder: Path, count: int, number: int) -> None:
    changes = command.undisturbed.changes
    # What comes last is behind the command: texts that are kept to save time are written when the process ends.
    for change in some(count, len(changes) - 1, f"{command.name} {number}"):
        here = command.fresh(folder / "killed")
        what = f"{command.name}, change {change}: {changes[change]}"
        check_interrupted(run(command.arguments, here, InterruptAt(here, change, signal=number)), number, what)
        check_goes_on(command, here, what)


@pytest.mark.slow
@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_interrupted_at_a_random_moment_goes_on(
    killed: dict[str, Killed], tmp_path: Path, name: str, number: int
) -> None:
    command = killed[name]
    drawn = seeded(f"{name} {number}")
    for _ in range((1 if name == "recipe" else 4) * MORE):
        moment = (0.2 + 0.8 * drawn.random()) * command.undisturbed.seconds
        here = command.fresh(tmp_path / "killed")
        child = Child(command.arguments, here)
        time.sleep(moment)
        child.send(number)
        ended = child.wait()
        # When all is printed, nothing is left to be interrupted.
        if not ended.out:
            check_interrupted(ended, number, f"after {moment:.3f} s")
        check_goes_on(command, here, f"{name} after {moment:.3f} s")


def test_the_line_names_what_is_kept(killed: dict[str, Killed], tmp_path: Path) -> None:
    command = killed["training"]
    changes = command.undisturbed.changes
    for state, kept in (("checkpoint-4", "step 2"), ("checkpoint-2", "nothing of mnli")):
        here = command.fresh(tmp_path / "killed")
        before = next(number for number, change in enumerate(changes) if state in change)
        ended = run(command.arguments, here, InterruptAt(here, before))
        check_line(check_interrupted(ended, signal.SIGINT), kept)


def never_ends() -> None:
    """Let every training hang in a library that takes interruptions for its own."""
    from xadapt.training import train

    def hang(*given: object) -> None:
        print("hangs", file=sys.stderr, flush=True)
        while True:
            try:
                time.sleep(60)
            except KeyboardInterrupt:
                print("swallowed", file=sys.stderr, flush=True)

    train.train = hang  # type: ignore[assignment]


def wait_for(child: Child, text: str, seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not child.files[1].exists() or text not in child.files[1].read_text():
        assert time.monotonic() < ends, f"{text!r} never came"
        time.sleep(0.02)


@pytest.mark.parametrize("number", CODES)
def test_a_second_signal_ends_a_command_that_swallows_the_first(
    killed: dict[str, Killed], tmp_path: Path, number: int
) -> None:
    command = killed["training"]
    child = Child(command.arguments, command.fresh(tmp_path / "killed"), never_ends)
    wait_for(child, "hangs")
    # A terminal and a wrapper may both send the first.
    child.send(number)
    child.send(number)
    wait_for(child, "swallowed")
    time.sleep(0.6)
    assert child.process.exitcode is None
    child.send(number)
    started = time.monotonic()
    assert child.wait().code == CODES[signal.Signals(number)]
    assert time.monotonic() - started < 2


def turns_into_another_error() -> None:
    """Interrupt every training inside a library that makes an error of its own of it."""
    from xadapt.training import train

    def turn(*given: object) -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(10)
        except KeyboardInterrupt:
            raise ValueError("no shape") from None

    train.train = turn  # type: ignore[assignment]


def test_an_error_that_a_library_makes_of_an_interruption_is_one(killed: dict[str, Killed], tmp_path: Path) -> None:
    command = killed["training"]
    ended = run(command.arguments, command.fresh(tmp_path / "killed"), turns_into_another_error)
    check_interrupted(ended, signal.SIGINT)


def swallows_in_a_finalizer() -> None:
    """Interrupt every training inside a finalizer, which cannot raise."""
    from xadapt.training import train

    class Dying:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            for _ in range(1000):
                pass

    def die(*given: object) -> None:
        Dying()
        time.sleep(30)

    train.train = die  # type: ignore[assignment]


def test_an_interruption_in_a_place_that_cannot_raise_comes_again(killed: dict[str, Killed], tmp_path: Path) -> None:
    command = killed["training"]
    ended = run(command.arguments, command.fresh(tmp_path / "killed"), swallows_in_a_finalizer)
    check_interrupted(ended, signal.SIGTERM)
    assert ended.seconds < 20


@pytest.mark.slow
def test_an_interruption_in_the_live_view_leaves_the_terminal_as_it_was(
    killed: dict[str, Killed], tmp_path: Path
) -> None:
    command = killed["recipe"]
    master, slave = pty.openpty()
    child = Child(command.arguments, command.fresh(tmp_path / "killed"), terminal=Path(os.ttyname(slave)))
    shown = b""
    while b"now" not in shown:
        shown += os.read(master, 65536)
    child.send(signal.SIGINT)
    child.process.join(60)
    os.set_blocking(master, False)
    while True:
        try:
            shown += os.read(master, 65536)
        except BlockingIOError:
            break
    assert child.process.exitcode == 130
    assert shown.rindex(b"\x1b[?25h") > shown.rindex(b"\x1b[?25l")
    assert b"Traceback" not in shown
    check_line(shown.decode().strip().splitlines()[-1], "interrupted", advice="the same command")
    os.close(master)
    os.close(slave)


def start(*arguments: object) -> subprocess.Popen[str]:
    """A command in a process that loads everything itself."""
    command = [sys.executable, "-c", XADAPT, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_an_interruption_while_libraries_are_loaded_is_one_line(killed: dict[str, Killed], tmp_path: Path) -> None:
    command = killed["training"]
    for moment in range(1, 3 + 2 * MORE):
        process = start(*command.arguments, "--store", tmp_path / "store")
        time.sleep(0.2 + moment * 0.4)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode in (0, 130, -signal.SIGINT), err
        if process.returncode == 130:
            check_interrupted(Ended(130, out, err, 0), signal.SIGINT, f"after {moment * 0.4} s")


def in_a_shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash, in which ``xadapt`` is the command."""
    define = f'set -o pipefail; xadapt() {{ {sys.executable!r} -c {XADAPT!r} "$@"; }}; '
    return subprocess.run(["bash", "-c", define + line], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("line", ["xadapt tasks --json | head -1", "xadapt tasks | head -1", "xadapt --help | true"])
def test_an_output_that_nobody_reads_to_its_end_is_silent(line: str) -> None:
    done = in_a_shell(line)
    assert done.returncode in (0, 141)
    assert done.stderr == ""


def test_an_output_that_is_closed_from_the_start_is_silent() -> None:
    done = in_a_shell("xadapt tasks >&-")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no file that is always full")
def test_an_output_on_a_full_disk_is_one_line() -> None:
    done = in_a_shell("xadapt tasks --json > /dev/full")
    assert done.returncode == 1
    check_line(done.stderr.strip(), "No space left on device")


IMPORTS = """
from xadapt.cli.interruption import interruptible
with interruptible():
    try:
        import slow
    except KeyboardInterrupt:
        print("in the import")
    try:
        import time
        time.sleep(20)
    except KeyboardInterrupt:
        print("behind it")
"""
SLOW = "import time\nprint('begun', flush=True)\ntime.sleep(1)\n"


def test_an_interruption_waits_for_a_module_that_is_being_imported(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    paths = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    process = subprocess.Popen(
        [sys.executable, "-c", IMPORTS], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[0] == "behind it\n"
