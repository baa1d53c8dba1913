"""A label as files write it: in words, as a number, or as a mark that there is none."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any

#: A row that has no gold label, as the hub writes it.
UNLABELLED = -1
#: What says that there is no label, in lower case: ``-`` is SNLI's, others are what pandas and spreadsheets write.
_MARKS = frozenset(("", "-", "--", "?", "nan", "n/a", "#n/a", "<na>"))
#: What mostly says so, and is a class of some data sets, such as stance detection.
_UNSURE_MARKS = frozenset(("na", "none", "null"))
_WHOLE = re.compile(r"[-+]?\d{1,18}(\.0*)?")


def is_mark(value: Any) -> bool:
    """Whether a value says that there is no label, where no label is called so; -1 is a number, and not looked at."""
    if value is None or isinstance(value, float):
        return value is None or math.isnan(value)
    return str(value).strip().casefold() in _MARKS | _UNSURE_MARKS


def may_be_class(mark: str) -> bool:
    """Whether a mark is the name of a class in some data sets."""
    return mark.strip().casefold() in _UNSURE_MARKS


def whole(value: Any) -> Any:
    """A whole number that is written as one, with a point or without, as an ``int``; anything else as it is."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value.strip().partition(".")[0])
    return value


def meant(value: Any, meanings: Mapping[Any, Any]) -> Any:
    """What a task says that a label means; blanks around it and the form of a number do not matter.

    Args:
        value: The label.
        meanings: What values mean.
    """
    if not meanings or not isinstance(value, Hashable):
        return value
    # In Python True equals 1, which may mean something else.
    given = str(value).lower() if isinstance(value, bool) else value
    for form in (given, given.strip() if isinstance(given, str) else given, whole(given)):
        if form in meanings:
            return meanings[form]
    return value


def named_as(word: str, labels: Sequence[str]) -> str | None:
    """The label of a name, or the only one that differs from it in no more than :func:`folded` leaves out."""
    if word in labels:
        return word
    alike = [label for label in labels if folded(label) == folded(word)]
    return alike[0] if len(alike) == 1 else None


@lru_cache(maxsize=4096)
def folded(word: str) -> str:
    """A label without what the eye may overlook: case, blanks, characters of no width, ways to compose a character."""
    seen = "".join(c for c in unicodedata.normalize("NFKC", word) if unicodedata.category(c) != "Cf")
    return " ".join(seen.casefold().split())


def read_label(value: Any, names: Sequence[str], spelled: Mapping[str, str]) -> Any:
    """The index of a label.

    Args:
        value: What a row has, after :func:`meant`.
        names: What the file's whole numbers mean; empty where they are indices of something else.
        spelled: The data set's spelling of each label to the task's, in the task's order; empty where there are no
            labels in words.

    Returns:
        The index, :data:`UNLABELLED` where there is no label, and what cannot be read as it is.
    """
    labels = list(spelled.values())
    if isinstance(value, str):
        spelling, word = named_as(value.strip(), list(spelled)), named_as(value.strip(), labels)
        label = spelled[spelling] if spelling is not None else word
        if label is not None:
            return labels.index(label)
    if is_mark(value):
        return UNLABELLED
    number = value if isinstance(value, bool) else whole(value)
    known = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < len(names)
    return labels.index(names[number]) if known and names[number] in labels else number


def read_number(value: Any) -> Any:
    """A score: a number that is written as text too, not a number (NaN) where there is none, else what is there."""
    if is_mark(value):
        return math.nan
    try:
        # Python takes 1_0 for a number.
        return float(value) if isinstance(value, str) and "_" not in value else value
    except ValueError:
        return value
