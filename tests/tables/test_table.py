"""A table is a rectangle of cells, and every renderer shows its marks in its own way."""

from __future__ import annotations

import csv
import io

import pytest

from xadapt.tables import (
    Cell,
    Mark,
    Table,
    cells,
    csv_text,
    depth,
    html_table,
    markdown_table,
    numbers,
    terminal_text,
    words,
)


def marked(value: float, *marks: Mark, **other: object) -> Cell:
    return Cell(value, 1, marks=frozenset(marks), **other)  # type: ignore[arg-type]


@pytest.fixture
def table() -> Table:
    """Two rows with every mark, and one below a rule."""
    rows = [
        [Cell("mnli", marks=frozenset({Mark.CODE, Mark.STAR})), marked(61.04, Mark.BEST), Cell(1234)],
        [Cell("a|<b>", marks=frozenset({Mark.CODE})), marked(-0.25, Mark.BELOW, after=" ± 1.0"), Cell(None)],
    ]
    below = [[Cell("all"), marked(5.0, Mark.BRACKETS), Cell(0)]]
    return Table("Scores", [*words("setup"), *numbers("score", "N")], rows, below, "How to read it.")


def test_a_row_with_too_few_cells_is_refused() -> None:
    with pytest.raises(ValueError, match="Scores"):
        Table("Scores", words("a", "b"), [[Cell("x")]])


def test_markdown_shows_marks_and_escapes_bars(table: Table) -> None:
    assert markdown_table(table).splitlines() == [
        "| setup | score | N |",
        "| --- | --: | --: |",
        r"| `mnli` \* | **61.0** | 1,234 |",
        r"| `a\|<b>` | −0.2 ± 1.0† | – |",
        "| all | (5.0) | 0 |",
    ]


def test_the_terminal_shows_marks_and_the_rule(table: Table) -> None:
    lines = terminal_text(table).splitlines()
    assert lines[0].strip() == "Scores"
    assert [line.split() for line in lines if "mnli" in line or "<b>" in line or "all" in line] == [
        ["mnli", "*", "61.0", "1,234"],
        ["a|<b>", "▼−0.2", "±", "1.0", "–"],
        ["all", "(5.0)", "0"],
    ]
    assert lines[-1].strip() == "How to read it."


def test_html_escapes_text_and_marks_cells(table: Table) -> None:
    text = html_table(table)
    assert "<code>a|&lt;b&gt;</code>" in text
    assert "<code>mnli *</code>" in text
    assert "<td><b>61.0</b></td>" in text
    assert "−0.2 ± 1.0 ▼" in text
    assert '<p class="note">How to read it.</p>' in text
    assert "id=" not in text


def test_html_of_a_page_can_be_sorted_and_filtered(table: Table) -> None:
    text = html_table(table, "scores", "setup")
    assert '<table id="scores" class="sortable">' in text
    assert 'data-filter="scores" placeholder="setup"' in text
    assert "data-filter" not in html_table(table, "scores")


def test_html_cells_can_have_a_title_a_link_and_a_colour() -> None:
    row = [Cell("x", title='"why"', link="a.md"), Cell(1.0, 1, depth=-40)]
    text = html_table(Table("T", [*words("a"), *numbers("b")], [row]))
    assert '<th scope="row" title="&#34;why&#34;"><a href="a.md">x</a></th>' in text
    assert '<td class="below" style="--d:40">1.0</td>' in text


def test_csv_has_values_unrounded_and_without_marks(table: Table) -> None:
    assert list(csv.reader(io.StringIO(csv_text(table)))) == [
        ["setup", "score", "N"],
        ["mnli", "61.04", "1234"],
        ["a|<b>", "-0.25", ""],
        ["all", "5.0", "0"],
    ]


def test_names_with_brackets_are_printed_as_they_are() -> None:
    table = Table("T", [*words("a"), *numbers("b")], [cells(["[x]", "[bold]"])])
    assert "[x]" in terminal_text(table)
    assert "[bold]" in terminal_text(table)


def test_a_notebook_shows_a_table_as_html(table: Table) -> None:
    assert table._repr_html_() == html_table(table)


def test_colour_is_full_at_its_limit_and_beyond():
    assert [depth(value, 4.0) for value in (-9.0, -4.0, -1.0, 0.0, 2.0, 9.0)] == [-100, -100, -25, 0, 50, 100]
