"""``explain``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xadapt.cli import options as o
from xadapt.cli.console import out, print_json, print_line, show
from xadapt.cli.shared import with_session

if TYPE_CHECKING:
    from xadapt.explain.explanation import Explanation
    from xadapt.explain.gates import GateExplanation
    from xadapt.session import Session


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain_command)


@with_session("base", "data", "store", "seed", "precision", "device")
def explain_command(
    lab: Session,
    setup: Annotated[str, typer.Argument(help='A setup, such as "stack(fuse(mnli, squad, stsb), xnli)".')],
    task: Annotated[str, typer.Option(help="A task, such as xnli, or a YAML file that declares one of yours.")],
    languages: o.Languages = "all",
    limit: Annotated[int, typer.Option(help="Rows a language, a fixed sample.")] = 50,
    max_length: o.MaxLength = None,
    to: Annotated[Path | None, typer.Option(help="Write tables, CSV, JSON and heat maps to this folder.")] = None,
    as_json: o.Json = False,
) -> None:
    """Explain a fusion: which adapter it attends to, layer by layer, and how alike its adapters are.

    Attention weights and the similarity (linear CKA and cosine) of what the members add to the residual stream, on a
    task's test rows in each language. No head for the task is needed. Give en among the languages to see where the
    others differ from it. Of an average, sum, soup or ensemble the similarity of its members is shown, each on the bare
    base. Of gates the gate of each member at each layer is shown; nothing is run.
    """
    from xadapt.explain.gates import GateExplanation
    from xadapt.explain.record import explanation_record

    explanation = lab.explain(setup, task, languages, limit, max_length, to)
    if as_json:
        record = explanation.record if isinstance(explanation, GateExplanation) else explanation_record(explanation)
        print_json(record.stored())
        return
    if isinstance(explanation, GateExplanation):
        _print_gates(explanation)
    else:
        _print(explanation)
    if to:
        print_line(f"explanation: {to / 'explanation.md'}")


def _print_gates(explanation: GateExplanation) -> None:
    from xadapt.reports.gates import gates_line, gates_table

    _print_said(explanation.setup, explanation.statements)
    show(gates_table(explanation))
    print_line(gates_line(explanation))


def _print(explanation: Explanation) -> None:
    from xadapt.reports.explanation import facts_line, headline, tables
    from xadapt.reports.explanation_tables import SPREAD_MEMBERS

    _print_said(headline(explanation), explanation.statements)
    for table in tables(explanation, spreads=len(explanation.members) <= SPREAD_MEMBERS):
        show(table)
    print_line(facts_line(explanation))


def _print_said(title: str, statements: list[str]) -> None:
    out.print(title, style="bold", markup=False, highlight=False, soft_wrap=True)
    for line in statements:
        print_line(line)
    out.print()
