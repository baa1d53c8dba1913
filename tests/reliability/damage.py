"""Ways in which a file of a store is damaged, drawn at random from a seed."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from xadapt.store.seals import DIGEST, sealed

#: Values to put in the place of others; None is left out, which many fields may be.
_OTHERS: tuple[Any, ...] = (7, 1.5, True, "x", ["x"], {"x": 1}, [], {}, -1, [[]], "\x1b[31m", "../../x")


@dataclass(frozen=True)
class Damage:
    """What was done to a store.

    Attributes:
        kind: How, a key of :data:`KINDS`.
        path: To which file, inside of the store.
        found: Whether a check must find it.
        gone: Whether commands cannot know that something was there.
    """

    kind: str
    path: str
    found: bool
    gone: bool


def damage(root: Path, kind: str, dice: random.Random) -> Damage:
    """Damage one file of a store; what is only for people, and what is computed again, is left alone."""
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and _counts(path, root)]
    if kind in RECORDS:
        files = [path for path in files if path.suffix == ".json" and DIGEST in _json(path)]
    if kind == "a file for its folder":
        files = [path for path in files if path.parent != root]
    path = dice.choice(files)
    before = path.read_bytes()
    KINDS[kind](path, dice, files)
    name = path.relative_to(root).as_posix()
    room, gone = name.split("/")[0], not path.exists()
    harmless = kind in ("junk beside", "no rights") or _silent(path, before)
    # Of what is gone only that is missed which something else tells of.
    missed = room in ("runs", "predictions") or kind == "a file for its folder"
    return Damage(kind, name, not harmless and (missed or not gone), gone or kind == "no rights")


def _counts(path: Path, root: Path) -> bool:
    return path.name != "README.md" and path.relative_to(root).parts[0] not in ("cache", "partial", "reports")


def _silent(path: Path, before: bytes) -> bool:
    """Whether a file says the same as before, such as with another white space in JSON."""
    if not path.is_file():
        return False
    try:
        now = path.read_bytes()
        return now == before or (path.suffix == ".json" and json.loads(now) == json.loads(before))
    except (OSError, ValueError, RecursionError):
        return False


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except ValueError:
        return {}


def _flip(path: Path, dice: random.Random, files: list[Path]) -> None:
    data = bytearray(path.read_bytes())
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    path.write_bytes(data)


def _bytes(path: Path, dice: random.Random, files: list[Path]) -> None:
    data = bytearray(path.read_bytes())
    start = dice.randrange(len(data))
    data[start : start + dice.randrange(1, 64)] = dice.randbytes(dice.randrange(1, 64))
    path.write_bytes(data)


def _cut(path: Path, dice: random.Random, files: list[Path]) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: dice.randrange(len(data))])


def _empty(path: Path, dice: random.Random, files: list[Path]) -> None:
    path.write_bytes(b"")


def _garbage(path: Path, dice: random.Random, files: list[Path]) -> None:
    path.write_bytes(dice.randbytes(len(path.read_bytes())))


def _swap(path: Path, dice: random.Random, files: list[Path]) -> None:
    alike = [other for other in files if other != path and other.name == path.name] or files
    other = dice.choice(alike)
    mine, theirs = path.read_bytes(), other.read_bytes()
    path.write_bytes(theirs)
    other.write_bytes(mine)


def _delete(path: Path, dice: random.Random, files: list[Path]) -> None:
    path.unlink()


def _folder(path: Path, dice: random.Random, files: list[Path]) -> None:
    path.unlink()
    path.mkdir()


def _link(path: Path, dice: random.Random, files: list[Path]) -> None:
    target = dice.choice(["nowhere", path.name, "/etc/hostname", "..", str(dice.choice(files))])
    path.unlink()
    path.symlink_to(target)


def _file_for_folder(path: Path, dice: random.Random, files: list[Path]) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_bytes(dice.randbytes(20))


def _field(path: Path, dice: random.Random, files: list[Path], seal: bool = False, drop: bool = False) -> None:
    stored = _json(path)
    inside = stored
    keys = [key for key in inside if key != DIGEST]
    key = dice.choice(keys)
    if drop:
        del inside[key]
    else:
        inside[key] = dice.choice([one for one in _OTHERS if type(one) is not type(inside[key])])
    if seal:
        stored = sealed({name: value for name, value in stored.items() if name != DIGEST})
    path.write_text(json.dumps(stored))


def _inner_field(path: Path, dice: random.Random, files: list[Path]) -> None:
    """Another value, of any type, anywhere in a record."""
    stored = _json(path)
    inside: Any = stored
    while True:
        key = dice.choice(list(inside) if isinstance(inside, dict) else list(range(len(inside))))
        if not (isinstance(inside[key], dict | list) and inside[key] and dice.random() < 0.7):
            break
        inside = inside[key]
    inside[key] = dice.choice([one for one in _OTHERS if one != inside[key]])
    path.write_text(json.dumps(stored))


def _without_digest(path: Path, dice: random.Random, files: list[Path]) -> None:
    stored = _json(path)
    del stored[DIGEST]
    path.write_text(json.dumps(stored))


def _older_format(path: Path, dice: random.Random, files: list[Path]) -> None:
    path.write_text(json.dumps({**_json(path), "format": 1}))


def _deep(path: Path, dice: random.Random, files: list[Path]) -> None:
    path.write_text(dice.choice(["[" * 100_000, '{"a":' * 50_000, "1" * 6000, '{"run": ' + "9" * 6000 + "}"]))


def _junk(path: Path, dice: random.Random, files: list[Path]) -> None:
    name = dice.choice(["junk", "junk.json", ".junk", "a b.yaml", "ü.json", "-x", "x;y", "*", "\x1b[31m"])
    beside = dice.choice([path.parent, path.parent.parent]) / name
    if dice.random() < 0.3:
        beside.mkdir()
    else:
        beside.write_bytes(dice.randbytes(dice.randrange(40)))


def _mode(path: Path, dice: random.Random, files: list[Path]) -> None:
    dice.choice([path, path.parent]).chmod(0)


Way = Callable[[Path, random.Random, list[Path]], None]
#: By name, a way to damage a file.
KINDS: dict[str, Way] = {
    "a bit": _flip,
    "some bytes": _bytes,
    "cut": _cut,
    "empty": _empty,
    "garbage": _garbage,
    "swapped": _swap,
    "deleted": _delete,
    "a folder in its place": _folder,
    "a link in its place": _link,
    "a file for its folder": _file_for_folder,
    "a field of another type": _field,
    "a field of another type, sealed": partial(_field, seal=True),
    "a field less": partial(_field, drop=True),
    "another value inside": _inner_field,
    "no digest": _without_digest,
    "an older format": _older_format,
    "deep": _deep,
    "junk beside": _junk,
    "no rights": _mode,
}
#: Those that need a record with a digest.
RECORDS = tuple(name for name in KINDS if "field" in name or "digest" in name or "inside" in name or "format" in name)
