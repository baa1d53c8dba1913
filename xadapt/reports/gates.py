"""Gates as a table, and as Markdown, CSV and JSON with a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.reports.explanation_plots import gates_png
from xadapt.store.files import atomic_write_bytes
from xadapt.tables import Cell, Mark, Table, cells, csv_text, markdown_table, numbers, words

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from xadapt.explain.gates import GateExplanation

NOTE = (
    "A gate multiplies what a member adds to the residual stream, at every token of every text alike: at 1 it counts "
    "as it was trained, at 0 not at all, below 0 with the other sign. How much a member adds, a gate does not say."
)


def gates_line(explanation: GateExplanation) -> str:
    """What decided the gates, in one line."""
    runs = ", ".join(f"{setup} {run[:8]}" for setup, run in explanation.checkpoints.items())
    return f"base {explanation.base}, seed {explanation.seed}, runs: {runs}"


def gates_table(explanation: GateExplanation) -> Table:
    """Lay the gates out, layer by member; the largest of a layer is bold."""
    *sizes, means = explanation.sizes
    lines = [
        [Cell(label), *_marked(gates, of)]
        for label, gates, of in zip(explanation.layers, explanation.gates, sizes, strict=True)
    ]
    columns = [*words("layer", width=8, wraps=True), *numbers(*explanation.members, wraps=True)]
    return Table("gates by layer", columns, lines, below=[[Cell("mean size"), *_marked(means, means)]])


def write_gates(explanation: GateExplanation, to: Path) -> None:
    """Write ``explanation.md``, ``.csv`` and ``.json`` and ``gates.png`` into a folder, the page last."""
    atomic_write_bytes(to / "gates.png", gates_png(explanation))
    atomic_write_bytes(to / "explanation.csv", _csv(explanation).encode())
    explanation.record.write(to / "explanation.json")
    parts = [f"# {explanation.setup}", "\n".join(f"* {line}" for line in explanation.statements)]
    parts += [f"{gates_line(explanation)}.", "![gates](gates.png)", "## Gates by layer"]
    parts += [markdown_table(gates_table(explanation)), "## How to read this", NOTE]
    atomic_write_bytes(to / "explanation.md", ("\n\n".join(parts) + "\n").encode())


def _csv(explanation: GateExplanation) -> str:
    facts = (explanation.setup, explanation.explained, explanation.base, explanation.seed)
    lines = [
        cells([*facts, layer, member, float(gate)])
        for layer, gates in zip(explanation.layers, explanation.gates, strict=True)
        for member, gate in zip(explanation.members, gates, strict=True)
    ]
    columns = words("setup", "explained", "base", "seed", "layer", "member", "gate")
    return csv_text(Table("gates", columns, lines))


def _marked(values: np.ndarray, sizes: np.ndarray) -> list[Cell]:
    best = int(sizes.argmax())
    marks = [frozenset({Mark.BEST} if number == best else ()) for number in range(len(values))]
    return [Cell(float(value), 2, marks=mark) for value, mark in zip(values, marks, strict=True)]
