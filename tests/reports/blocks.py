"""The one block of a comparison."""

from xadapt.analysis.comparison import compare


def only_block(results):
    """The block of results of one task that may all be compared."""
    (comparison,) = compare(results)
    (block,) = comparison.blocks
    return block


def row_of(block, label):
    """The row of a setup."""
    return next(row for row in block.rows if row.label == label)
