"""A table: columns, rows of cells, and the marks that a renderer shows in its own way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Generic, TypeVar

from xadapt.tables.numbers import count, plain, signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Value = str | float | int | None
Item = TypeVar("Item")


class Mark(Enum):
    """What a cell is marked as."""

    #: The best of its column or row: bold.
    BEST = auto()
    #: Significantly above what it is compared with.
    ABOVE = auto()
    #: Significantly below it.
    BELOW = auto()
    #: What the others are compared with: a star.
    STAR = auto()
    #: An expression or another name that is typed.
    CODE = auto()
    #: Over a part only: in brackets.
    BRACKETS = auto()


@dataclass(frozen=True)
class Cell:
    """A cell.

    Attributes:
        value: Words or a number; None prints as a dash and is empty in CSV. A number is unrounded here.
        digits: Decimals of a number; None for a whole one.
        signed: Whether a number has its sign before it, as differences do.
        after: What follows, such as a spread or an interval.
        marks: What it is marked as.
        depth: Its colour: -100 is all of the colour for "below", 100 all of that for "above", None no colour.
        title: What a pointer over it says, "" for nothing.
        link: Where it leads, "" for nowhere.
    """

    value: Value = None
    digits: int | None = None
    signed: bool = False
    after: str = ""
    marks: frozenset[Mark] = frozenset()
    depth: int | None = None
    title: str = ""
    link: str = ""

    @property
    def shown(self) -> str:
        """The value as it is printed, without what follows."""
        if isinstance(self.value, str):
            return self.value
        if self.digits is None:
            shown = count(None if self.value is None else int(self.value))
        else:
            shown = signed(self.value, self.digits) if self.signed else plain(self.value, self.digits)
        return f"({shown})" if Mark.BRACKETS in self.marks and self.value is not None else shown

    @property
    def leads(self) -> str:
        """Where it leads, if that is a page or a file: another scheme could be a script."""
        scheme = re.match(r"\s*([A-Za-z][\w+.-]*):", self.link)
        return self.link if scheme is None or scheme[1].lower() in ("http", "https") else ""

    @property
    def text(self) -> str:
        """All that is printed, without marks."""
        return self.shown + self.after


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        heading: Its heading.
        words: Whether it holds words, which go left; numbers go right.
        width: Characters that it has in a terminal at least.
        wraps: Whether a terminal without room for it may break it into lines.
    """

    heading: Cell
    words: bool = False
    width: int = 0
    wraps: bool = False


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows.

    Attributes:
        title: What it shows.
        columns: Its columns.
        rows: The cells of each row, as many as columns.
        below: Rows below a rule, such as totals.
        caption: How to read its marks, "" for nothing.

    Raises:
        ValueError: If a row has another number of cells than there are columns.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    below: Sequence[Sequence[Cell]] = ()
    caption: str = ""

    def __post_init__(self) -> None:
        """Check that it is a rectangle."""
        for row in (*self.rows, *self.below):
            if len(row) != len(self.columns):
                raise ValueError(f"{self.title}: a row of {len(row)} cells in {len(self.columns)} columns")

    @property
    def headings(self) -> list[str]:
        """The headings as they are printed, without marks."""
        return [column.heading.text for column in self.columns]

    def _repr_html_(self) -> str:
        from xadapt.tables.html import html_table

        return html_table(self)


@dataclass(frozen=True)
class Field(Generic[Item]):
    """A column with what makes its cell out of whatever a row shows."""

    column: Column
    cell: Callable[[Item], Cell]


def depth(difference: float, full: float) -> int:
    """Turn a difference into the depth of a cell's colour, which is full at ``full`` and beyond."""
    return round(100 * max(-1.0, min(1.0, difference / full)))


def table_of(title: str, fields: Sequence[Field[Item]], items: Iterable[Item], caption: str = "") -> Table:
    """Make a table with a row an item."""
    rows = [[field.cell(item) for field in fields] for item in items]
    return Table(title, [field.column for field in fields], rows, caption=caption)


def words(*headings: str, width: int = 0, wraps: bool = False) -> list[Column]:
    """Columns of words."""
    return [Column(Cell(heading), True, width, wraps) for heading in headings]


def numbers(*headings: str | Cell, wraps: bool = False) -> list[Column]:
    """Columns of numbers."""
    return [Column(each if isinstance(each, Cell) else Cell(each), wraps=wraps) for each in headings]


def cells(values: Iterable[Value]) -> list[Cell]:
    """Cells of words and whole numbers, without marks."""
    return [Cell(value) for value in values]
