"""The numbers of every kind of run that has a revision, as they are and as they were stored with its revision.

Numbers may differ by 1e-4 from those that were stored, scores between 0 and 100 by 0.01: other processors add up in
another order, and training carries that on. Stored weights may also differ by one step of half precision, for a value
between two steps may be rounded either way. On one processor two runs give the same to the bit.
"""

from __future__ import annotations

import inspect
import json
import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import xadapt
from tests.revisions.explanation_numbers import explanation_numbers
from tests.revisions.inputs import FIXTURES, in_new_store, kept_context
from tests.revisions.problem_numbers import Numbers, evaluation_numbers, learning_numbers, taught_numbers
from tests.revisions.training_numbers import run, training_numbers
from xadapt.context import Context
from xadapt.explain import explanation
from xadapt.store.checkpoints import Checkpoint
from xadapt.store.versions import library_versions
from xadapt.tasks.specs import all_specs
from xadapt.training import run_kinds

FILE = FIXTURES / "revisions.json"
COMMAND = "`python -m tests.pin_revisions`"
_ROOT = Path(xadapt.__file__).parent.parent
_TOLERANCE = 1e-4
_OF_SCORES = 1e-2
#: Names under which there are scores.
_SCORES = frozenset(("dev", "history", "mean", "scores"))
_HALF_STEP = 2.0**-10
_DIGITS = 8


@dataclass(frozen=True)
class Revised:
    """A kind of run with its revision in the code.

    Attributes:
        name: Its name, as ``xadapt info`` has it.
        revision: The revision.
        file: The file that says it.
    """

    name: str
    revision: int
    file: str


def revised_kinds() -> dict[str, Revised]:
    """All kinds of xadapt itself that have a revision, by name; not those that a plugin or another test made known."""
    run_kinds.revisions()
    found = [Revised(kind.name, kind.revision, _file(kind.train)) for kind in run_kinds._KINDS.values()]
    for spec in all_specs():
        found.append(Revised(f"evaluate {spec.name}", spec.problem.revision, _file(spec.problem)))
    found.append(Revised("explain", explanation.REVISION, _file(explanation)))
    return {one.name: one for one in found if one.file.startswith("xadapt/")}


def _file(what: Any) -> str:
    path = Path(inspect.getsourcefile(what) or "").resolve()
    return path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else str(path)


class Measured:
    """The numbers as they are, measured whenever they are asked for."""

    def __init__(self, folder: Path) -> None:
        """Work in a folder."""
        self.folder, self.context = folder, kept_context(folder / "kept")
        #: By kind of training run, with the store that its runs are in.
        self.checkpoints: dict[str, tuple[Context, list[Checkpoint]]] = {}

    @cached_property
    def learning(self) -> Numbers:
        """What all kinds of training learn from."""
        return learning_numbers(self.context)

    def __getitem__(self, name: str) -> Numbers:
        context = in_new_store(self.context, Path(tempfile.mkdtemp(dir=self.folder)))
        if name == "explain":
            return as_stored(explanation_numbers(context))
        if name.startswith("evaluate "):
            return as_stored(evaluation_numbers(context, name.removeprefix("evaluate ")))
        made = run(context, name)
        self.checkpoints[name] = context, made
        numbers = training_numbers(made, self.learning, name == "low-rank-fusion")
        return as_stored({**numbers, "taught": taught_numbers(context)} if name == "distill" else numbers)


def as_stored(value: Any) -> Any:
    """Numbers as JSON gives them back, to eight digits."""
    if isinstance(value, dict):
        return {str(key): as_stored(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [as_stored(inner) for inner in value]
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def read_pins(file: Path = FILE) -> dict[str, Any]:
    """What was stored: library versions, and by kind its revision and its numbers."""
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"versions": {}, "kinds": {}}


def fault(kind: Revised, pins: dict[str, Any], numbers: Callable[[], Numbers]) -> str | None:
    """What is wrong with a kind, in one line, None if nothing is.

    Args:
        kind: The kind.
        pins: What was stored.
        numbers: Measures its numbers; not called where revisions alone say that something is wrong.
    """
    stored = pins["kinds"].get(kind.name)
    if stored is None:
        return f"{kind.name} in {kind.file} has no numbers yet: run {COMMAND}"
    if kind.revision < stored["revision"]:
        return f"the revision of {kind.name} in {kind.file} is below {stored['revision']}: raise it above that"
    if kind.revision > stored["revision"]:
        return f"the revision of {kind.name} in {kind.file} is {kind.revision} now: run {COMMAND}"
    found = numbers()
    first = next(differences(stored["numbers"], found), None)
    if first:
        return (
            f"numbers of {kind.name} changed: raise its revision in {kind.file} and run {COMMAND} "
            f"({first}{_other_versions(pins)})"
        )
    new = next(_new(stored["numbers"], found), None)
    return f"{new} of {kind.name} has no numbers yet: run {COMMAND}" if new else None


def _other_versions(pins: dict[str, Any]) -> str:
    now, then = library_versions(), pins["versions"]
    changed = [f"{name} {then.get(name)} then, {now[name]} now" for name in now if now[name] != then.get(name)]
    return "".join(f"; {one}" for one in changed)


def differences(stored: Any, found: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Where numbers differ by more than they may, in words; what there is only now is no difference."""
    if isinstance(stored, dict) and isinstance(found, dict):
        for key, value in stored.items():
            yield from differences(value, found.get(key), (*path, key))
    elif isinstance(stored, list) and isinstance(found, list) and len(stored) == len(found):
        for number, pair in enumerate(zip(stored, found, strict=True)):
            yield from differences(*pair, (*path, str(number)))
    elif not _near(stored, found, path):
        yield f"{' / '.join(path)}: {_short(stored)} then, {_short(found)} now"


def _near(stored: Any, found: Any, path: tuple[str, ...]) -> bool:
    if isinstance(stored, float) and isinstance(found, int | float):
        allowed = max(_TOLERANCE, _HALF_STEP * abs(stored)) if "weights" in path else _TOLERANCE
        allowed = _OF_SCORES if _SCORES & {*path[:-1]} else allowed
        return math.isclose(stored, found, rel_tol=0, abs_tol=allowed)
    return stored == found


def _short(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _new(stored: Any, found: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    if isinstance(stored, dict) and isinstance(found, dict):
        for key, value in found.items():
            if key in stored:
                yield from _new(stored[key], value, (*path, key))
            else:
                yield " / ".join((*path, key))
