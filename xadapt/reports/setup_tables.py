"""Tables with a row a setup: a few numbers for the terminal, more for Markdown and the page, and summaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.analysis.comparison_rows import Block, SetupRow, TaskComparison
from xadapt.analysis.tested import ALPHA
from xadapt.reports import setup_cells as cell
from xadapt.reports.block_names import NamedBlock, labels
from xadapt.reports.verdicts import block_title, why_untested
from xadapt.tables import Cell, Column, Field, Mark, Table, numbers, table_of, words
from xadapt.tables.numbers import megabytes, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SetupField = Field[SetupRow]


def brief_table(comparison: TaskComparison, block: Block) -> Table:
    """What a terminal has room for: English, zero-shot mean, difference and its p, spreads, N and seeds."""
    tested = any(row.tested for row in block.rows)
    fields = [
        SetupField(words("setup", width=16, wraps=True)[0], lambda row: cell.name(row, block)),
        _number("English", lambda row: Cell(row.english, 1)),
        _number("zero-shot", lambda row: cell.zero_shot(row, block, spread=False)),
        _number("±seed", lambda row: Cell(row.seed_spread, 1)),
        _number("vs *", cell.marked_difference),
        _number("±seed", lambda row: Cell(row.difference_spread, 1)),
        *[_number("p", cell.adjusted)] * tested,
        _number("±lang", lambda row: Cell(row.language_spread, 1)),
        *_sizes(),
    ]
    return table_of(f"{comparison.name}: {comparison.metric}", fields, block.rows, brief_caption(block))


def brief_caption(block: Block) -> str:
    """How to read the marks of a block's tables in a terminal."""
    text = block_title(block)
    if block.reference is not None and block.reference.chosen:
        by = "the target languages, as asked" if block.reference.by_targets else "English"
        text += f"; * {'reference' if block.reference.with_none else 'best single adapter'}, chosen by {by}"
    if any(row.tested or row.tests for row in block.rows):
        text += f"; ▲ ▼ above or below it with p < {ALPHA} (over seeds and rows, Holm-adjusted)"
    return text


def full_table(comparison: TaskComparison, block: Block) -> Table:
    """Scores with their spread over seeds, differences and their tests, N, and what the setup costs."""
    rows = block.rows
    fields = [
        SetupField(words("setup")[0], lambda row: cell.name(row, block)),
        _number("English", cell.english),
        _number("zero-shot", lambda row: cell.zero_shot(row, block)),
        _number("vs reference", cell.difference),
    ]
    if any(row.tested or row.tally for row in rows):
        fields += [_number("95 % interval", cell.interval_alone), _number("p (Holm)", cell.adjusted)]
        fields.append(_number("languages: better/worse (significant)", cell.tally))
    fields += _to_single(block)
    fields += [
        _number("gap", lambda row: Cell(row.gap, 1, signed=True)),
        _number("± languages", lambda row: Cell(row.language_spread, 1)),
        *_other_scores(block),
        *_sizes(),
    ]
    if any(row.parameters is not None for row in rows):
        fields.append(_number("parameters", lambda row: Cell(row.parameters)))
    if any(row.stored_bytes is not None for row in rows):
        fields.append(_number("MB", cell.size))
    if any(row.milliseconds for row in rows):
        fields.append(_number("ms per example", cell.time))
    if any(row.ratio is not None for row in rows):
        fields.append(_number("× reference", cell.ratio))
    return table_of(f"{comparison.task}: setups", fields, rows)


