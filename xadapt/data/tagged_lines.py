"""Lines of tagged sentences cut into cells, without what stands between sentences: empty lines, comments, documents."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from xadapt.data.delimited import is_quoted, unquoted
from xadapt.errors import DataFault

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

#: Begins a document of CoNLL-2003; it is no token, whatever stands beside it.
_DOCUMENT = "-DOCSTART-"
#: A sign with a blank and a text behind it.
_COMMENT = re.compile(r"#+ +\S")
#: Comments without a blank behind their sign.
_PLAIN_COMMENT = re.compile(r"#+(\S+ ?=|(begin|end) document)")
#: What a file of WebAnno and INCEpTION begins with, which has spans in its cells.
_WEBANNO = "#FORMAT=WebAnno"


class Line(NamedTuple):
    """A line with a token.

    Attributes:
        number: Its number in the file, from 1.
        sentence: Which sentence it belongs to, from 0.
        cells: What stands in its columns.
    """

    number: int
    sentence: int
    cells: list[str]


def width_of(cells: Iterable[list[str]]) -> int:
    """How many cells most lines have, the greater number where two are as frequent; 0 without a line."""
    counts = Counter(map(len, cells))
    return max(counts, key=lambda width: (counts[width], width), default=0)


def token_lines(path: Path, text: Iterable[str], labelled: bool) -> list[Line]:
    """Read the lines that hold a token.

    Cells are separated by tabs where half of the lines have one, else by blanks. Nothing else separates: an ideographic
    or a zero-width space is a token like others, and so is a blank with a tab behind it.

    Args:
        path: What errors name.
        text: The lines of the file, with or without their ends.
        labelled: Whether every token must have a tag; if not, the lines may be tokens with blanks in them.

    Raises:
        DataFault: If a line may be a comment as well as a token; names file and line.
    """
    raw = [(number, line.rstrip("\r\n")) for number, line in enumerate(text, start=1)]
    if raw and raw[0][1].startswith(_WEBANNO):
        raise DataFault(path, "is WebAnno TSV, whose cells are spans: export CoNLL 2002 or CoNLL-U", " ")
    there = {number: line for number, line in raw if not _between(line)}
    sure = {number: line for number, line in there.items() if not line.startswith("#")}
    split = _splitter((sure or there).values(), labelled)
    cells = {number: split(line) for number, line in sure.items()}
    width = width_of(cells.values())
    signs = _Signs(path, width, {line[-1] for line in cells.values() if len(line) == width})
    found: list[Line] = []
    sentence, begun = 0, False
    for number, line in raw:
        if number not in there:
            sentence, begun = sentence + begun, False
            continue
        cut = cells.get(number) or split(line)
        if number in cells or not signs.is_comment(number, line, cut, begun):
            found.append(Line(number, sentence, cut))
            begun = True
    return found


@dataclass(frozen=True)
class _Signs:
    """Tells comments from tokens that begin with their sign.

    Attributes:
        path: What errors name.
        width: How many cells the lines with tokens have.
        tags: What stands in the last of these.
    """

    path: Path
    width: int
    tags: set[str]

    def is_comment(self, number: int, line: str, cells: list[str], begun: bool) -> bool:
        """Whether a line is one.

        Args:
            number: The line's number.
            line: The line.
            cells: Its cells.
            begun: Whether its sentence has a token: comments stand before the first.

        Raises:
            DataFault: If it could be both; names file and line.
        """
        whole = len(cells) == self.width
        if not _COMMENT.match(line):
            # A sign with a tab behind it is a token, as are #love and #1; in GermEval it begins a document's address.
            address = len(cells) == 2 and cells[0] == "#"
            return not begun and not whole and (address or bool(_PLAIN_COMMENT.match(line)))
        if self.width == 1:
            return not begun
        if whole and cells[-1] in self.tags:
            return False
        words = line.split()
        if begun or (len(words) == 2 and (whole or words[1] in self.tags)):
            what = "a comment or the token #? Put an empty line before a comment, and a tab between a token and its tag"
            raise DataFault(self.path, f"line {number}: {what}", ", ")
        return True


def _between(line: str) -> bool:
    return not line.strip(" \t") or line.startswith(_DOCUMENT)


def _splitter(lines: Collection[str], labelled: bool) -> Callable[[str], list[str]]:
    tabs = sum("\t" in line for line in lines)
    if tabs and 2 * tabs >= len(lines):
        return unquoted if is_quoted([*lines], named=False) else _at_tabs
    if labelled or width_of([_at_blanks(line) for line in lines]) > 1:
        return _at_blanks
    return lambda line: [line.strip(" \t")]


def _at_tabs(line: str) -> list[str]:
    # KLUE tags every blank between words.
    cells = line.split("\t") if " " not in line else [cell.strip(" ") or cell for cell in line.split("\t")]
    while len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    return cells


def _at_blanks(line: str) -> list[str]:
    return re.split(r"[ \t]+", line.strip(" \t"))
