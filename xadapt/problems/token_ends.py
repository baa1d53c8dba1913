"""Where the tokens of a text end, where the tokenizer composes several characters into one.

Its offsets then name the first of them alone: a decomposed Korean syllable would end behind its first letter.
"""

from __future__ import annotations

import unicodedata

import numpy as np

#: Makes a letter of an Indic consonant and a virama, such as Malayalam's chillus; elsewhere it is no part of a word.
_JOINER = "\u200d"
_VIRAMA = 9


def whole_ends(text: str, windows: list[np.ndarray]) -> list[np.ndarray]:
    """Move the ends of tokens behind the characters that were composed into them.

    Such characters are those right behind a token that no token covers and that part no words.

    Args:
        text: A text.
        windows: First character and last character + 1 of the text's tokens, int, shape (tokens, 2), a window each;
            together all tokens of the text.

    Returns:
        The same with their ends moved.
    """
    if text.isascii() or not windows:
        return windows
    offsets = np.concatenate(windows)
    opened, closed = (np.bincount(offsets[:, side], minlength=len(text) + 1) for side in (0, 1))
    bare = np.flatnonzero(np.cumsum(opened - closed)[:-1] == 0)
    ends = np.arange(len(text) + 1)
    # From the last on, so that the first of several has what all of them reach.
    for place in bare[::-1].tolist():
        if place and not parts_words(text, place):
            ends[place] = ends[place + 1]
    return [np.stack((window[:, 0], ends[window[:, 1]]), axis=1) for window in windows]


def parts_words(text: str, place: int) -> bool:
    """Whether the character at a place of a text is white space or invisible, and so no part of any word."""
    character = text[place]
    if character == _JOINER:
        return not place or unicodedata.combining(text[place - 1]) != _VIRAMA
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf")


def visible(text: str) -> tuple[int, int]:
    """First character and last character + 1 of a text without what parts words at its edges; equal where all does."""
    first, last = 0, len(text)
    while last > first and parts_words(text, last - 1):
        last -= 1
    while first < last and parts_words(text, first):
        first += 1
    return first, last