def page_table(comparison: TaskComparison, block: Block) -> Table:
    """Scores, the tested difference, in how many languages a setup wins, N and what it costs."""
    rows = block.rows
    tested = any(row.tested for row in rows)

    def significant(row: SetupRow) -> Cell:
        found = [code for code in comparison.languages if code in row.tests and row.tests[code].significant]
        return cell.wins(row, found)

    fields = [
        SetupField(words("setup")[0], lambda row: cell.name(row, block)),
        SetupField(words("kind")[0], lambda row: Cell(row.family)),
    ]
    if any(row.dev is not None for row in rows):
        fields.append(_number("English dev", lambda row: Cell(row.dev, 1)))
    fields += [
        _number("English", cell.english),
        _number("zero-shot", lambda row: cell.zero_shot(row, block)),
        _number("vs reference", cell.difference_with_interval),
        *[_number("p (Holm)", cell.adjusted)] * tested,
        *_to_single(block),
        _number("wins–losses", lambda row: cell.wins(row, comparison.languages)),
        *[_number("significant", significant)] * tested,
        *_other_scores(block),
        *_sizes(),
    ]
    if any(row.stored_bytes is not None for row in rows):
        fields += [_number("parameters", lambda row: Cell(row.parameters)), _number("MB", cell.size)]
    if any(row.milliseconds for row in rows):
        fields += [_number("ms", cell.time), _number("× reference", cell.ratio)]
    note = "* reference, chosen in English. ± standard deviation over seeds."
    note += " In brackets: 95 % interval." if tested else ""
    for reason in dict.fromkeys(row.untested for row in rows if row.untested):
        without = ", ".join(row.label for row in rows if row.untested == reason)
        note += f" Not tested, {why_untested(reason)}: {without}."
    return table_of(f"{comparison.task}: setups", fields, rows, note)


def summary_table(blocks: Sequence[NamedBlock]) -> Table:
    """Setups by task: the zero-shot mean of each, and its difference to the reference."""
    columns: list[Column] = words("setup")
    for each in blocks:
        columns += numbers(each.name, "vs reference")
    lines = []
    for label in labels(blocks):
        line = [Cell(label, marks=frozenset({Mark.CODE}))]
        for each in blocks:
            row = next((row for row in each.block.rows if row.label == label), None)
            line += (
                [Cell()] * 2
                if row is None
                else [
                    cell.zero_shot(row, each.block, starred=True),
                    cell.marked_difference(row),
                ]
            )
        lines.append(line)
    note = "* reference, chosen in English. Bold: best of a task."
    if any(row.tested for each in blocks for row in each.block.rows):
        note += f" ▲ ▼ above or below the reference with p < {ALPHA}, Holm-adjusted."
    return Table("Zero-shot mean of each task and its difference to the reference", columns, lines, caption=note)


def cost_table(blocks: Sequence[NamedBlock]) -> Table:
    """What each setup costs: parameters, bytes as stored, time of an example."""
    columns = [*words("setup", "task"), *numbers("parameters", "heads", "MB", "ms (range)", "× reference")]
    lines = []
    for each in blocks:
        for row in each.block.rows:
            times = row.milliseconds
            span = f" ({plain(min(times))}–{plain(max(times))})" if times else ""
            line = [Cell(row.label, marks=frozenset({Mark.CODE})), Cell(each.name), Cell(row.parameters)]
            line += [Cell(row.head_parameters), Cell(megabytes(row.stored_bytes))]
            line += [Cell(cell.time(row).text + span), cell.ratio(row)]
            lines.append(line)
    note = "Parameters of the adapters and fusions in use; MB with the head, two bytes a parameter, 10⁶ bytes an MB. "
    note += "ms: median time of an example over repeats; × reference: median ratio to the reference."
    return Table("Cost of each setup", columns, lines, caption=note)


def _number(heading: str, made: Callable[[SetupRow], Cell]) -> SetupField:
    return SetupField(Column(Cell(heading)), made)


def _to_single(block: Block) -> list[SetupField]:
    return [_number("vs best single", cell.from_single)] if block.single else []


def _sizes() -> list[SetupField]:
    return [_number("N", lambda row: Cell(row.total)), _number("seeds", lambda row: Cell(len(row.seeds)))]


def _other_scores(block: Block) -> list[SetupField]:
    def shown(name: str) -> Callable[[SetupRow], Cell]:
        return lambda row: Cell(row.others.get(name), 1)

    names = sorted({name for row in block.rows for name in row.others})
    return [_number(name.replace("_", " "), shown(name)) for name in names]
