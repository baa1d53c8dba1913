"""JSON from outside, read within limits: what is too deep, too long or said twice is one line and no traceback."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from xadapt.errors import XadaptError, quoted, reason_of

#: Objects and lists inside of each other; what people and programs write has a dozen.
DEEPEST = 100
#: Digits of a whole number; 64 bits have 19.
MOST_DIGITS = 100
#: Characters of a text that is read at once.
LONGEST = 1 << 28
#: A text is one piece, so that brackets in it do not count; one that is never closed ends where all ends, without a
#: second look at it.
_PIECE = re.compile(r'"(?:[^"\\]+|\\.)*"?|[\[\]{}]', re.DOTALL)


class NotJson(XadaptError):
    """A text that is no JSON, or JSON that nobody should read; the message is what is wrong, without where."""


def read_json_text(text: str) -> Any:
    """Read JSON.

    Args:
        text: The text. ``NaN`` and ``Infinity`` are read, as Python writes them.

    Raises:
        NotJson: If it is not JSON, names a key of an object twice, nests deeper than 100, has a whole number of more
            than 100 digits, or is longer than 256 Mi characters.
    """
    if len(text) > LONGEST:
        raise NotJson(f"too long ({len(text):,} characters, {LONGEST:,} at most)")
    _check_depth(text)
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        line = f", line {error.lineno}" if error.lineno > 1 else ""
        raise NotJson(f"not JSON ({error.msg}{line}, character {error.colno})") from None
    except (ValueError, RecursionError) as error:
        raise NotJson(f"not JSON ({reason_of(error)})") from None


def _check_depth(text: str) -> None:
    # Most texts have fewer brackets than may be inside of each other.
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    depth = 0
    for piece in _PIECE.finditer(text):
        first = piece[0][0]
        depth += (first in "[{") - (first in "]}")
        if depth > DEEPEST:
            raise NotJson(f"nested too deeply (more than {DEEPEST} levels)")


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise NotJson(f"a whole number has {len(digits):,} digits, {MOST_DIGITS} at most")
    return int(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise NotJson(f"{quoted(twice)} is given twice in an object: keep one")
    return made


_DECODER = json.JSONDecoder(parse_int=_whole, object_pairs_hook=_object)
