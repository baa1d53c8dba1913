"""The tables of the page as rows of cells; a template lays them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from xadapt.analysis.comparison_rows import ALPHA, Block, Row, TaskComparison, Tested
from xadapt.analysis.results import ENGLISH
from xadapt.reports.numbers import NOTHING, count, interval, megabytes, p_value, plain, signed, spread
from xadapt.reports.tables import english_first, language_order
from xadapt.reports.verdicts import block_title, judged
from xadapt.tasks.languages import LANGUAGES, Language, language_name


@dataclass(frozen=True)
class Cell:
    """What a cell says.

    Attributes:
        text: Its text; a number that can be sorted by comes first in it.
        depth: Its colour: -100 is all of the colour for "below", 100 all of that for "above", None no colour.
        best: Whether it is the best of its column.
    """

    text: str
    depth: int | None = None
    best: bool = False


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows.

    Attributes:
        caption: What it shows.
        columns: Names of the columns.
        texts: How many columns from the left hold text; the others hold numbers.
        rows: The cells of each row, as many as columns.
        note: How to read its marks, "" for nothing.
        code: Whether the names of the rows are expressions.
    """

    caption: str
    columns: Sequence[str]
    texts: int
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    code: bool = False


@dataclass(frozen=True)
class Measured:
    """A block with its comparison, under a name that no other block of the report has."""

    name: str
    comparison: TaskComparison
    block: Block


def measured(comparisons: Sequence[TaskComparison]) -> list[Measured]:
    """List all blocks, each under the shortest name that tells it from the others."""
    blocks = [(comparison, block) for comparison in comparisons for block in comparison.blocks]
    names: list[str] = []
    for naming in (
        lambda comparison, block: comparison.task,
        lambda comparison, block: f"{comparison.task}: {block_title(block)}",
        lambda comparison, block: comparison.name,
        lambda comparison, block: f"{comparison.name}: {block_title(block)}",
    ):
        names = [naming(comparison, block) for comparison, block in blocks]
        if len(set(names)) == len(names):
            break
    return [Measured(name, *pair) for name, pair in zip(names, blocks, strict=True)]


def labels(blocks: Sequence[Measured]) -> list[str]:
    """List the setups of all blocks, in the order in which they first appear."""
    return list(dict.fromkeys(row.label for each in blocks for row in each.block.rows))


def summary_table(blocks: Sequence[Measured]) -> Table:
    """Lay out setups by task: the zero-shot mean of each, and its difference to the best single adapter."""
    columns = ["setup"]
    for each in blocks:
        columns += [each.name, "vs single"]
    lines = []
    for label in labels(blocks):
        line = [Cell(label)]
        for each in blocks:
            row = next((row for row in each.block.rows if row.label == label), None)
            line += [Cell(NOTHING)] * 2 if row is None else [_zero_shot(row, each.block), Cell(_difference(row))]
        lines.append(line)
    note = "* best single adapter, chosen in English. Bold: best of a task."
    if any(row.tested for each in blocks for row in each.block.rows):
        note += f" ▲ ▼ above or below the best single adapter with p < {ALPHA}, Holm-adjusted."
    return Table("Zero-shot mean of each task and its difference to the best single", columns, 1, lines, note, True)


