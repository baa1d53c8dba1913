"""Records that cannot be read: a command that does not need them goes on without, and says so in one line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

Read = TypeVar("Read")


@dataclass
class LeftOut:
    """Records that were passed over.

    Attributes:
        say: Called with a line about those that are new.
        faults: By file, what is wrong with it.
    """

    say: Callable[[str], object] = field(default=lambda text: None)
    faults: dict[Path, str] = field(default_factory=dict)

    def whole(self, paths: Iterable[Path], read: Callable[[Path], Read]) -> list[Read]:
        """Read those files of several that can be read."""
        found, new = [], []
        for path in paths:
            try:
                found.append(read(path))
            except (XadaptError, OSError) as error:
                fault = str(error)
                if self.faults.get(path) != fault:
                    new.append(fault)
                self.faults[path] = fault
            else:
                self.faults.pop(path, None)
        if new:
            count = "1 record" if len(new) == 1 else f"{len(new)} records (`xadapt store check` names all)"
            self.say(f"left out {count}: {new[0]}")
        return found
