"""Tables of cells with marks, and what renders them: the terminal, Markdown, HTML, CSV."""

from xadapt.tables.csv_text import csv_text
from xadapt.tables.html import html_table
from xadapt.tables.markdown import fence_of, markdown_code, markdown_table, markdown_text
from xadapt.tables.table import Cell, Column, Field, Mark, Table, cells, depth, numbers, table_of, words
from xadapt.tables.terminal import terminal_table, terminal_text

__all__ = [
    "Cell",
    "Column",
    "Field",
    "Mark",
    "Table",
    "cells",
    "csv_text",
    "depth",
    "fence_of",
    "html_table",
    "markdown_code",
    "markdown_table",
    "markdown_text",
    "numbers",
    "table_of",
    "terminal_table",
    "terminal_text",
    "words",
]
