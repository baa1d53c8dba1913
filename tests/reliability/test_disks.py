"""A disk that is full, can only be read or goes away is one line; nothing is half written, and going on works."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.error_checks import check_line
from tests.reliability.kill_lab import Ended, OnChange, copy, differences, run
from tests.reliability.killed_commands import Killed
from tests.reliability.test_kills import COMMANDS, MORE, check_goes_on, some
from xadapt.store.check import check_store
from xadapt.store.files import read_json
from xadapt.store.store import Store
from xadapt.store.unfinished import is_unfinished

ANSWERS = (errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT, errno.ESTALE, errno.EACCES)


def check_failed(ended: Ended, what: str, advice: str = "") -> None:
    """Check that a command failed in one line."""
    assert ended.code in (1, 2), f"{what}: {ended}"
    assert "Traceback" not in ended.err, f"{what}: {ended.err}"
    assert "Exception ignored" not in ended.err, f"{what}: {ended.err}"
    lines = [line for line in ended.err.splitlines() if line.startswith("error: ")]
    assert lines == ended.err.splitlines()[-1:], f"{what}: {ended.err}"
    check_line(lines[0], advice=advice)


def check_whole(folder: Path, what: str, swept: bool = True) -> None:
    """Check that nothing in a working folder is damaged or half there; an evaluation may have been cut."""
    found = check_store(Store(folder / "store", shipped=folder), read_json).findings
    assert {finding.sort for finding in found} <= {"note", "left"}, f"{what}: {found}"
    if swept:
        assert not [path for path in folder.rglob("*") if is_unfinished(path)], what


@dataclass(frozen=True)
class Answers(OnChange):
    """From a change of the file system on, the disk answers all changes with an error."""

    number_of_error: int = errno.ENOSPC
    answers: bool = False

    def note(self, change: str) -> None:
        """Answer, if it has begun."""
        if self.answers and not change.startswith(("os.remove", "os.rmdir")):
            raise OSError(self.number_of_error, os.strerror(self.number_of_error), change.rsplit(maxsplit=1)[-1])

    def act(self) -> None:
        """Begin."""
        object.__setattr__(self, "answers", True)
        self.note("os.fsync")


def answer_at_changes(command: Killed, folder: Path, count: int) -> None:
    changes = command.undisturbed.changes
    for turn, number in enumerate(some(count, len(changes) - 1, f"{command.name} answers")):
        error = ANSWERS[turn % len(ANSWERS)]
        what = f"{command.name}, {errno.errorcode[error]} at change {number}: {changes[number]}"
        here = command.fresh(folder / "killed")
        ended = run(command.arguments, here, Answers(here, number, number_of_error=error))
        # Texts that are kept to save time are all that may be lost, and what is deleted at the end.
        if ended.code or not late(changes, number):
            check_failed(ended, what)
        check_whole(here, what)
        check_goes_on(command, here, what)


def late(changes: list[str], number: int) -> bool:
    """Whether nothing comes from a change on but texts that are kept to save time, and what is deleted."""
    lost = ("os.remove", "os.rmdir", "os.fsync")
    return all("/cache" in change or change.startswith(lost) for change in changes[number:])


@pytest.mark.parametrize("name", ["training", "evaluation"])
def test_an_error_of_the_disk_is_one_line_and_nothing_is_half_written(
    killed: dict[str, Killed], tmp_path: Path, name: str
) -> None:
    answer_at_changes(killed[name], tmp_path, 4)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_it_is_whichever_change_it_comes_at(killed: dict[str, Killed], tmp_path: Path, name: str) -> None:
    answer_at_changes(killed[name], tmp_path, (4 if name == "recipe" else 12) * MORE)


@dataclass(frozen=True)
class Vanish(OnChange):
    """At a change of the file system the store goes away."""

    def act(self) -> None:
        """Move it."""
        store = self.under / "store"
        if store.exists():
            store.rename(self.under / "elsewhere")


@pytest.mark.parametrize("name", ["training", "evaluation"])
def test_a_store_that_goes_away_does_not_come_back_half(killed: dict[str, Killed], tmp_path: Path, name: str) -> None:
    vanish_at_changes(killed[name], tmp_path, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_it_does_not_whenever_it_goes(killed: dict[str, Killed], tmp_path: Path, name: str) -> None:
    vanish_at_changes(killed[name], tmp_path, (3 if name == "recipe" else 10) * MORE)


def vanish_at_changes(command: Killed, folder: Path, count: int) -> None:
    changes = command.undisturbed.changes
    begun = next(number for number, change in enumerate(changes) if not change.startswith("os.mkdir"))
    for number in some(count, len(changes) - 1 - begun, f"{command.name} vanishes"):
        what = f"{command.name}, gone at change {begun + number}: {changes[begun + number]}"
        here = command.fresh(folder / "killed")
        ended = run(command.arguments, here, Vanish(here, begun + number))
        if ended.code:
            check_failed(ended, what)
        if (here / "elsewhere").exists():
            # A library may have made it anew; then all is in it, or nothing. What was half written went with it.
            check_whole(here, what, swept=False)
            shutil.rmtree(here / "store", ignore_errors=True)
            (here / "elsewhere").rename(here / "store")
        check_goes_on(command, here, what)


@dataclass(frozen=True)
class SmallFiles:
    """Lets no file grow beyond a size, as a quota does."""

    size: int

    def __call__(self) -> None:
        """Set the limit, under which an error must still be printed."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, self.size))


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_limit_of_the_size_of_files_is_one_line(killed: dict[str, Killed], tmp_path: Path, name: str) -> None:
    command = killed[name]
    for size in (1500, 3000, 10_000, 30_000):
        here = command.fresh(tmp_path / "killed")
        ended = run(command.arguments, here, SmallFiles(size))
        if ended.code:
            check_failed(ended, f"{name}, files of {size} bytes")
        check_whole(here, f"{name}, files of {size} bytes")
        check_goes_on(command, here, f"{name}, files of {size} bytes")


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A disk in memory of so many bytes; skips the test where none may be made."""
    folder.mkdir(exist_ok=True)
    options = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    if os.geteuid() != 0 or subprocess.run(options, capture_output=True, check=False).returncode:
        pytest.skip("no disk may be mounted")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_disk_that_is_full_is_one_line_and_more_room_mends_it(
    killed: dict[str, Killed], tmp_path: Path, name: str
) -> None:
    command = killed[name]
    whole = sum(file.stat().st_size for file in command.start.rglob("*") if file.is_file())
    codes = set()
    for room in (8192, 40_000, 100_000, 200_000):
        what = f"{name}, {room} bytes of room"
        with small_disk(tmp_path / "disk", 2 * whole + 400_000) as disk:
            here = copy(command.start, disk / "work")
            state = os.statvfs(disk)
            used = (state.f_blocks - state.f_bfree) * state.f_frsize
            remount(disk, f"size={used + room}")
            ended = run(command.arguments, here)
            codes.add(ended.code)
            if ended.code:
                check_failed(ended, what, "make room")
            check_whole(here, what)
            remount(disk, "size=100m")
            check_goes_on(command, here, what)
    assert codes & {1, 2}


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_disk_that_can_only_be_read_is_seen_before_anything_is_computed(
    killed: dict[str, Killed], tmp_path: Path, name: str
) -> None:
    command = killed[name]
    with small_disk(tmp_path / "disk", 100_000_000) as disk:
        here = copy(command.start, disk / "work")
        remount(disk, "ro")
        ended = run(command.arguments, here)
        assert ended.code == 2, ended
        check_failed(ended, name, "choose another")
        assert "step" not in ended.err
        remount(disk, "rw")
        check_goes_on(command, here, name)


@pytest.mark.slow
def test_what_is_done_is_read_from_a_disk_that_can_only_be_read(killed: dict[str, Killed], tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 100_000_000) as disk:
        for name in ("training", "evaluation"):
            command = killed[name]
            here = copy(command.start, disk / name)
            assert run(command.arguments, here).code == 0
            remount(disk, "ro")
            again = run(command.arguments, here)
            assert again.code == 0, again
            remount(disk, "rw")
            assert not differences(here, command.undisturbed.state)
