"""What is learnt or measured: declarations, without torch and without I/O."""

from xadapt.tasks.kinds import Kind, PairClassification, PairRegression, Retrieval, SpanQA
from xadapt.tasks.languages import LANGUAGES, Language
from xadapt.tasks.registry import all_tasks, get_task
from xadapt.tasks.task import Rows, Task

__all__ = [
    "LANGUAGES",
    "Kind",
    "Language",
    "PairClassification",
    "PairRegression",
    "Retrieval",
    "Rows",
    "SpanQA",
    "Task",
    "all_tasks",
    "get_task",
]
