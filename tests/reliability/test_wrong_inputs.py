"""Whatever is given to a command ends in an exit code and, if it is refused, in one line: no traceback, no hang.

``XADAPT_FUZZ`` is the number of inputs, ``XADAPT_FUZZ_SEED`` the first seed: ``make fuzz``.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("limits of memory are read as Linux has them", allow_module_level=True)

from tests.reliability.wrong_inputs import Wrong, wrong_input
from xadapt.cli.main import main
from xadapt.store import store as stores

#: Seconds of processor time that an input may take, and of the clock, on a machine that does other things too.
_SECONDS, _LONGEST_WAIT = 10, 120
#: Bytes of memory beside what is in use.
_MEMORY = 4 << 30
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")
_COUNT = int(os.environ.get("XADAPT_FUZZ", "500"))
_FIRST = int(os.environ.get("XADAPT_FUZZ_SEED", "1000000"))

Run = Callable[[int], str | None]


class Hangs(BaseException):
    """A command did not end."""


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """Stop a command that does not end, or that takes more memory than any input here needs."""

    def stop(*_: Any) -> None:
        raise Hangs

    before, memory = signal.signal(signal.SIGALRM, stop), resource.getrlimit(resource.RLIMIT_AS)
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + _MEMORY, memory[1]))
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, memory)


@pytest.fixture
def run(
    trained_once: Any,
    tiny_base_folder: Path,
    mirror: Path,
    tmp_path: Path,
    capsys: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Give a seed's input to its command; what is wrong with the answer comes back, None if nothing is."""
    monkeypatch.delenv("XADAPT_DEBUG", raising=False)
    monkeypatch.setattr(stores, "shipped_folder", lambda: None)
    monkeypatch.setenv("COLUMNS", "200")

    def answer(seed: int) -> str | None:
        wrong, folder = wrong_input(seed), tmp_path / str(seed)
        folder.mkdir()
        monkeypatch.chdir(folder)
        for name, content in wrong.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        places = {"BASE": str(tiny_base_folder), "DATA": str(mirror), "STORE": str(folder / "store")}
        places["TRAINED"] = str(trained_once.store.root)
        capsys.readouterr()
        code, started = None, time.process_time()
        try:
            with _at_most(_LONGEST_WAIT):
                main([places.get(part, part) for part in wrong.arguments])
        except SystemExit as error:
            code = error.code
        except BaseException:
            return _shown(seed, wrong, f"no exit, but {''.join(traceback.format_exc()[-1500:])}")
        seconds = time.process_time() - started
        printed = capsys.readouterr()
        fault = _fault(code, printed.out, printed.err, folder, wrong.kind == "mirror")
        if fault is None and seconds > _SECONDS:
            fault = f"it took {seconds:.0f} s"
        return _shown(seed, wrong, f"{fault}\n{printed.err[-2000:]!r}") if fault else None

    return answer


def _shown(seed: int, wrong: Wrong, fault: str) -> str:
    return f"\n--- seed {seed}: {fault}\n{wrong}"


def _fault(code: object, out: str, err: str, folder: Path, findings: bool) -> str | None:
    if code not in (0, 1, 2):
        return f"exit code {code}"
    if "Traceback" in err + out:
        return "a traceback"
    lines = err.split("\n")
    errors = [line for line in lines if line.startswith("error: ")]
    # A check's findings are its result.
    if code and not (code == 1 and findings) and (len(errors) != 1 or lines[-2:] != [*errors, ""]):
        return f"not one error line at the end of {len(lines)}"
    if errors and len(errors[0]) > 1010:
        return f"an error line of {len(errors[0])} characters"
    acting = _STEERING.findall(err + out)
    if acting:
        return f"characters that a terminal acts on: {acting[:5]!a}"
    left = [path for path in folder.rglob(".*") if path.is_file()]
    return f"left behind: {left[0]}" if left else None


def _check(run: Run, seeds: range) -> None:
    wrong = [fault for seed in seeds if (fault := run(seed))]
    print(f"{len(seeds)} wrong inputs, {len(seeds) - len(wrong)} answered well", file=sys.stderr)
    assert not wrong, f"{len(wrong)} of {len(seeds)}:{''.join(wrong[:20])}"


def test_some_wrong_inputs_are_answered_in_one_line(run: Run) -> None:
    _check(run, range(40))


@pytest.mark.slow
def test_many_wrong_inputs_are_answered_in_one_line(run: Run) -> None:
    _check(run, range(_FIRST, _FIRST + _COUNT))
