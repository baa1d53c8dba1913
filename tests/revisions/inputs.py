"""What all pinned numbers are made of, none of which changes with the package: a base, checkpoints, rows and tasks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from xadapt.context import Context
from xadapt.data.source import RowSet, Source
from xadapt.store.store import Store
from xadapt.tasks import (
    AnswerRetrieval,
    EntityRetrieval,
    Mining,
    MultipleChoice,
    PairClassification,
    PairRegression,
    Retrieval,
    SpanQA,
    Tagging,
    Task,
    TextClassification,
)
from xadapt.tasks.catalogue import Catalogue
from xadapt.tasks.kinds import Kind, Row

FIXTURES = Path(__file__).parent.parent / "fixtures"
#: A tiny XLM-R, and the checkpoints on it that members are taken from.
KEPT = FIXTURES / "store-0.1"
ROWS = json.loads((FIXTURES / "revision_rows.json").read_text(encoding="utf-8"))
MAX_LENGTH = 40

_RELATIONS = ("entailment", "neutral", "contradiction")


def _task(name: str, kind: Kind, *metrics: str) -> tuple[Task, tuple[str, ...]]:
    return Task(name, kind, metrics[0], "made up", languages=tuple(ROWS[name]["test"])), metrics


#: Tasks of every kind, with all metrics that their predictions are scored by.
_MEASURED = (
    _task("pairs", PairClassification(_RELATIONS), "accuracy"),
    _task("likeness", PairRegression(0.0, 5.0), "correlation"),
    _task("topics", TextClassification(("person", "animal")), "accuracy", "accuracy_f1"),
    _task("spans", SpanQA(), "squad", "mlqa"),
    _task("perhaps", SpanQA(unanswerable=True), "squad_v2"),
    _task("choices", MultipleChoice(), "accuracy"),
    _task("names", Tagging(("B-LOC", "B-PER", "I-PER", "O")), "entities", "tokens"),
    _task("words", Tagging(("ADP", "DET", "NOUN", "PROPN", "PUNCT", "VERB")), "pos"),
    _task("answers", AnswerRetrieval(), "map@20"),
    _task("entities", EntityRetrieval(), "map@20"),
    _task("translations", Retrieval(), "retrieval"),
    _task("mined", Mining(), "mining"),
)
TASKS = {task.name: task for task, _ in _MEASURED}
METRICS = {task.name: metrics for task, metrics in _MEASURED}
#: The tasks of the kept checkpoints have the rows of tasks of the same kind.
_SAME_ROWS = {"mnli": "pairs", "xnli": "pairs", "stsb": "likeness", "squad": "spans"}


class KeptRows(Source):
    """The rows of the fixture, in the fields of their kinds."""

    def __init__(self) -> None:
        """Name it."""
        self.root = None
        self.name = "kept"

    def _rows(self, task: Task, *part: str) -> RowSet:
        found: Any = ROWS[_SAME_ROWS.get(task.name, task.name)]
        for name in part:
            found = found.get(name, [])
        return RowSet(found, part[0], len(found))

    def languages(self, task: Task) -> tuple[str, ...]:
        """The languages that have test rows."""
        return tuple(ROWS[_SAME_ROWS.get(task.name, task.name)]["test"])

    def train(self, task: Task, limit: int | None = None) -> RowSet:
        """All training rows."""
        return self._rows(task, "train")

    def train_name(self, task: Task) -> str:
        """The name of the fixture."""
        return self.name

    def dev(self, task: Task, limit: int | None = None) -> RowSet:
        """All dev rows."""
        return self._rows(task, "dev")

    def test(self, task: Task, language: str, limit: int | None = None) -> RowSet:
        """All test rows of a language."""
        return self._rows(task, "test", language)

    def pool(self, task: Task, language: str) -> list[Row] | None:
        """What is retrieved from."""
        if task.name == "answers":
            return [{**row, "language": code} for code in self.languages(task) for row in self.test(task, code).rows]
        return self._rows(task, "pool").rows or None

    def gold(self, task: Task, language: str) -> list[tuple[str, str]]:
        """The pairs to be mined."""
        return [(source, target) for source, target in ROWS[task.name].get("gold", [])]


def kept_context(folder: Path, **changes: Any) -> Context:
    """A context on the base with its checkpoints, in fp32 on the CPU.

    Args:
        folder: Where the store is made.
        changes: Other values of the context's fields.
    """
    for record in sorted((KEPT / "store" / "runs").glob("*/xadapt.json")):
        shutil.copytree(record.parent, folder / "store" / "runs" / record.parent.name)
    (folder / "none").mkdir(parents=True)
    store = Store(folder / "store", shipped=folder / "none", cache_size="0")
    fixed = {"base": str(KEPT / "base"), "tasks": Catalogue(TASKS.values()), "device_name": "cpu"}
    return Context(**{"source": KeptRows(), "store": store, **fixed, "precision_name": "fp32", **changes})


def in_new_store(context: Context, folder: Path) -> Context:
    """The same context with a store that holds the kept checkpoints alone: of two of one name the newest is taken."""
    other = kept_context(folder)
    # The base need not be loaded again.
    vars(other)["backbone"] = context.backbone
    return other
