"""A composition explained on a task's rows: which member a fusion attends to, and how alike the members are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from xadapt.composition.builder import assemble
from xadapt.composition.specs import composition_of, has_chosen_weights
from xadapt.errors import XadaptError
from xadapt.evaluation.evaluate import EvalSettings
from xadapt.explain.attention import Attention
from xadapt.explain.similarity import Similarity
from xadapt.explain.watching import Meters, run_rows, watch_fusion, watch_members
from xadapt.problems.base import bind
from xadapt.tasks.languages import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters import XLMRobertaAdapterModel

    from xadapt.composition.expression import Node
    from xadapt.context import Context
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.tasks import Task


#: Raised by hand whenever the same setup and rows come to give other figures; a part of an explanation's hash.
REVISION = 1


@dataclass(frozen=True)
class LanguageFigures:
    """One language.

    Attributes:
        rows: Rows that were run.
        available: Rows that there are.
        split: Their split.
        tokens: Their tokens, special ones included, padding not.
        attention: What the fusion attends to; None for a setup without one.
        similarity: How alike the members are.
    """

    rows: int
    available: int
    split: str
    tokens: int
    attention: Attention | None
    similarity: Similarity


class Facts(TypedDict):
    """What decided an explanation's figures: rows, base, hardware, and the run of each checkpoint by expression."""

    task: str
    base: str
    data: str
    seed: int
    limit: int | None
    max_length: int
    precision: str
    checkpoints: dict[str, str]


@dataclass(frozen=True, repr=False)
class Explanation:
    """A composition on a task.

    Attributes:
        setup: The setup that was given.
        explained: The fusion or other composition in it that is explained.
        fused: Whether it is a fusion.
        members: Its members, in the order of all arrays.
        layers: Names of the layers, in the order of all arrays, which have one entry more: the mean over layers.
        languages: By language, English first.
        facts: What decided the figures.
    """

    setup: str
    explained: str
    fused: bool
    members: tuple[str, ...]
    layers: tuple[str, ...]
    languages: dict[str, LanguageFigures]
    facts: Facts

    @property
    def statements(self) -> list[str]:
        """What the figures say, a sentence or two a line."""
        from xadapt.explain.statements import statements

        return statements(self)

    def __repr__(self) -> str:
        return "\n".join([f"{self.facts['task']}: {self.setup}", *self.statements])

    @property
    def uniform(self) -> float:
        """The weight of each member if all had the same."""
        return 1 / len(self.members)

    def attention(self, language: str = "") -> Attention:
        """What the fusion attends to in a language; without one, the mean over languages, each weighing the same."""
        every = [figures.attention for figures in self.languages.values() if figures.attention]
        if language:
            found = self.languages[language].attention
            every = [found] if found else []
        weights = np.mean([one.weights for one in every], axis=0)
        # The spread of all rows together: within languages, and between their means.
        variance = np.mean([one.spread**2 + (one.weights - weights) ** 2 for one in every], axis=0)
        return Attention(weights, np.sqrt(variance), np.mean([one.entropy for one in every], axis=0))

    def similarity(self, language: str = "") -> Similarity:
        """How alike the members are in a language; without one, the mean over languages, each weighing the same."""
        every = [self.languages[code].similarity for code in ([language] if language else self.languages)]
        return Similarity(np.mean([one.cka for one in every], axis=0), np.mean([one.cosine for one in every], axis=0))

    def unlike_english(self, language: str) -> tuple[int, int, float]:
        """Where a language is most unlike English: layer, member, and the difference of weights there."""
        here, english = self.attention(language).weights, self.attention(ENGLISH).weights
        differences = (here - english)[:-1]
        layer, member = np.unravel_index(np.abs(differences).argmax(), differences.shape)
        return int(layer), int(member), float(differences[layer, member])

    def pair_name(self, i: int, j: int) -> str:
        """Two members by name."""
        return f"{self.members[i]} – {self.members[j]}"


def explained_part(node: Node) -> Node:
    """The part of a setup that is explained: its fusion or gates, else the outermost composition side by side.

    Raises:
        XadaptError: If nothing is put together, or there are several fusions or gates.
    """
    if node.kind == "ensemble":
        return node
    if has_chosen_weights(node.kind):
        raise XadaptError(
            f"{node} is several models, whose weights are in its checkpoint: explain one of them, or how alike they "
            f"are, as the ensemble of them"
        )
    parts = list(_inside(node))
    learnt = [part for part in parts if part.kind in ("fuse", "gate")]
    if len(learnt) > 1:
        what = "fusions" if all(part.kind == "fuse" for part in learnt) else "fusions or gates"
        raise XadaptError(f"{node} holds {len(learnt)} {what}: explain a setup with one, such as {learnt[0]}")
    if learnt:
        return learnt[0]
    if not parts:
        what = {"none": "the bare base", "stack": "one adapter on another"}.get(node.kind, "one adapter")
        raise XadaptError(f"{node} is {what}: nothing is put together; explain a setup such as fuse(mnli, squad)")
    return parts[0]


def _inside(node: Node) -> Iterator[Node]:
    spec = composition_of(node.kind)
    if spec and spec.side_by_side:
        yield node
    if spec and not spec.opaque:
        for child in node.children:
            yield from _inside(child)


def explain(
    context: Context, node: Node, task: Task, languages: str = "all", settings: EvalSettings | None = None
) -> Explanation:
    """Explain a setup on a task's test rows.

    A fusion runs inside the setup, so that its members read the same inputs. The members of another
    composition are compared on the bare base: each reads the base's own hidden states at every layer.

    Args:
        context: Base, rows, store, hardware, seed and display.
        node: The setup.
        task: A task with test rows; no head for it is needed.
        languages: ``all`` or codes separated by commas.
        settings: How; the layer is of no account.

    Raises:
        XadaptError: If nothing is put together, or the setup, the data or a language is wrong.
    """
    settings = settings or EvalSettings()
    part = explained_part(node)
    precision, fused = context.precision, part.kind == "fuse"
    wanted = context.source.pick_languages(task, languages)
    problem = bind(task, context.backbone, settings.max_length)
    used: dict[str, str] = {}

    def note(checkpoint: Checkpoint) -> None:
        used[checkpoint.setup] = checkpoint.run
        context.uses(checkpoint)

    def load(setup: Node) -> XLMRobertaAdapterModel:
        return assemble(context, setup, note).model.to(context.device)

    watch = watch_fusion(load(node)) if fused else watch_members([load(child) for child in part.children])
    figures = {}
    with context.display.rows(f"{task.name} {node}") as progress:
        for language in wanted:
            row_set = context.source.test(task, language, settings.limit)
            progress.start(language, len(row_set.rows))
            meters = Meters(len(row_set.rows), len(watch.layers), len(part.children), fused)
            with watch.hooks(meters) as model:
                run_rows(model, problem, row_set.rows, precision, meters, progress.advance)
            figures[language] = LanguageFigures(
                rows=len(row_set.rows),
                available=row_set.available,
                split=row_set.split,
                tokens=meters.count,
                attention=meters.attention.result() if meters.attention else None,
                similarity=meters.similarity.result(),
            )
    facts: Facts = {
        "task": task.name,
        "base": context.backbone.name,
        "data": context.source.name,
        "seed": context.seed,
        "limit": settings.limit,
        "max_length": problem.max_length,
        "precision": precision,
        "checkpoints": used,
    }
    members = tuple(str(child) for child in part.children)
    return Explanation(str(node), str(part), fused, members, tuple(watch.layers), figures, facts)
