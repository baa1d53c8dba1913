"""Commands in processes of their own that can be killed anywhere, and what they leave on the disk.

A process takes five seconds to load what it needs. Here each is forked from one that has loaded it.
"""

from __future__ import annotations

import atexit
import hashlib
import itertools
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

#: Steps between states of a training, so that the small ones here have some to go on from.
SAVE_STEPS = 2
#: What differs between two runs of the same: times, whether a run was cut, and the digest of a record that says so.
_TIMES = frozenset(("seconds", "resumed", "milliseconds", "digest"))
_CARD_TIME = "| time |"

Setup = Callable[[], object]
#: What commands print; the disk that they work on may be full.
_PRINTED = tempfile.TemporaryDirectory(prefix="xadapt-printed-")
_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Ended:
    """A process that has ended.

    Attributes:
        code: Its exit code, negative for a signal.
        out: What it printed.
        err: What it printed on standard error.
        seconds: How long it ran.
    """

    code: int
    out: str
    err: str
    seconds: float


class Child:
    """A command in a process of its own."""

    def __init__(
        self, arguments: list[str], folder: Path, prepare: Setup | None = None, terminal: Path | None = None
    ) -> None:
        """Start a command in a folder.

        Args:
            arguments: The command.
            folder: Its working folder.
            prepare: Called in the process before it; can be pickled.
            terminal: Standard error; None for a file.
        """
        printed = Path(_PRINTED.name) / str(next(_NUMBERS))
        self.files = printed.with_suffix(".out"), terminal or printed.with_suffix(".err")
        self.started = time.monotonic()
        given = (arguments, str(folder), self.files, prepare)
        self.process = _context().Process(target=_command, args=given, daemon=True)
        self.process.start()

    def send(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        assert self.process.pid
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def wait(self, seconds: float = 120) -> Ended:
        """Wait for its end."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
            raise AssertionError(f"still running after {seconds} seconds")
        # One that is killed at once has printed nothing yet.
        out, err = (file.read_text() if file.exists() else "" for file in self.files)
        return Ended(self.process.exitcode, out, err, time.monotonic() - self.started)


def _context() -> Any:
    context: Any = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.reliability.preloaded"])
    # The module is looked for before the process is told of our path.
    with _environment(PYTHONPATH=os.pathsep.join(filter(None, sys.path)), OMP_NUM_THREADS="1"):
        forkserver.ensure_running()
    return context


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _command(arguments: list[str], folder: str, files: tuple[Path, Path], prepare: Setup | None) -> None:
    for number, file in zip((1, 2), files, strict=True):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.chdir(folder)
    os.environ["COLUMNS"] = "200"
    _quicken()
    from xadapt.cli.main import main

    try:
        if prepare is not None:
            prepare()
        main(arguments)
    finally:
        atexit._run_exitfuncs()


def _quicken() -> None:
    """Save states often, and leave out the process that loads an export, for it takes five seconds."""
    from xadapt.portable import export
    from xadapt.store import store
    from xadapt.training import loop

    arguments = loop._arguments

    def often(*given: Any) -> Any:
        made = arguments(*given)
        made.save_steps = SAVE_STEPS
        return made

    loop._arguments = often  # type: ignore[assignment]
    store.shipped_folder = lambda: None
    checked = export.Check({"hidden states": 0.0}, 12)
    export.check = lambda *given, **named: checked


@dataclass(frozen=True)
class OnChange:
    """Does something to its process right before a change of the file system, counted from 0.

    Attributes:
        under: The folder whose changes count.
        number: Which change; None for none.
    """

    under: Path
    number: int | None = None

    def act(self) -> None:
        """What is done."""
        raise NotImplementedError

    def note(self, change: str) -> None:
        """Called with every change."""

    def __call__(self) -> None:
        """Begin to count."""
        seen = [0]

        def change(name: str) -> None:
            self.note(name)
            seen[0] += 1
            if seen[0] - 1 == self.number:
                self.act()

        def heard(event: str, given: tuple[Any, ...]) -> None:
            if _changes(event, given, str(self.under)):
                change(f"{event} {given[0]}")

        fsync = os.fsync

        def counted(handle: Any) -> None:
            change("os.fsync before")
            fsync(handle)
            change("os.fsync after")

        os.fsync = counted  # type: ignore[assignment]
        sys.addaudithook(heard)


@dataclass(frozen=True)
class KillAt(OnChange):
    """Kills its process there."""

    def act(self) -> None:
        """Kill."""
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class CutAt(OnChange):
    """Kills its process, from there on, once it has written so many bytes to a file."""

    size: int = 0

    def act(self) -> None:
        """Limit the size of files; the signal of one that grows beyond it kills."""
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, self.size))


@dataclass(frozen=True)
class Listed(OnChange):
    """Writes all changes to a file."""

    log: Path = Path()

    def note(self, change: str) -> None:
        """Write one."""
        handle = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(handle, f"{change}\n".encode())
        os.close(handle)


_EVENTS = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def _changes(event: str, given: tuple[Any, ...], under: str) -> bool:
    if event == "open":
        path, _, flags = given
        if not isinstance(path, str | os.PathLike) or not flags & _WRITES:
            return False
    elif event not in _EVENTS:
        return False
    name = os.fspath(given[0])
    # The others are relative to the working folder, or to one of a tree that is being deleted.
    return name.startswith(under) or not name.startswith(os.sep)


def run(arguments: list[str], folder: Path, prepare: Setup | None = None) -> Ended:
    """Run a command to its end."""
    return Child(arguments, folder, prepare).wait()


def state_of(folder: Path) -> dict[str, str]:
    """All that is in a folder, by path: a digest of what each file says, times left out.

    Texts that are kept to save time have names by chance; only that they are whole is looked at.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir():
            found[name] = "folder"
        elif "/cache/" in f"/{name}":
            half = path.with_suffix({".npy": ".npz"}.get(path.suffix, ".npy"))
            if path.name.startswith(".") or not half.exists():
                found[name] = "left over"
        else:
            found[name] = hashlib.sha256(_said(path)).hexdigest()
    return {name: value for name, value in found.items() if "/cache" not in f"/{name}" or value == "left over"}


def _said(path: Path) -> bytes:
    if path.suffix == ".json":
        return json.dumps(_timeless(json.loads(path.read_bytes())), sort_keys=True).encode()
    if path.name == "README.md":
        return "\n".join(line for line in path.read_text().splitlines() if not line.startswith(_CARD_TIME)).encode()
    return path.read_bytes()


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(one) for key, one in value.items() if key not in _TIMES}
    return [_timeless(one) for one in value] if isinstance(value, list) else value


def differences(folder: Path, wanted: dict[str, str]) -> list[str]:
    """What differs between a folder and what it should be, a line each."""
    found = state_of(folder)
    names = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
    return [f"{name}: {_how(name, found, wanted)}" for name in names]


def _how(name: str, found: dict[str, str], wanted: dict[str, str]) -> str:
    return "is missing" if name not in found else "is left over" if name not in wanted else "is another"


def copy(start: Path, to: Path) -> Path:
    """A fresh copy of a folder, with the times of its files."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(start, to, copy_function=shutil.copy2)
    return to
