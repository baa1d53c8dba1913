"""What explanations say of kept checkpoints on fixed rows."""

from __future__ import annotations

from tests.revisions.inputs import MAX_LENGTH, TASKS
from tests.revisions.problem_numbers import Numbers
from xadapt.composition.grammar import parse
from xadapt.context import Context
from xadapt.evaluation.evaluate import EvalSettings
from xadapt.explain.explanation import explain
from xadapt.explain.record import explanation_record

_EXPLAINED = {
    "fuse(mnli, stsb)": "likeness",
    "stack(fuse(mnli, stsb), xnli)": "choices",
    "average(mnli, squad)": "spans",
}


def explanation_numbers(context: Context) -> Numbers:
    """Attention and similarity of a fusion, of a fusion below an adapter, and of members on the bare base."""
    found = {}
    for setup, task in _EXPLAINED.items():
        settings = EvalSettings(limit=4, max_length=MAX_LENGTH)
        record = explanation_record(explain(context, parse(setup), TASKS[task], "en,de", settings))
        numbers = {"all languages": record.mean, **record.languages}
        found[f"{setup} on {task}"] = {key: value.model_dump() for key, value in numbers.items()}
    return found
