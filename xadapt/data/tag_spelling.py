"""Tags as files write them, and the labels that they mean."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from xadapt.errors import DataFault, quoted
from xadapt.metrics.tag_sets import clean_tag, read_tag_set

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from xadapt.data.files import RawTable

#: Labels that a message lists.
_SHOWN = 12


def table_tags(table: RawTable, column: str) -> Iterator[tuple[int, int, str]]:
    """The tags of a column that are words, each with the index of its row and its index in it."""
    top, *path = column.split(".")
    for number, row in enumerate(table.rows):
        tags: Any = row.get(top)
        for key in path:
            tags = tags.get(key) if isinstance(tags, dict) else None
        for index, tag in enumerate(tags if isinstance(tags, list) else ()):
            if isinstance(tag, str):
                yield number, index, tag


def tag_meanings(tags: Iterable[str], labels: Collection[str]) -> dict[str, str]:
    """The labels that tags mean which are spelled otherwise, as ``B_PER``, ``b-per`` or ``0`` for ``B-PER`` and ``O``.

    Args:
        tags: All tags of a file.
        labels: The labels.

    Returns:
        Tag to label, of those tags that are no label and mean exactly one.
    """
    strange = [tag for tag in dict.fromkeys(tags) if tag not in labels]
    if not strange:
        return {}
    there = read_tag_set(map(clean_tag, tags))
    usual = [(meant.casefold(), label) for label, meant in read_tag_set(labels).standard.items()]
    counts = Counter(meant for meant, _ in usual)
    by_usual = {meant: label for meant, label in usual if counts[meant] == 1}
    cleaned = {tag: clean_tag(tag) for tag in strange}
    found = {tag: by_usual.get(there.standard.get(clean, "").casefold(), "") for tag, clean in cleaned.items()}
    return {
        tag: clean if clean in labels else found[tag] for tag, clean in cleaned.items() if clean in labels or found[tag]
    }


def meaning_note(where: str, meanings: Mapping[str, str]) -> str:
    """What a user is told of tags that are read as other labels, "" where none is worth a word."""
    changed = {tag: label for tag, label in meanings.items() if clean_tag(tag) != label}
    shown = [f"{quoted(tag)} as {quoted(label)}" for tag, label in list(changed.items())[:3]]
    return (
        f"{where}: tags are read otherwise than written: {', '.join(shown)}{' …' * (len(changed) > 3)}" if shown else ""
    )


def check_tags(table: RawTable, column: str, labels: Collection[str], where: str) -> dict[str, str]:
    """Check that all tags of a file are labels, or are spelled otherwise and mean one.

    Args:
        table: The file's rows.
        column: The column of tags.
        labels: The labels.
        where: What an error names.

    Returns:
        Tag to label, of those that are spelled otherwise.

    Raises:
        DataFault: If a tag is no label; names its line or its row.
    """
    tags = dict.fromkeys(tag for _, _, tag in table_tags(table, column))
    meanings = tag_meanings(tags, labels)
    strange = {tag for tag in tags if tag not in labels and tag not in meanings}
    if strange:
        number, index, tag = next(found for found in table_tags(table, column) if found[2] in strange)
        shown = ", ".join(list(labels)[:_SHOWN]) + " …" * (len(labels) > _SHOWN)
        what = f"tag {quoted(tag)} is not one of {shown}: correct it, or declare it in labels"
        raise DataFault(where, f"{table.place(number, index)}: {what}", ", ")
    return meanings