def setups_table(comparison: TaskComparison, block: Block) -> Table:
    """Lay out one line per setup: scores, the tested difference, in how many languages it wins, N and what it costs."""
    tested = any(row.tested for row in block.rows)
    sized = any(row.stored_bytes is not None for row in block.rows)
    timed = any(row.milliseconds for row in block.rows)
    others = sorted({name for row in block.rows for name in row.others})
    graded = any(row.dev is not None for row in block.rows)
    columns = ["setup", "kind", *["English dev"] * graded, "English", "zero-shot", "vs single"]
    columns += ["p (Holm)"] * tested + ["wins–losses"] + ["significant"] * tested
    columns += [name.replace("_", " ") for name in others] + ["N", "seeds"]
    columns += ["parameters", "MB"] * sized + ["ms", "× single"] * timed
    lines = []
    for row in block.rows:
        line = [Cell(_name(row, block)), Cell(row.family), *[Cell(plain(row.dev))] * graded]
        line += [Cell(spread(plain(row.english), row.spreads.get(ENGLISH)))]
        line += [_zero_shot(row, block, starred=False), Cell(difference_text(row))]
        line += [Cell(p_value(row.tested.adjusted if row.tested else None))] * tested
        line += [Cell(_wins(row, comparison.languages))]
        found = [code for code in comparison.languages if code in row.tests and row.tests[code].significant]
        line += [Cell(_wins(row, found))] * tested
        line += [Cell(plain(row.others.get(name))) for name in others] + [Cell(count(row.total))]
        line += [Cell(str(len(row.seeds)))]
        line += [Cell(count(row.parameters)), Cell(megabytes(row.stored_bytes))] * sized
        line += [Cell(_time(row)), Cell(_ratio(row))] * timed
        lines.append(line)
    note = "* best single adapter, chosen in English. ± standard deviation over seeds."
    note += " In brackets: 95 % interval of a paired bootstrap." if tested else ""
    for reason in dict.fromkeys(row.untested for row in block.rows if row.untested):
        note += f" Not tested, {reason}: {', '.join(row.label for row in block.rows if row.untested == reason)}."
    return Table(f"{comparison.task}: setups", columns, 2, lines, note, True)


def languages_table(comparison: TaskComparison, block: Block) -> Table:
    """Lay out one line per language: its family, script and N, the judged difference, the score of every setup."""
    chosen = judged(block)
    columns = ["language", "code", "family", "script", "N"]
    columns += [f"{chosen.label} vs single"] if chosen else []
    columns += [_name(row, block) for row in block.rows]
    lines = []
    for code in language_order(block):
        family, script = family_and_script(code)
        scores = [row.scores.get(code) for row in block.rows]
        best = max(score for score in scores if score is not None)
        line = [Cell(language_name(code)), Cell(code), Cell(family), Cell(script)]
        line += [Cell(count(comparison.counts[code]))]
        line += [Cell(difference_text(chosen, code))] if chosen else []
        for row, score in zip(block.rows, scores, strict=True):
            mark = _mark(row.tests.get(code), row.differences.get(code))
            line.append(Cell(f"{plain(score)}{mark}", best=score == best))
        lines.append(line)
    note = "Bold: best of a language."
    if any(row.tests for row in block.rows):
        note += f" ▲ ▼ above or below the best single adapter with p < {ALPHA}, Holm-adjusted over languages."
    return Table(f"{comparison.task}: {comparison.metric.replace('_', ' ')} by language", columns, 4, lines, note)


def cost_table(blocks: Sequence[Measured]) -> Table:
    """Lay out what each setup costs: parameters, bytes as stored, time of an example."""
    columns = ["setup", "task", "parameters", "heads", "MB", "ms (range)", "× single"]
    lines = []
    for each in blocks:
        for row in each.block.rows:
            span = f" ({plain(min(row.milliseconds))}–{plain(max(row.milliseconds))})" if row.milliseconds else ""
            line = [row.label, each.name, count(row.parameters), count(row.head_parameters)]
            line += [megabytes(row.stored_bytes), f"{_time(row)}{span}", _ratio(row)]
            lines.append([Cell(text) for text in line])
    note = "Parameters of the adapters and fusions in use; MB with the head, two bytes a parameter, 10⁶ bytes an MB. "
    note += "ms: median time of an example over repeats; × single: median ratio to the best single adapter."
    return Table("Cost of each setup", columns, 2, lines, note, True)


def inventory_table(comparisons: Sequence[TaskComparison]) -> Table:
    """Lay out the rows behind the scores: task, data, split, languages and N of each."""
    lines = []
    for each in comparisons:
        counts = sorted(each.counts.items(), key=lambda item: english_first(item[0]))
        limit = "none" if each.limit is None else f"{each.limit:,} a language"
        line = [each.task, each.data, ", ".join(each.splits) or NOTHING, limit]
        line += [", ".join(f"{code} {number:,}" for code, number in counts), str(len(counts))]
        lines.append([Cell(text) for text in [*line, count(sum(each.counts.values()))]])
    columns = ["task", "data", "split", "limit", "N of each language", "languages", "N"]
    return Table("Rows that were scored", columns, 5, lines, "Where setups differ in N, the smallest counts.")


