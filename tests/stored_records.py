"""Stored records that somebody changed, and sealed again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from xadapt.store.seals import DIGEST, sealed


def change_record(path: Path, **changes: Any) -> None:
    """Change fields of a record's file; one that had a digest has a right one afterwards."""
    stored = json.loads(path.read_text())
    rest = {key: value for key, value in stored.items() if key != DIGEST}
    path.write_text(json.dumps(sealed(rest | changes) if DIGEST in stored else rest | changes))
