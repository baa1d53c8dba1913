"""Which column of tagged sentences holds the tokens, and which the tags."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from xadapt.data.tagged_lines import Line, width_of
from xadapt.errors import DataFault, quoted
from xadapt.metrics.tag_sets import read_tag_set

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TOKENS, TAGS = "tokens", "tags"
#: What a first line calls them.
_TOKEN_NAMES = ("token", "tokens", "word", "words", "form")
_TAG_NAMES = ("tag", "tags", "label", "labels", "ner", "ner_tag", "ner_tags", "pos", "pos_tag", "pos_tags", "upos")
#: What it calls the number of a sentence, in letters only.
_SENTENCE_NAMES = ("sentence", "sentenceid", "sentenceno", "sentencenumber", "sent", "sentid", "sentno")
#: A word of CoNLL-U, a range of words (``1-2``) or one that nobody said (``1.1``).
_ID = re.compile(r"\d+([-.]\d+)?")
#: Columns of CoNLL-U: how many, and the indices of words and of their universal parts of speech.
_CONLLU, _FORM, _UPOS = 10, 1, 3
#: Stands where CoNLL-U has nothing.
_NOTHING = "_"
_ADVICE = "name columns by their numbers, as in `columns: {tokens: 2, tags: 3}`"


@dataclass(frozen=True)
class Columns:
    """What is read from which column.

    Attributes:
        lines: The lines with tokens.
        names: All columns that there are, by name.
        read: Those that are read, by the index of their cell.
        note: What a user should know of the choice, "" for nothing.
    """

    lines: list[Line]
    names: list[str]
    read: dict[str, int]
    note: str = ""


@dataclass(frozen=True)
class _Table:
    path: Path
    lines: list[Line]
    head: list[str]
    width: int
    conllu: bool

    def fault(self, line: Line, what: str) -> DataFault:
        return DataFault(self.path, f"line {line.number}: {what}", ", ")

    def column(self, index: int) -> list[str]:
        return [line.cells[index] for line in self.lines if index < len(line.cells)]


def find_columns(path: Path, lines: list[Line], wanted: Sequence[str], labelled: bool) -> Columns:
    """Find columns that are wanted.

    Tokens and tags are the first and the last column, the second and the fourth of CoNLL-U, what a first line calls so,
    or what stands beside the numbers of words, if only one column of tags does. All columns have numbers, from 1.

    Args:
        path: What errors name; ``.conllu`` has the columns of CoNLL-U.
        lines: The lines.
        wanted: ``tokens``, ``tags``, numbers, or names that a first line gives; others are left out.
        labelled: Whether every line must have a tag.

    Raises:
        DataFault: If a line has other columns than most, a tag or a token is missing, or the columns cannot be told.
    """
    table = _table(path, lines)
    named = {str(index + 1): index for index in range(table.width)} | {
        name: index for index, name in enumerate(table.head)
    }
    read, note = {name: named[name] for name in wanted if name in named}, ""
    _check_sentences(table)
    if table.lines and {TOKENS, TAGS} - {*read} & {*wanted}:
        _check_widths(table, labelled)
        tokens, tags = _tokens_and_tags(table, labelled)
        chosen = {TOKENS: tokens} if tags is None else {TOKENS: tokens, TAGS: tags}
        read |= {name: index for name, index in chosen.items() if name in wanted and name not in read}
        note = _note(table, chosen)
    for name, index in read.items():
        _check_column(table, name, index)
    tagged = [TAGS] if labelled or TAGS in read else []
    return Columns(table.lines, list(dict.fromkeys([TOKENS, *tagged, *named])), read, note)


def _table(path: Path, lines: list[Line]) -> _Table:
    first = [cell.strip().lower() for cell in lines[0].cells] if lines else []
    head = [name in _TOKEN_NAMES for name in first].count(True) > 0 and any(name in _TAG_NAMES for name in first)
    body = lines[1:] if head else lines
    width = width_of([line.cells for line in body])
    numbered = width == _CONLLU and all(_ID.fullmatch(line.cells[0]) for line in body)
    if path.suffix == ".conllu" or numbered:
        # Of a contraction its words are tagged, not the whole.
        spoken = [line for line in body if len(line.cells) != _CONLLU or line.cells[0].isdigit()]
        return _Table(path, spoken, [], _CONLLU, True)
    return _Table(path, body, [cell.strip() for cell in lines[0].cells] if head else [], width, False)


def _check_sentences(table: _Table) -> None:
    """Check that no sentence begins without an empty line where a column tells sentences apart."""
    letters = ["".join(filter(str.isalpha, name.lower())) for name in table.head]
    column = next((index for index, name in enumerate(letters) if name in _SENTENCE_NAMES), None)
    if column is None:
        return
    there = [line for line in table.lines if column < len(line.cells) and line.cells[column].strip()]
    for before, line in pairwise(there):
        if before.sentence == line.sentence and before.cells[column] != line.cells[column]:
            what = f"column {table.head[column]} has another sentence here: put an empty line before it, and each other"
            raise table.fault(line, what)


def _check_widths(table: _Table, labelled: bool) -> None:
    for line in table.lines if labelled else ():
        if len(line.cells) != table.width or table.width < 2:
            cells = f"there {'is' if len(line.cells) == 1 else 'are'} {len(line.cells)}"
            wanted = f"{table.width} columns" if table.width > 2 else "a token, a tab and a tag"
            raise table.fault(line, f"{wanted} were expected, and {cells}" + (" column" * (len(line.cells) == 1)))


def _tokens_and_tags(table: _Table, labelled: bool) -> tuple[int, int | None]:
    """The indices of tokens and tags, None for tags where a line has none and needs none."""
    if table.conllu:
        return _FORM, _UPOS if labelled or _NOTHING not in table.column(_UPOS) else None
    if table.head:
        lower = [name.lower() for name in table.head]
        tokens = next(index for index, name in enumerate(lower) if name in _TOKEN_NAMES)
        return tokens, max(index for index, name in enumerate(lower) if name in _TAG_NAMES)
    tokens = int(table.width > 1 and _is_numbers(table))
    last = table.width - 1
    if any(len(line.cells) != table.width for line in table.lines) or last <= tokens:
        if labelled:
            raise table.fault(table.lines[0], f"there are numbers and words and no tags: {_ADVICE}")
        return tokens, None
    chunks = [index for index in range(tokens, table.width) if _is_chunks(table.column(index))]
    if tokens and last > tokens + 1:
        # What stands behind tags is another layer of them, or who made them.
        if len(chunks) != 1:
            raise table.fault(table.lines[0], f"columns {tokens + 2} to {last + 1} may all be tags: {_ADVICE}")
        return tokens, chunks[0]
    if chunks and last not in chunks:
        raise table.fault(table.lines[0], f"tags seem to be in column {chunks[-1] + 1}, not in the last: {_ADVICE}")
    return tokens, last


def _is_numbers(table: _Table) -> bool:
    """Whether the first column counts the words of every sentence, from 0 or 1."""
    before, at = None, 0
    for line in table.lines:
        at = at + 1 if line.sentence == before else 0
        before = line.sentence
        if line.cells[0] not in (str(at), str(at + 1)):
            return False
    return len(table.lines) > (1 if table.width > 2 else 2)


def _is_chunks(tags: list[str]) -> bool:
    found = read_tag_set(tags)
    return bool(found.scheme) and not found.odd


def _check_column(table: _Table, name: str, index: int) -> None:
    for line in table.lines:
        if index >= len(line.cells):
            raise table.fault(line, f"there is no column {name} in it")
        if not line.cells[index]:
            raise table.fault(line, f"the cell of column {name} is empty: a token and a tag a line were expected")
    cells = table.column(index)
    if table.conllu and index == _UPOS and _NOTHING in cells:
        line = table.lines[cells.index(_NOTHING)]
        raise table.fault(line, f"{quoted(line.cells[_FORM])} has no part of speech ('_'): tag it, or {_ADVICE}")
    if table.conllu and index == _FORM and set(cells) == {_NOTHING}:
        raise table.fault(table.lines[0], "all words are '_', as where a treebank comes without its text: merge it in")


def _note(table: _Table, chosen: dict[str, int]) -> str:
    if table.width <= 2 or table.conllu or len(chosen) < 2:
        return ""
    tokens, tags = (table.head[index] if table.head else index + 1 for index in chosen.values())
    return f"{table.path}: column {tokens} is read as tokens and column {tags} as tags; {_ADVICE} for others"
