"""The labels of a user's own task: taken from its rows where they are left out, and compared with all of its rows."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from xadapt.data.columns import values_of
from xadapt.data.labels import folded, is_mark, may_be_class, meant, named_as, read_number, whole
from xadapt.data.own_task_file import Declaration, check_labels, forms
from xadapt.data.shared_rows import TRIAL
from xadapt.errors import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xadapt.data.files import RawTable
    from xadapt.display import Say
    from xadapt.yaml_files import YamlFile

#: A table with what an error calls it.
Named = tuple[str, "RawTable"]
#: Values that a message lists.
_SHOWN = 4
#: What stands between labels where a row has several.
_JOINED = re.compile(r"\s*[,;|+&/]\s*")
#: Labels that a file may have without anybody wondering.
_MANY = 50


@dataclass(frozen=True)
class _Words:
    """The labels of a file, in words; empty where there is none.

    Attributes:
        part: ``train``, ``dev`` or ``test``.
        where: The file.
        words: One a row.
        settled: Whether the declaration says what the value means, one a row.
    """

    part: str
    where: str
    words: list[str]
    settled: list[bool]


def with_labels(file: YamlFile, declared: Declaration, parts: Mapping[str, Sequence[Named]], say: Say) -> Declaration:
    """Take labels that are left out from the training rows, check every row's, and list how files may write each.

    Args:
        file: The declaration's file.
        declared: The declaration, of a kind with one label a row.
        parts: The tables of ``train``, ``dev`` and ``test``.
        say: Called with each note.

    Raises:
        XadaptError: If labels are unclear, or a row has one that the task does not have; names file and line.
    """
    column = str(declared.column(declared.spec.label_field))
    named = [names for tables in parts.values() for _, table in tables if (names := table.names.get(column))]
    words = [
        _words(declared, part, where, table)
        for part, tables in parts.items()
        for where, table in tables
        if not table.names.get(column)
    ]
    if named:
        # A file that names its numbers names all labels, in its own order.
        labels = declared.labels or named[0]
        check_labels(file, declared, labels)
        declared = declared.model_copy(update={"labels": labels})
        _check(file, declared, words, say)
        return declared
    learnt = [found for found in words if found.part == "train"]
    labels = declared.labels or _found(file, learnt)
    check_labels(file, declared, labels)
    declared = _with_forms(declared, labels)
    _check(file, declared, words, say)
    seen = {label for found in learnt for label in _read(found, labels)}
    unseen = [label for label in labels if label not in seen]
    if learnt and unseen:
        say(f"no training row has the label {_listed(unseen)}")
    dev = {label for found in words if found.part == "dev" for label in found.words if label}
    if len(dev) == 1 and sum(len(found.words) for found in words if found.part == "dev") > TRIAL:
        say(f"all dev rows have the label {_listed([*dev])}, and choose no checkpoint by it")
    return declared


def _words(declared: Declaration, part: str, where: str, table: RawTable) -> _Words:
    field = declared.spec.label_field
    meanings = declared.task().values.get(field, {})
    words, settled = [], []
    for value in values_of(table, declared.column(field)):
        meaning = meant(value, meanings)
        settled.append(meaning is not value)
        words.append("" if settled[-1] and str(meaning) == "-1" else _word(meaning))
    return _Words(part, where, words, settled)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None or value != value else str(whole(value)).strip()  # noqa: PLR0124 - NaN is no label


def _found(file: YamlFile, learnt: Iterable[_Words]) -> list[str]:
    counts = Counter(word for found in learnt for word in found.words if word)
    words = [word for word in counts if not is_mark(word)]
    if "-1" in words and not all(isinstance(whole(word), int) for word in words):
        words.remove("-1")
    unclear = _unclear(counts, words)
    if unclear:
        raise file.fault(["labels"], f"they are missing, and {unclear}")
    return sorted(words, key=lambda word: (*_as_number(word), word))


def _unclear(counts: Counter[str], words: Sequence[str]) -> str | None:
    """Why the words of training rows cannot be taken for labels, None if they can."""
    numbers = [number for word in words if isinstance(number := whole(word), int)]
    fractions = [word for word in words if isinstance(read_number(whole(word)), float)]
    if fractions and len(numbers) + len(fractions) == len(words):
        return f"{quoted(fractions[0])} is a number with a fraction: list the labels, or take problem: pair-regression"
    if numbers and len(numbers) < len(words):
        word = next(word for word in words if not isinstance(whole(word), int))
        return (
            f"rows have words ({quoted(word)}) and numbers ({numbers[0]}): list them, and say by values which is which"
        )
    places = len(numbers) > 1 and sorted(numbers) == list(range(-1, len(numbers) - 1))
    unsure = [word for word in counts if is_mark(word) and may_be_class(word)] + ["-1"] * places
    if unsure:
        rows = f"{counts[unsure[0]]:,} of {counts.total():,} rows"
        return f"{unsure[0]!r} ({rows}) may be one or say that there is none: list the labels, with it or without it"
    several = next((word for word in words if _is_several(word, words)), None)
    if several is not None:
        return f"{quoted(several)} is several labels at once: give each row one, or list the labels"
    if len(words) > max(_MANY, counts.total() // 2):
        rows = f"{len(words):,} of {counts.total():,} rows"
        return f"{rows} have one of their own: name the column of labels in columns, or list the labels"
    alike: dict[str, str] = {}
    for word in words:
        twin = alike.setdefault(folded(word), word)
        if twin != word:
            return f"{quoted(twin)} and {quoted(word)} look alike: list the labels, with one of them"
    return None


def _is_several(word: str, words: Sequence[str]) -> bool:
    parts = _JOINED.split(word)
    return len(parts) > 1 and all(part in words for part in parts)


def _with_forms(declared: Declaration, labels: list[str]) -> Declaration:
    field = declared.spec.label_field
    numbers = {label: label for label in labels if len(list(forms(label))) > 1}
    declared = declared.model_copy(update={"labels": labels})
    if not numbers:
        return declared
    # Where labels look like numbers, 1 is the label "1" and never the second of the labels.
    meanings = {**numbers, **declared.values.get(field, {})}
    return declared.model_copy(update={"values": {**declared.values, field: meanings}})


def _check(file: YamlFile, declared: Declaration, tables: list[_Words], say: Say) -> None:
    labels = declared.labels or []
    # Labels in words have places, which numbers may name.
    places = [] if any(isinstance(whole(label), int) for label in labels) else [str(n) for n in range(len(labels))]
    given = {word for found in tables for word, settled in _pairs(found) if word and not settled}
    strange = {word for found in tables for word in {*found.words} if word and not _fits(word, labels, places)}
    numbers = sorted(number for word in given if isinstance(number := whole(word), int))
    if places and (wrong := _misplaced(numbers, len(labels))):
        example = ", ".join(f"{number}: {label}" for number, label in zip(numbers, labels, strict=False))
        what = f"rows have {wrong}; as places of labels they count from 0 to {len(labels) - 1}, and -1 is no label"
        raise file.fault(["labels"], f"{what}: say by values what each means, such as values: {{label: {{{example}}}}}")
    valid = ", ".join(labels) + f" (0 to {len(labels) - 1})" * bool(places)
    for found in tables:
        for number, word in enumerate(found.words):
            if word in strange:
                what = f"{found.where}, row {number}: label {quoted(word)} is not one of {valid}"
                raise file.fault([found.part], f"{what}: {_advice(declared, strange, labels)}")
    recased = sorted({(word, label) for word in given if (label := named_as(word, labels)) not in (None, word)})
    for word, label in recased[:_SHOWN]:
        say(f"the label {quoted(word)} is read as {quoted(label)}")


def _pairs(found: _Words) -> Iterable[tuple[str, bool]]:
    return zip(found.words, found.settled, strict=True)


def _fits(word: str, labels: list[str], places: list[str]) -> bool:
    return named_as(word, labels) is not None or word in places or is_mark(word) or word == "-1"


def _misplaced(numbers: list[int], count: int) -> str | None:
    """The numbers of rows, where they cannot be places of so many labels and would be with another beginning."""
    shown = ", ".join(map(str, numbers))
    if numbers and numbers[0] > 0 and numbers[-1] >= count and len(numbers) <= count:
        return shown
    # With -1 a class, the last place has no row; with -1 no label, it has.
    as_class = -1 in numbers and 1 < len(numbers) <= count and not {0, count - 1} <= set(numbers)
    return shown if as_class else None


def _advice(declared: Declaration, strange: set[str], labels: list[str]) -> str:
    field = declared.spec.label_field
    near = {word: get_close_matches(word, labels, n=1) or ["…"] for word in sorted(strange)[:_SHOWN]}
    example = ", ".join(f"{quoted(word)}: {label[0]}" for word, label in near.items())
    return f"say by values what it means, or -1 for no label, such as values: {{{field}: {{{example}}}}}"


def _read(found: _Words, labels: list[str]) -> set[str]:
    words = set(found.words)
    read = {named_as(word, labels) or "" for word in words}
    return read | {labels[int(word)] for word in words if word.isdecimal() and int(word) < len(labels)}


def _listed(values: Sequence[str]) -> str:
    return ", ".join(map(quoted, values[:_SHOWN])) + ", …" * (len(values) > _SHOWN)


def unlabelled_note(where: str, values: Sequence[Any], rows: int) -> str:
    """The note on rows that are left out because they have no label.

    Args:
        where: The file.
        values: What they have in its place.
        rows: All rows of the file.
    """
    marks = _listed(list(dict.fromkeys(str(value).strip() for value in values if value is not None)))
    return f"{where}: {len(values):,} of {rows:,} rows have no label{f' ({marks})' if marks else ''} and are left out"


def _as_number(label: str) -> tuple[bool, float]:
    number = next((form for form in forms(label) if isinstance(form, float)), None)
    return number is None, number or 0.0
