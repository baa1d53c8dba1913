"""A frozen setup that teaches: what it answers for the features of a job, and what its student starts from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from xadapt.composition.answering import answer_with
from xadapt.composition.expression import Node
from xadapt.composition.grammar import parse
from xadapt.composition.heads import in_order
from xadapt.composition.loading import label_ids, put_head
from xadapt.composition.specs import is_plain
from xadapt.display import Display
from xadapt.metrics import main_score
from xadapt.tasks.languages import ENGLISH
from xadapt.training.trainable import with_new_adapter, with_weights_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xadapt.composition.builder import Assembly
    from xadapt.context import Context
    from xadapt.data.unlabelled import Unlabelled
    from xadapt.display import RowProgress
    from xadapt.problems.base import Feature
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.training.job import Job
    from xadapt.training.loop import TaskFeatures


@dataclass(frozen=True)
class Start:
    """What a student starts from.

    Attributes:
        context: Finds the setup's checkpoints.
        node: The setup whose weights and head it has; None for a fresh adapter.
        head: The checkpoint and the task of the head that a fresh adapter has; None for a fresh one.
    """

    context: Context
    node: Node | None = None
    head: tuple[Checkpoint, str] | None = None

    def __str__(self) -> str:
        if self.node is not None:
            return f"the weights and the head of {self.node}"
        if self.head is None:
            return "a fresh adapter and head"
        checkpoint, task = self.head
        return f"a fresh adapter and the head {task} of {checkpoint.setup}"


class Teacher:
    """A frozen setup that answers a job's task.

    Attributes:
        task: The task.
        setup: The setup.
        context: What runs share.
        problem: The task made concrete, as the student learns it.
        answerer: Its models.
        used: Its checkpoints, in order of loading.
    """

    def __init__(self, job: Job) -> None:
        """Find its members; they are loaded when they are first asked."""
        (self.task,) = job.plan.tasks
        self.setup, self.context = job.plan.makes.children[0], job.context
        self.problem = job.problems[self.task.name]
        self.used: list[Checkpoint] = []
        self.answerer = answer_with(
            job.context,
            self.setup,
            self.problem.task,
            max_length=self.problem.max_length,
            on_use=self._note,
        )
        self.answerer.keep(job.context.store.cache)

    def _note(self, checkpoint: Checkpoint) -> None:
        self.used.append(checkpoint)
        self.context.uses(checkpoint)

    @cached_property
    def start(self) -> Start:
        """What its student starts from: the same for the same members."""
        name, metric = self.task.name, main_score(self.task.metric)
        learnt = [one for one in self.used if is_plain(parse(one.setup).kind) and self._has(one)]
        if learnt:
            best = min(learnt, key=lambda one: (-one.scores[name][metric], one.setup, one.run))
            return Start(self.context.pinned({best.setup: best}), parse(best.setup))
        answerer = self.answerer
        every = zip(answerer.parts, answerer.assemblies, answerer.heads, answerer.orders, strict=True)
        # Heads that have the labels in another order would have to learn them anew.
        ready = [(part, assembly, head) for part, assembly, head, order in every if order is None]
        # Where none of them has learnt the task itself, English dev cannot say which is best.
        for part, assembly, head in sorted(ready, key=lambda one: (not is_plain(one[0].kind), str(one[0]))):
            if is_plain(part.kind):
                return Start(assembly.context, part)
            last = [one for one in assembly.found.used.values() if head in one.heads][-1]
            return Start(self.context, None, (last, str(head)))
        return Start(self.context)

    def _has(self, checkpoint: Checkpoint) -> bool:
        """Whether a checkpoint has learnt the task, with its labels in their order, and was measured on it."""
        name, labels = self.task.name, getattr(self.problem.task.kind, "labels", ())
        if name not in checkpoint.heads or name not in checkpoint.scores:
            return False
        return not labels or in_order(label_ids(checkpoint, name)) == labels

    def student(self, job: Job) -> Assembly:
        """What is trained."""
        start = self.start
        if start.node is None:
            assembly = with_new_adapter(replace(job, plan=replace(job.plan, under=Node("none"))))
        else:
            silent = replace(start.context, display=Display())
            assembly = with_weights_of(replace(job, context=silent, plan=replace(job.plan, under=start.node)))
        for checkpoint in self.used:
            assembly.adopt(checkpoint)
        if start.head:
            checkpoint, task = start.head
            assembly.then(partial(put_head, checkpoint=checkpoint, task=task, name=self.task.name))
        return assembly

    def taught(self, by_task: TaskFeatures, given: Mapping[str, Unlabelled]) -> TaskFeatures:
        """The features of a job's rows with what the teacher answers, and those of rows without labels behind them.

        Args:
            by_task: The features of the job's rows.
            given: By language, rows without labels.
        """
        features = by_task[self.task.name]
        with self.context.display.rows(f"asks {self.setup}") as progress:
            every = self._answered(features, features, ENGLISH, progress)
            for language, found in given.items():
                features = asked = self.problem.encode(found.rows, labelled=False)
                if found.english is not None:
                    asked = self.problem.encode(found.english, labelled=False)
                every += self._answered(features, asked, language, progress)
        return {self.task.name: every}

    def _answered(
        self, features: list[Feature], asked: list[Feature], language: str, progress: RowProgress
    ) -> list[Feature]:
        """Features with what the teacher answers for others that are the same, as in another language."""
        rows = asked[-1]["row"] + 1
        progress.start(language, rows)
        self.answerer.to(self.context.device)
        answers = self.answerer.read(asked, rows, progress.advance)
        pairs = zip(features, answers, strict=True)
        return [{**feature, "taught": self.problem.taught(answer, feature)} for feature, answer in pairs]
