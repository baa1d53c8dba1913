"""Store the numbers of every kind of run with its revision: ``python -m tests.pin_revisions``.

Nothing is written while a kind has other numbers under the revision that it had. Other versions of the libraries are
a part of every hash and may change numbers without a new revision. To change what is pinned of a kind, and not what it
makes, delete its entry from the file first.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import tests.conftest  # noqa: F401 - what holds for tests holds here
from tests.revisions.pinned import FILE, Measured, Revised, differences, fault, read_pins, revised_kinds
from xadapt.store.files import atomic_write_bytes
from xadapt.store.versions import library_versions


class Numbered(Protocol):
    """Gives the numbers of a kind."""

    def __getitem__(self, name: str) -> Any: ...


def pin(file: Path, kinds: Mapping[str, Revised], measured: Numbered) -> list[str]:
    """Write what the kinds make now, unless one must have another revision for it.

    Args:
        file: The file of numbers.
        kinds: All kinds.
        measured: Their numbers.

    Returns:
        Why nothing was written, a line a kind; empty when it was.
    """
    pins, made, refused = read_pins(file), {}, []
    others = pins["versions"] != library_versions()
    for name, kind in sorted(kinds.items()):
        numbers, before = measured[name], pins["kinds"].get(name)
        same = before is not None and kind.revision == before["revision"]
        changed = same and any(differences(before["numbers"], numbers))
        lowered = before is not None and kind.revision < before["revision"]
        if lowered or (changed and not others):
            refused.append(_why(kind, pins, numbers))
        # What did not change is left as it is, digit by digit.
        kept = _kept(before["numbers"], numbers) if same and not changed else numbers
        made[name] = {"revision": kind.revision, "numbers": kept}
    if not refused:
        text = _written({"versions": library_versions(), "kinds": made})
        atomic_write_bytes(file, text.encode())
    return refused


def _why(kind: Revised, pins: dict[str, Any], numbers: Any) -> str:
    return str(fault(kind, pins, lambda: numbers))


def _kept(before: Any, now: Any) -> Any:
    if isinstance(before, dict) and isinstance(now, dict):
        return {key: _kept(before[key], value) if key in before else value for key, value in now.items()}
    return before


def _written(value: Any, indent: int = 0) -> str:
    if not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    space = " " * indent
    lines = ",\n".join(f"{space} {json.dumps(key)}: {_written(inner, indent + 1)}" for key, inner in value.items())
    return f"{{\n{lines}\n{space}}}" + ("\n" if not indent else "")


def main() -> int:
    """Pin all kinds; returns the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        refused = pin(FILE, revised_kinds(), Measured(Path(folder)))
    print("\n".join(refused) or f"{FILE.name} is written")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