def attention_tables(explanation: Mapping[str, Any]) -> list[Table]:
    """Lay out a fusion's attention: layer by member, and its mean weights by language.

    Args:
        explanation: What `xadapt explain` stored.

    Returns:
        Two tables of percentages, coloured by their distance from uniform; none if the setup is no fusion.
    """
    if not explanation["fusion"]:
        return []
    members, uniform = explanation["members"], explanation["uniform"]
    by_layer = zip(explanation["layers"], explanation["mean"]["weights"], strict=True)
    names = [(name if name != "all" else "all layers", weights) for name, weights in by_layer]
    note = f"Uniform is {plain(100 * uniform)} %; blue is above it, orange below."
    tables = [Table("Attention by layer, %", ["layer", *members], 1, _shares(names, uniform), note)]
    languages = [(language_name(code), row["weights"][-1]) for code, row in explanation["languages"].items()]
    if len(languages) > 1:
        shares = _shares(languages, uniform)
        tables.append(Table("Attention by language, mean over layers, %", ["language", *members], 1, shares, note))
    return tables


def family_and_script(code: str) -> tuple[str, str]:
    """Name a language's family and script, for a pair those of the other language than English; "" if not known."""
    parts: list[Language] = [LANGUAGES[part] for part in code.split("-") if part in LANGUAGES]
    parts = [part for part in parts if part.code != ENGLISH] or parts
    families, scripts = ([part.family for part in parts], [part.script for part in parts])
    return " / ".join(dict.fromkeys(families)), " / ".join(dict.fromkeys(scripts))


def _shares(lines: Sequence[tuple[str, Sequence[float]]], uniform: float) -> list[list[Cell]]:
    # Twice uniform has all of the colour, as nothing has none of the weight.
    return [
        [Cell(name), *(Cell(plain(100 * share), depth=depth(share - uniform, uniform)) for share in shares)]
        for name, shares in lines
    ]


def difference_text(row: Row, code: str | None = None) -> str:
    """Print a difference to the best single adapter, with its 95 % interval or else its spread over seeds.

    Args:
        row: The setup.
        code: A language, None for the zero-shot mean.
    """
    tested = row.tested if code is None else row.tests.get(code)
    if tested is not None:
        return f"{signed(tested.difference)} ({interval(tested.low, tested.high)})"
    if code is not None:
        return signed(row.differences.get(code))
    return spread(signed(row.difference), row.difference_spread)


def depth(difference: float, full: float) -> int:
    """Turn a difference into the depth of its colour, which is full at ``full`` and beyond."""
    return round(100 * max(-1.0, min(1.0, difference / full)))


def _name(row: Row, block: Block) -> str:
    chosen = block.reference is not None and block.reference.chosen and row.label == block.reference.label
    return f"{row.label} *" if chosen else row.label


def _zero_shot(row: Row, block: Block, starred: bool = True) -> Cell:
    best = max((other.zero_shot for other in block.rows if other.zero_shot is not None), default=None)
    star = " *" if starred and _name(row, block) != row.label else ""
    text = f"{spread(plain(row.zero_shot), row.seed_spread)}{star}"
    return Cell(text, best=row.zero_shot is not None and row.zero_shot == best)


def _mark(tested: Tested | None, difference: float | None) -> str:
    if tested is None or not tested.significant or not difference:
        return ""
    return " ▲" if difference > 0 else " ▼"


def _difference(row: Row) -> str:
    return f"{signed(row.difference)}{_mark(row.tested, row.difference)}"


def _wins(row: Row, languages: Sequence[str]) -> str:
    differences = [row.differences[code] for code in languages if code in row.differences]
    if row.difference is None:
        return NOTHING
    return f"{sum(each > 0 for each in differences)}–{sum(each < 0 for each in differences)}"


def _time(row: Row) -> str:
    return plain(median(row.milliseconds) if row.milliseconds else None)


def _ratio(row: Row) -> str:
    return NOTHING if row.ratio is None else f"{row.ratio:.2f}"
