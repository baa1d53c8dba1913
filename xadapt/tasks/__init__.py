"""What is learnt or measured: declarations, without torch and without I/O."""

from xadapt.tasks.catalogue import Catalogue, all_tasks, get_task
from xadapt.tasks.kinds import (
    AnswerRetrieval,
    EntityRetrieval,
    Kind,
    Mining,
    MultipleChoice,
    PairClassification,
    PairRegression,
    Retrieval,
    Row,
    SpanQA,
    Tagging,
    TextClassification,
)
from xadapt.tasks.languages import LANGUAGES, Language
from xadapt.tasks.task import Rows, Task

__all__ = [
    "LANGUAGES",
    "AnswerRetrieval",
    "Catalogue",
    "EntityRetrieval",
    "Kind",
    "Language",
    "Mining",
    "MultipleChoice",
    "PairClassification",
    "PairRegression",
    "Retrieval",
    "Row",
    "Rows",
    "SpanQA",
    "Tagging",
    "Task",
    "TextClassification",
    "all_tasks",
    "get_task",
]
