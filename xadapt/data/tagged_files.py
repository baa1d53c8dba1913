"""Tagged sentences as text, a token a line: as CoNLL, WikiANN, MultiCoNER and Universal Dependencies have them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from xadapt.data.tagged_columns import TAGS, TOKENS, find_columns
from xadapt.data.tagged_lines import token_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from xadapt.tasks import Row

#: The code of a language before every token, as WikiANN has it.
_PREFIX = re.compile(r"[a-z]{2,3}(-[a-z]+)*:")
#: Tokens of a sentence; what has more has no empty lines.
_LONG = 1000


@dataclass(frozen=True)
class TaggedFile:
    """Sentences of a file.

    Attributes:
        rows: A row a sentence, by column lists of as many texts as it has tokens.
        columns: All columns that there are: ``tokens``, ``tags``, numbers from 1, and names of a first line.
        lines: For each row the line of each token, from 1.
        notes: What was read otherwise than it is written, each one line.
    """

    rows: list[Row]
    columns: list[str]
    lines: list[list[int]] = field(default_factory=list)
    notes: tuple[str, ...] = ()


def read_tagged(
    path: Path, text: Iterable[str], columns: Sequence[str] | None = None, labelled: bool = True
) -> TaggedFile:
    """Read tagged sentences.

    Args:
        path: What errors name; ``.conllu`` has the columns of CoNLL-U.
        text: The lines of the file, with or without their ends.
        columns: Columns to read, those that are there; None for tokens and tags.
        labelled: Whether every token must have a tag; if not, a token a line is enough.

    Raises:
        DataFault: If a line is not as the others are, or the columns cannot be told; names file and line.
    """
    wanted = (TOKENS, TAGS) if columns is None else columns
    found = find_columns(path, token_lines(path, text, labelled), wanted, labelled)
    cells = {name: [line.cells[index] for line in found.lines] for name, index in found.read.items()}
    notes = [found.note] if found.note else []
    code = _language(cells.get(TOKENS, []))
    if code:
        notes.append(f"{path}: {code} before every token is left out")
        cells[TOKENS] = [token.removeprefix(code) for token in cells[TOKENS]]
    starts = [at for at, line in enumerate(found.lines) if at == 0 or line.sentence != found.lines[at - 1].sentence]
    spans = list(pairwise([*starts, len(found.lines)]))
    rows = [{name: column[start:end] for name, column in cells.items()} for start, end in spans]
    lines = [[line.number for line in found.lines[start:end]] for start, end in spans]
    if len(rows) == 1 and len(lines[0]) > _LONG:
        notes.append(f"{path}: all {len(lines[0])} tokens are one sentence: put an empty line between sentences")
    return TaggedFile(rows, found.names, lines, tuple(notes))


def _language(tokens: list[str]) -> str:
    """The code before every token, "" if there is none."""
    match = _PREFIX.match(tokens[0]) if len(tokens) > 1 else None
    code = match.group() if match else ""
    return code if all(token.startswith(code) for token in tokens) and any(token != code for token in tokens) else ""
