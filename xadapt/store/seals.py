"""A digest inside a record, of all the rest of it, so that a record that was changed is known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from xadapt.store.files import sha256_json

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The field that has it.
DIGEST = "digest"


def sealed(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be stored, with its digest."""
    return {**stored, DIGEST: _digest(stored)}


def seal_fault(stored: Mapping[str, Any], needed: bool) -> str:
    """Compare what was read with its digest.

    Args:
        stored: What a JSON file holds.
        needed: Whether it must have one; one that is there is compared in any case.

    Returns:
        What is wrong, "" if nothing is.
    """
    if DIGEST not in stored:
        return f"lacks its {DIGEST!r}" if needed else ""
    rest = {key: value for key, value in stored.items() if key != DIGEST}
    return "" if stored[DIGEST] == _digest(rest) else f"was changed or is damaged (its {DIGEST!r} is of something else)"


def _digest(stored: Mapping[str, Any]) -> str:
    # Once written and read a tuple is a list, and a number that was a key is a text.
    return sha256_json(json.loads(json.dumps(stored)))
