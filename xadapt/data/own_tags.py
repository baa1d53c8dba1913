"""The tags of a user's own task: taken from its training rows where they are left out, and compared with all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xadapt.data.columns import values_of
from xadapt.data.own_task_file import Declaration, check_labels
from xadapt.data.tag_spelling import meaning_note, table_tags, tag_meanings
from xadapt.errors import DataFault, XadaptError, quoted
from xadapt.metrics.tag_sets import TagSet, clean_tag, read_tag_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xadapt.data.files import RawTable
    from xadapt.yaml_files import YamlFile

#: A table with what an error calls it.
Named = tuple[str, "RawTable"]
#: What tables and treebanks write where a tag is missing.
_MISSING = ("", "_", "-", "nan", "NaN", "None", "null", "NULL")
#: Brackets of CoNLL-2012, whose chunks have no letters.
_BRACKETS = re.compile(r"\(\S*\*\)?|\*\)+")
#: Two tags for one token.
_TWO = re.compile(r"[BIESLU]-.+[|,;+/&] ?([BIESLU]-.+|O)")
#: Metrics that take tags as they are, whatever they look like.
_AS_THEY_ARE = ("tokens", "pos")


def with_tags(file: YamlFile, declared: Declaration, parts: Mapping[str, Sequence[Named]]) -> Declaration:
    """Take tags that are left out from the training rows.

    Args:
        file: The declaration's file.
        declared: The declaration, of a kind with tags.
        parts: The tables of ``train``, ``dev`` and ``test``.

    Raises:
        XadaptError: If a tag is none or does not fit the others; names the line or the row.
    """
    column = str(declared.column(declared.spec.label_field))
    named = [names for tables in parts.values() for _, table in tables if (names := table.names.get(column))]
    labels = declared.labels
    if labels is None:
        # A file that names its numbers names all tags, in its own order.
        labels = named[0] if named else _found(file, declared, parts["train"])
        check_labels(file, declared, labels)
    return declared.model_copy(update={"labels": labels})


def tag_notes(declared: Declaration, where: str, table: RawTable) -> Iterator[str]:
    """What a user is told of a file's tags, each one line."""
    if declared.spec.tagged:
        tags = [tag for _, _, tag in table_tags(table, str(declared.column(declared.spec.label_field)))]
        note = meaning_note(where, tag_meanings(tags, declared.labels or ()))
        yield from (note,) if note else ()


def _found(file: YamlFile, declared: Declaration, train: Sequence[Named]) -> list[str]:
    column = str(declared.column(declared.spec.label_field))
    for where, table in train:
        for number, tags in enumerate(values_of(table, column)):
            if isinstance(tags, str):
                what = f"{where}, row {number}: its tags are text ({quoted(tags)}) and no list"
                raise file.fault(["train"], f"{what}: write lists as .jsonl or .parquet, or a token a line as .conll")
            if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
                what = f"they are missing, and {where}, row {number} has no tags in words"
                raise file.fault(["labels"], f"{what}: list them, in the order of their numbers")
    try:
        return sorted(_labels_of(train, column, declared.metric))
    except XadaptError as error:
        raise file.fault(["train"], error) from None


def _labels_of(tables: Sequence[Named], column: str, metric: str) -> set[str]:
    """The labels that rows have, as they are usually written."""
    tags: dict[str, int] = {}
    for _, table in tables:
        for _, _, tag in table_tags(table, column):
            tags[clean_tag(tag)] = tags.get(clean_tag(tag), 0) + 1
    found = read_tag_set(tags) if metric not in _AS_THEY_ARE else TagSet()
    labels = {tag: found.standard.get(tag, tag) for tag in tags}
    wrong = _wrong(tags, labels, found)
    if wrong:
        tag, what = wrong
        where, table = next(one for one in tables if any(clean_tag(t) == tag for _, _, t in table_tags(one[1], column)))
        number, index = next((n, i) for n, i, found in table_tags(table, column) if clean_tag(found) == tag)
        raise DataFault(where, f"{table.place(number, index)}: {what}", ", ")
    return set(labels.values())


def _wrong(tags: Mapping[str, int], labels: Mapping[str, str], found: TagSet) -> tuple[str, str] | None:
    """A tag that is no label by itself, and why."""
    missing = next((tag for tag in _MISSING if tag in tags), None)
    if missing is not None:
        return missing, f"{missing!r} is no tag: tag the token or take it out; if it is a tag, declare labels"
    bracket = next(filter(_BRACKETS.fullmatch, tags), None)
    if bracket is not None:
        return (
            bracket,
            f"{quoted(bracket)} is a bracket of CoNLL-2012: write B-, I- and O; if it is a tag, declare labels",
        )
    two = next(filter(_TWO.fullmatch, tags), None) if found.scheme else None
    if two is not None:
        return two, f"{quoted(two)} is two tags: keep one a token; if it is one, declare labels"
    unpaired = _unpaired(tags, found)
    if found.odd or unpaired:
        odd = min(found.odd or unpaired, key=lambda tag: tags[tag])
        like = ", ".join(list(found.standard)[:3]) if found.scheme else "most others"
        return odd, (
            f"tag {quoted(odd)} ({tags[odd]} of {sum(tags.values())}) does not fit {like}: correct it, "
            "or declare labels and a metric"
        )
    seen: dict[str, str] = {}
    for tag, label in labels.items():
        other = seen.setdefault(label.casefold(), tag)
        if labels[other] != label:
            rarer, usual = sorted((tag, other), key=lambda one: tags[one])
            return (
                rarer,
                f"tags {quoted(rarer)} and {quoted(usual)} differ in case only: correct one, or declare labels",
            )
    return None


def _unpaired(tags: Mapping[str, int], found: TagSet) -> list[str]:
    """Tags that make a scheme of another, where far fewer entities end by it than begin, or begin than end."""
    ends = {"IOBES": ("E", "ES"), "BILOU": ("L", "LU")}.get(found.scheme)
    if not ends:
        return []
    counts = {
        place: sum(tags[tag] for tag, usual in found.standard.items() if usual[0] == place) for place in "B" + ends[0]
    }
    begun, ended = counts["B"], counts[ends[0]]
    few = ends[1] if 2 * ended < begun else "B" if 2 * begun < ended else ""
    return [tag for tag, usual in found.standard.items() if usual[0] in few]
