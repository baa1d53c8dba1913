"""The parts of comparisons and tables that tests look at."""

from dataclasses import replace

from xadapt.analysis.comparison import compare
from xadapt.tables.html import plain_cell


def only_block(results):
    """The block of results of one task that may all be compared."""
    (comparison,) = compare(results)
    (block,) = comparison.blocks
    return block


def row_of(block, label):
    """The row of a setup."""
    return next(row for row in block.rows if row.label == label)


def lines(table):
    """What a table's rows say beside their name, by name."""
    return {row[0].text: [plain_cell(cell) for cell in row[1:]] for row in table.rows}


def column(table, name):
    """What a column of a table says, by row."""
    at = [plain_cell(each.heading) for each in table.columns].index(name)
    return {row[0].text: plain_cell(row[at]) for row in table.rows}


def with_tests(comparison, label, overall, **by_language):
    """A comparison in which a setup has been tested."""
    block = comparison.blocks[0]
    rows = [replace(row, tested=overall, tests=by_language) if row.label == label else row for row in block.rows]
    return replace(comparison, blocks=(replace(block, rows=tuple(rows)),))
