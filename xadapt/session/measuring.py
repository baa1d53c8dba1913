"""The verbs of a session that use what is trained: evaluate, predict, explain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xadapt.errors import XadaptError, option
from xadapt.validation import validated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xadapt.composition.expression import Node
    from xadapt.evaluation.run_suite import SuiteRun
    from xadapt.evaluation.submission import Submission
    from xadapt.explain.explanation import Explanation
    from xadapt.explain.gates import GateExplanation
    from xadapt.model import Model, PredictedFile
    from xadapt.session.session import Session
    from xadapt.store.result_record import Result
    from xadapt.tasks import Row

#: ``all``, codes separated by commas, or codes.
Languages = str | Iterable[str]


def evaluate(session: Session, setup: str, task: str, languages: Languages = "all", **settings: Any) -> Result:
    """Evaluate a setup zero-shot, language by language.

    Args:
        session: The session.
        setup: Such as ``mnli``, ``stack(fuse(mnli, squad, stsb), xnli)`` or ``none``.
        task: A task, or a YAML file that declares one of yours.
        languages: ``all`` or codes.
        settings: See :class:`~xadapt.evaluation.evaluate.EvalSettings`.

    Returns:
        The result: ``result["de"].score``, ``result.mean``, ``result.to_dataframe()``; scores are 0–100.

    Raises:
        XadaptError: If the setup, the data, a setting or a language is wrong, or no head answers the task.
    """
    from xadapt.composition.grammar import parse
    from xadapt.evaluation.evaluate import EvalSettings
    from xadapt.evaluation.evaluate import evaluate as evaluate_setup
    from xadapt.problems import problem_class

    target, node, wanted = session.task(task), parse(setup), _codes(languages)
    session.source.pick_languages(target, wanted)
    checked = validated(EvalSettings, **settings)
    if checked.pool_limit and not problem_class(target).pooled:
        kind = target.kind.name
        raise XadaptError(f"{option('pool_limit')} is for tasks that retrieve from a pool; {target.name} is {kind}")
    return evaluate_setup(session.context, node, target, wanted, checked)


def evaluate_suite(
    session: Session,
    setup: str,
    suite: str,
    languages: Languages = "all",
    to: Path | str | None = None,
    **settings: Any,
) -> SuiteRun:
    """Evaluate a setup on a whole benchmark, and score it as its paper does.

    Args:
        session: The session.
        setup: Such as ``mnli``, or ``none``.
        suite: ``xtreme`` or ``xtreme-r``.
        languages: ``all`` or codes.
        to: A folder for ``suite.md``, ``suite.csv`` and ``suite.json``; None writes nothing.
        settings: See :class:`~xadapt.evaluation.evaluate.EvalSettings`.
    """
    from xadapt.composition.grammar import parse
    from xadapt.evaluation.evaluate import EvalSettings
    from xadapt.evaluation.run_suite import run_suite
    from xadapt.reports.suite_tables import write_suite
    from xadapt.tasks.suites import get_suite

    checked = validated(EvalSettings, **settings)
    run = run_suite(session.context, get_suite(suite), parse(setup), _codes(languages), checked)
    return replace(run, files=tuple(write_suite(run.score, run.facts, Path(to)))) if to else run


def submit(session: Session, setup: str, suite: str, to: Path | str, allow_sample: bool = False) -> Submission:
    """Write stored predictions in the layout that XTREME's evaluator reads; nothing is computed."""
    from xadapt.composition.grammar import parse
    from xadapt.evaluation.submission import write_submission
    from xadapt.tasks.suites import get_suite

    return write_submission(session.context, get_suite(suite), parse(setup), Path(to), allow_sample)


def load(session: Session, setup: str, task: str, max_length: int | None = None) -> Model:
    """Load a setup to predict a task in any language; see :func:`xadapt.load`."""
    from xadapt.model import load_setup

    return load_setup(session.context, setup, task, max_length)


def predict(session: Session, setup: str, task: str, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Predict rows of your own; see :func:`xadapt.load` for what rows and results hold."""
    return session.load(setup, task).predict(rows)


def predict_file(
    session: Session,
    setup: str,
    task: str,
    file: Path | str,
    to: Path | str | None = None,
    *,
    form: str | None = None,
    max_length: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> PredictedFile:
    """Predict the rows of a file, which may be larger than memory.

    Args:
        session: The session.
        setup: The setup.
        task: A task, or a YAML file that declares one of yours.
        file: ``.jsonl``, ``.csv``, ``.parquet`` or, for tagging, ``.conll``; ``-`` for standard input.
        to: A ``.jsonl`` or ``.csv`` file; None for standard output.
        form: ``jsonl``, ``csv`` or ``tsv``, None for what the file's ending says.
        max_length: Tokens a row, None for the problem's default.
        progress: Called with the number of rows that a batch finished.
    """
    from xadapt.composition.grammar import parse
    from xadapt.evaluation.evaluate import EvalSettings
    from xadapt.model import predict_file as predict_rows

    length = validated(EvalSettings, max_length=max_length).max_length
    node, output = parse(setup), Path(to) if to else None
    target = session.task(task)
    return predict_rows(
        session.context, node, target, str(file), output, form=form, max_length=length, progress=progress
    )


def explain(
    session: Session,
    setup: str,
    task: str,
    languages: Languages = "all",
    limit: int | None = 50,
    max_length: int | None = None,
    to: Path | str | None = None,
) -> Explanation | GateExplanation:
    """Explain a fusion: which adapter it attends to, layer by layer, and how alike its members are.

    Gates are the same for every text: they are read, and nothing is run.

    Args:
        session: The session.
        setup: A setup with a fusion or gates, or another composition of adapters side by side.
        task: A task with test rows; no head for it is needed.
        languages: ``all`` or codes.
        limit: Rows a language, a fixed sample; None for all.
        max_length: Tokens a row, None for the problem's default.
        to: A folder for tables, CSV, JSON and heat maps; None writes nothing.
    """
    from xadapt.composition.grammar import parse
    from xadapt.evaluation.evaluate import EvalSettings
    from xadapt.explain.explanation import explain as explain_setup
    from xadapt.explain.explanation import explained_part

    node, target, wanted = parse(setup), session.task(task), _codes(languages)
    session.source.pick_languages(target, wanted)
    part = explained_part(node)
    settings = validated(EvalSettings, limit=limit, max_length=max_length)
    if part.kind == "gate":
        return _gates(session, node, part, to)
    explanation = explain_setup(session.context, node, target, wanted, settings)
    if to:
        from xadapt.reports.explanation import write_explanation

        write_explanation(explanation, Path(to))
    return explanation


def _gates(session: Session, node: Node, part: Node, to: Path | str | None) -> GateExplanation:
    from xadapt.explain.gates import explain_gates

    found = explain_gates(session.context, node, part)
    if to:
        from xadapt.reports.gates import write_gates

        write_gates(found, Path(to))
    return found


def _codes(languages: Languages) -> str:
    return languages if isinstance(languages, str) else ",".join(languages)
