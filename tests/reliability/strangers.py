"""What a stranger writes where a name is expected."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from xadapt.store.checkpoints import open_checkpoint, write_record


def calling(mark: Path) -> list[str]:
    """Names that make a file where they are taken for Python, a shell's words or a path."""
    # No folder's name has a slash and no module's a full stop: a head that is really there says it in another way.
    command = f"touch {mark}".encode().hex()
    return [
        f'x"+str(getattr(__import__("os"),"system")(getattr(bytes,"fromhex")("{command}")))+"',
        f'x");getattr(__import__("os"),"system")("touch {mark.name}',
        f'x");getattr(__import__("os"),"system")("touch {mark}',
        f"x');getattr(__import__('os'),'system')('touch {mark}",
        f"{{__import__('os').system('touch {mark}')}}",
        f"$(touch {mark})",
        f"`touch {mark}`",
        f"x; touch {mark} #",
        f"x\ntouch {mark}",
        str(mark),
        f"../../../../../../../..{mark}",
    ]


#: The same without a file of their own: paths, markup, sequences of a terminal, and what a setup is written with.
ODD = (
    *("..", ".", "", "a/b", "a\\b", "C:x", "a\x00b", "a\x1b[2J", "a\u202eb", "a,b", "a b", "<b>a</b>", "=1+1", "-a"),
    "a" * 300,
)


def with_head(folder: Path, name: str, **changes: Any) -> None:
    """Give the head of a checkpoint another name, in its record and on the disk where a disk takes it."""
    checkpoint = open_checkpoint(folder)
    (old,) = checkpoint.record.heads
    # The name of another place is taken as it is, and no file has some of the others.
    if not name.startswith(("/", "..")):
        with suppress(OSError, ValueError):
            (folder / "heads" / old).rename(folder / "heads" / name)
    record = checkpoint.record.model_copy(update={"heads": [name], **changes})
    write_record(folder, record, "# a card")


def change_json(path: Path, **changes: Any) -> None:
    """Change keys of a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
