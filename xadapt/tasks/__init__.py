"""What is learnt or measured: declarations, without torch and without I/O."""

from xadapt.tasks.kinds import (
    AnswerRetrieval,
    EntityRetrieval,
    Kind,
    Mining,
    MultipleChoice,
    PairClassification,
    PairRegression,
    Retrieval,
    SpanQA,
    Tagging,
    TextClassification,
)
from xadapt.tasks.languages import LANGUAGES, Language
from xadapt.tasks.registry import all_tasks, get_task, register
from xadapt.tasks.task import Rows, Task

__all__ = [
    "LANGUAGES",
    "AnswerRetrieval",
    "EntityRetrieval",
    "Kind",
    "Language",
    "Mining",
    "MultipleChoice",
    "PairClassification",
    "PairRegression",
    "Retrieval",
    "Rows",
    "SpanQA",
    "Tagging",
    "Task",
    "TextClassification",
    "all_tasks",
    "get_task",
    "register",
]
