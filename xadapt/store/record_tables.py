"""How records look in a terminal and in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.tables import Cell, Table, numbers, words

if TYPE_CHECKING:
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.store.result_record import Result


def result_table(result: Result) -> Table:
    """A row a language: rows, split and every score, the ranking one first; below them the means."""
    others = sorted({name for one in result.languages.values() for name in one.scores} - {result.metric})
    names = [result.metric, *others]
    rows = [
        [Cell(code), Cell(one.n), Cell(one.split), *(Cell(one.scores.get(name), 1) for name in names)]
        for code, one in result.languages.items()
    ]
    total = sum(one.n for one in result.languages.values())
    below = [[Cell("mean"), Cell(total), Cell(""), *(Cell(result.means.get(name), 1) for name in names)]]
    columns = [
        *words("language"),
        *numbers("N"),
        *words("split"),
        *numbers(*(name.replace("_", " ") for name in names)),
    ]
    limit = "" if result.limit is None else f", at most {result.limit:,} rows a language"
    note = f"base {result.base}, data {result.data}, seed {result.seed}{limit}; run {result.run}"
    return Table(f"{result.setup} on {result.task}", columns, rows, below if len(rows) > 1 else (), note)


def checkpoint_table(checkpoint: Checkpoint) -> Table:
    """A row a fact: what was trained on which rows, its English dev scores, and where it is."""
    record = checkpoint.record
    rows = ", ".join(f"{name} {count:,}" for name, count in record.rows.items())
    scores = "; ".join(
        f"{task}: {', '.join(f'{name} {value:.1f}' for name, value in found.items())}"
        for task, found in checkpoint.scores.items()
    )
    facts = {
        "base": record.base.name,
        "stands on": record.under if record.under != "none" else "",
        "heads": ", ".join(record.heads),
        "training rows": f"{rows} ({record.data})" if rows else "",
        "English dev": scores,
        "parameters": f"{checkpoint.parameters:,}",
        "seed": str(record.seed),
        "run": record.run,
        "path": str(checkpoint.path),
    }
    lines = [[Cell(name), Cell(value)] for name, value in facts.items() if value]
    kind = "imported" if record.imported else record.trains
    return Table(f"{record.setup} ({kind})", [*words(""), *words("", wraps=True)], lines)
