"""Sentence boundaries by rule, for contexts whose data set does not give them."""

from __future__ import annotations

import re

# Marks that end a sentence when a space follows; marks that end it whatever follows; and line ends.
_CLOSING = "\"'”’»)\\]"
_ENDS = re.compile(
    rf"(?P<spaced>[.!?…]+[{_CLOSING}]*(?=\s))|[。！？｡]+[{_CLOSING}」』）]*|[।॥؟۔។။።\u037e]+[{_CLOSING}]*|[\n\r]+"
)
# An initial or an abbreviation, after which a stop ends nothing.
_SHORT = re.compile(r"(?<![\w.])([^\W\d_]|mrs?|ms|dr|prof|st|jr|sr|vs|etc|e\.g|i\.e|inc|ltd|co|cf)$", re.IGNORECASE)
_LONGEST_SHORT = 8
#: Thai and Lao end sentences with a space and use spaces elsewhere too.
_WITHOUT_STOPS = re.compile(r"[\u0e00-\u0eff]")
#: Characters after which a space ends a sentence there: it gives as many sentences as XQuAD-R has in Thai.
_SHORTEST = 190


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Split a text into sentences.

    A stop ends a sentence unless a small letter comes next, or it follows an initial or a common abbreviation.

    Args:
        text: A paragraph in any language.

    Returns:
        First character and last character + 1 of each sentence, in order. They do not overlap, and what is between
        them is white space.
    """
    breaks = []
    start = 0
    for match in _ENDS.finditer(text):
        if match.group("spaced") and not _ends(text, match):
            continue
        breaks += _pieces(text, start, match.end())
        start = match.end()
    return breaks + _pieces(text, start, len(text))


def _ends(text: str, match: re.Match[str]) -> bool:
    after = text[match.end() :].lstrip()
    if after[:1].islower():
        return False
    before = text[max(0, match.start() - _LONGEST_SHORT) : match.start()]
    return match.group() != "." or not _SHORT.search(before)


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The sentence between two ends without the space around it, cut at spaces where the script has no stops."""
    stripped = text[start:end].strip()
    if not stripped:
        return []
    start = text.index(stripped, start)
    end = start + len(stripped)
    if 2 * len(_WITHOUT_STOPS.findall(stripped)) < len(stripped):
        return [(start, end)]
    pieces = []
    at = start
    for space in re.finditer(r"\s+", stripped):
        if start + space.start() - at >= _SHORTEST and len(stripped) - space.end() >= _SHORTEST // 2:
            pieces.append((at, start + space.start()))
            at = start + space.end()
    return [*pieces, (at, end)]
