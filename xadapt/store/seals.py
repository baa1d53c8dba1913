"""A digest inside a record, of all the rest of it, so that a record that was changed is known."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from xadapt.store.files import sha256_json

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The field that has it.
DIGEST = "digest"
_COMMENT = f"# {DIGEST}: "
_CHANGED = f"was changed or is damaged (its {DIGEST!r} is of something else)"


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
    return "" if stored[DIGEST] == _digest(rest) else _CHANGED


def sealed_text(text: str) -> str:
    """A text of lines, such as YAML, with its digest in a comment above it."""
    return f"{_COMMENT}{_text_digest(text)}\n{text}"


def text_fault(text: str) -> str:
    """Compare a text with the digest above it; an older one has none.

    Returns:
        What is wrong, "" if nothing is.
    """
    first, _, rest = text.partition("\n")
    whole = not first.startswith(_COMMENT) or first[len(_COMMENT) :] == _text_digest(rest)
    return "" if whole else _CHANGED


def _text_digest(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()


def _digest(stored: Mapping[str, Any]) -> str:
    # Once written and read a tuple is a list, and a number that was a key is a text.
    return sha256_json(json.loads(json.dumps(stored)))
