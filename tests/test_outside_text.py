"""Texts from outside cannot steer what shows them."""

from __future__ import annotations

import io
import json

import pytest
from rich.table import Table as RichTable

from xadapt.display import LiveDisplay
from xadapt.errors import DataFault, XadaptError, unknown
from xadapt.outside_text import console, shown, shown_json
from xadapt.tables import Cell, Table, terminal_text, words

#: Clears the screen, sets the title, writes to the clipboard, one byte for "escape [", turns the line, ends the line.
STEERING = ("\x1b[2J", "\x1b]0;title\x07", "\x1b]52;c;aGk=\x07", "\x9b31m", "\u202egnp.exe", "a\u2028b", "\r", "\ud800")


def is_safe(text: str) -> bool:
    return all(ord(each) >= 0x20 or each == "\n" for each in text) and not set(text) & set("\x7f\x9b\u202e\u2028\ud800")


@pytest.mark.parametrize("text", STEERING)
def test_a_text_from_outside_is_shown_with_escapes(text: str) -> None:
    assert is_safe(shown(text))
    assert shown(shown(text)) == shown(text)


@pytest.mark.parametrize(
    "text", ["mnli", "Wörter, слова, 語 und कुछ", "می\u200cخواهم", "క్\u200dష", "a\tb", "👩\u200d🔬"]
)
def test_what_texts_of_a_language_are_written_with_stays(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize("text", STEERING)
def test_errors_are_one_line_that_steers_nothing(text: str) -> None:
    for error in (XadaptError(f"{text}\nand more"), DataFault(text, text), unknown(text, text, [text])):
        assert is_safe(str(error))
        assert len(str(error).splitlines()) == 1


@pytest.mark.parametrize("text", STEERING)
def test_json_says_the_same_with_its_own_escapes(text: str) -> None:
    written = shown_json(json.dumps({text: [text, "\U000e0041"]}, ensure_ascii=False))
    assert is_safe(written)
    assert json.loads(written) == {text: [text, "\U000e0041"]}


@pytest.mark.parametrize("text", STEERING)
def test_tables_and_lines_on_a_terminal_steer_nothing(text: str) -> None:
    stream = io.StringIO()
    page = console(file=stream, width=200, force_terminal=True, color_system=None)
    table = RichTable(title=text)
    table.add_column(text)
    table.add_row(text)
    page.print(table)
    LiveDisplay(page).say(text)
    page.print(text, markup=False, soft_wrap=True)
    assert is_safe(stream.getvalue())


@pytest.mark.parametrize("text", STEERING)
def test_what_prints_itself_steers_nothing(text: str) -> None:
    assert is_safe(terminal_text(Table(text, words(text), [[Cell(text)]], caption=text)))


def test_square_brackets_are_no_markup() -> None:
    assert "[red]x[/red]" in terminal_text(Table("a table", words("[bold]"), [[Cell("[red]x[/red]")]]))
