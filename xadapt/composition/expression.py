"""Setups as expressions in a canonical form that names runs (:mod:`xadapt.composition.grammar` reads it)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from xadapt.composition.specs import Composition, composition_of, has_chosen_weights, is_plain, is_several, words
from xadapt.errors import XadaptError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The largest option that is a whole number, such as a rank.
_LARGEST = 100_000
#: The word for several runs of one setup, and how far apart their seeds are.
RUNS, _APART = "runs", 1000
#: Models that an ensemble may become.
_MODELS = 1000


@dataclass(frozen=True)
class Node:
    """A setup.

    Attributes:
        kind: ``none``, ``adapter``, ``sum`` or the name of a composition.
        name: The adapter's name when kind is ``adapter``; for a fusion, gates or a soup that was learnt on one task's
            rows, that task; else empty.
        children: Members of a composition, bottom first for ``stack``; for ``continue`` what training started from
            and the task that it went on with.
        weights: The coefficient of each member of a sum, an average or a merge; empty when none were given.
        options: What else decides a composition, such as ``("rank", 16.0)``, sorted.
    """

    kind: str
    name: str = ""
    children: tuple[Node, ...] = ()
    weights: tuple[float, ...] = ()
    options: tuple[tuple[str, float], ...] = ()

    def __str__(self) -> str:
        if self.kind == "none":
            return "none"
        if self.kind == "adapter":
            return self.name
        weights = self.weights or (1.0,) * len(self.children)
        if self.kind == "sum":
            terms = [("- " if w < 0 else "+ ") + _times(abs(w), c) for w, c in zip(weights, self.children, strict=True)]
            first, *rest = terms
            return " ".join([first.removeprefix("+ ") if weights[0] > 0 else f"-{first[2:]}", *rest])
        inside = [_times(weight, child) for weight, child in zip(weights, self.children, strict=True)]
        inside += [f"{key}={value:g}" for key, value in self.options]
        learnt_on = f"@{self.name}" if self.name else ""
        return f"{self.kind}({', '.join(inside)}){learnt_on}"

    def option(self, key: str) -> float | None:
        """The value of an option, None if it was not given."""
        return dict(self.options).get(key)

    @property
    def models(self) -> tuple[Model, ...]:
        """The models that answer side by side: those of an ensemble's members, runs of a setup, or itself alone.

        Where weights are chosen, all that they are chosen among.
        """
        if self.kind == RUNS:
            return tuple(Model(self.children[0], run) for run in range(int(self.option("n") or 0)))
        if is_several(self.kind):
            return tuple(model for child in self.children for model in child.models)
        return (Model(self),)

    @property
    def parts(self) -> tuple[Node, ...]:
        """The setups of its models."""
        return tuple(model.setup for model in self.models)

    def adapters(self) -> tuple[str, ...]:
        """Names of the adapters in it, from left to right, each once."""
        return tuple(dict.fromkeys(node.name for node in self.walk() if node.kind == "adapter"))

    def walk(self) -> Iterator[Node]:
        """All setups inside it, members before what is made of them, itself last."""
        for child in self.children:
            yield from child.walk()
        yield self


@dataclass(frozen=True)
class Model:
    """One of the models that answer side by side.

    Attributes:
        setup: Its setup.
        run: Which run of the setup it is, from 0; None for whichever is preferred.
    """

    setup: Node
    run: int | None = None

    @property
    def name(self) -> str:
        """What its own checkpoint is called among those of all models."""
        return named_run(str(self.setup), self.run or 0)


def named_run(setup: str, run: int) -> str:
    """What the checkpoint of a run of a setup is called where there are several; the first has the setup's name."""
    return f"{setup}, run {run + 1}" if run else setup


def run_of_name(name: str) -> tuple[str, int]:
    """The setup and the run, from 0, that :func:`named_run` made a name of."""
    setup, _, number = name.partition(", run ")
    return setup, int(number) - 1 if number else 0


def seed_of_run(seed: int, run: int) -> int:
    """The seed of a run of a setup, from that of the first."""
    return seed + _APART * run


def _times(weight: float, node: Node) -> str:
    return str(node) if weight == 1 else f"{weight:g}*{node}"


def adapter(name: str) -> Node:
    """A single adapter."""
    return Node("adapter", name)


def uses_unlabelled(node: Node) -> bool:
    """Whether something in a setup has learnt from unlabelled rows of target languages, so that it is not zero-shot."""
    return any(part.option("unlabelled") for part in node.walk())


def add(terms: list[tuple[float, Node]]) -> Node:
    """A linear combination of adapters in weight space, as in task arithmetic; one term of weight 1 is that term.

    Raises:
        XadaptError: If a term is not one adapter in weight space, or nothing is left of it.
    """
    total: dict[Node, float] = {}
    for weight, node in terms:
        inner = zip(node.weights, node.children, strict=True) if node.kind == "sum" else [(1.0, node)]
        for inside, child in inner:
            _check_plain("a sum", child)
            total[child] = total.get(child, 0.0) + weight * inside
    rounded = ((_printed(w), node) for node, w in total.items())
    kept = sorted(((w, node) for w, node in rounded if w), key=lambda term: (term[0] < 0, str(term[1])))
    if not kept:
        raise XadaptError("nothing is left of the sum: its terms cancel out")
    if len(kept) == 1 and kept[0][0] == 1:
        return kept[0][1]
    return Node("sum", "", tuple(node for _, node in kept), tuple(weight for weight, _ in kept))


def compose(kind: str, *children: Node, on: str = "", options: dict[str, float] | None = None) -> Node:
    """Put setups together in the canonical form.

    Args:
        kind: The name of a composition.
        children: The members; where a composition takes weights, a single weighted term is its member with a weight.
        on: The one task that a fusion or a soup is learnt on.
        options: Options of the composition, such as ``rank``.

    Raises:
        XadaptError: If there are too few members, one is named twice, or cannot be a member; or for a wrong option.
    """
    spec = composition_of(kind)
    if spec is None or not spec.as_word:
        raise unknown("composition", kind, words())
    if len(children) < spec.least or len(children) > (spec.most or len(children)):
        exact = {1: "one member", 2: "two members"}.get(spec.least) if spec.most == spec.least else None
        raise XadaptError(f"{kind}(…) takes {exact or f'at least {spec.least} members'}, got {len(children)}")
    _check_learnt_on(spec, on)
    weights: tuple[float, ...] = ()
    if spec.weighted:
        children, weights = _unwrapped(children)
    for child in children:
        _check_member(spec, child)
    if spec.members == "any":
        # stack(stack(a, b), c) is the same network as stack(a, b, c).
        parts = ((child.children if child.kind == kind and spec.most is None else (child,)) for child in children)
        children = tuple(part for some in parts for part in some)
    if len(set(children)) < len(children):
        twice = next(child for child in children if children.count(child) > 1)
        raise XadaptError(f"{kind}(…) names {twice} twice")
    if spec.members == "any" and not spec.keeps_ensembles and any(child.kind == "ensemble" for child in children):
        return _spread(kind, children)
    checked = _checked(spec, options or {})
    weights = weights if spec.weighted else (1.0,) * len(children)
    order = range(len(children)) if spec.ordered else sorted(range(len(children)), key=lambda i: str(children[i]))
    node = Node(kind, on, tuple(children[i] for i in order), tuple(weights[i] for i in order), checked)
    spec.check(node)
    equal = len(set(node.weights)) == 1 and (kind == "average" or node.weights[0] == 1)
    return replace(node, weights=()) if equal else node


def _unwrapped(children: tuple[Node, ...]) -> tuple[tuple[Node, ...], tuple[float, ...]]:
    alone = [child.kind == "sum" and len(child.children) == 1 for child in children]
    members = tuple(child.children[0] if single else child for child, single in zip(children, alone, strict=True))
    return members, tuple(c.weights[0] if single else 1.0 for c, single in zip(children, alone, strict=True))


def _spread(kind: str, children: tuple[Node, ...]) -> Node:
    # What is stacked on an ensemble is stacked on each of its members, with an adapter and a head of its own.
    choices = [child.children if child.kind == "ensemble" else (child,) for child in children]
    models = math.prod(map(len, choices))
    if models > _MODELS:
        raise XadaptError(f"{kind}(…) of these ensembles is {models:,} models: {_MODELS} are the most")
    return compose("ensemble", *(compose(kind, *parts) for parts in product(*choices)))


def _check_member(spec: Composition, child: Node) -> None:
    kind = spec.name
    if child.kind == "none":
        raise XadaptError(f"'none' cannot be a member of {kind}(…): it means no adapter at all")
    if spec.members == "tasks" and child.kind != "adapter":
        raise XadaptError(f"{child} cannot be a member of {kind}(…): it names tasks that one adapter is trained on")
    if is_several(child.kind) and not spec.keeps_ensembles:
        _check_several(spec, child)
    if spec.members == "plain":
        _check_plain(f"{kind}(…)", child)


def _check_several(spec: Composition, child: Node) -> None:
    kind, wrong = spec.name, f"{child} cannot be a member of {spec.name}(…)"
    if has_chosen_weights(child.kind):
        raise XadaptError(f"{wrong}: its weights were chosen for its members as they are, and it has no adapter")
    if has_chosen_weights(kind):
        raise XadaptError(f"{wrong}: it is several models; name setups that are one model each")
    if child.kind == RUNS and kind != "ensemble":
        raise XadaptError(f"{wrong}: write runs({kind}(…), n=3), several runs of that")
    if child.kind == "ensemble" and spec.members != "any":
        raise XadaptError(f"{wrong}: an ensemble has no adapter of its own to combine")


def _check_plain(where: str, child: Node) -> None:
    if not is_plain(child.kind):
        raise XadaptError(
            f"{child} cannot be a member of {where}: only single adapters, their averages, sums, soups and merges are "
            "one adapter in weight space"
        )


def _check_learnt_on(spec: Composition, on: str) -> None:
    kind = spec.name
    if on and spec.learnt_on == "never":
        raise XadaptError(f"@{on} cannot follow {kind}(…): it is not learnt on a task's rows, as fusions and soups are")
    if spec.learnt_on == "must" and not on:
        raise XadaptError(f"{kind}(…) needs the task {spec.why_learnt}: {kind}(…)@TASK")


def _checked(spec: Composition, options: dict[str, float]) -> tuple[tuple[str, float], ...]:
    kind, largest = spec.name, spec.options
    for key, value in options.items():
        if not largest:
            raise XadaptError(f"{kind}(…) takes no options")
        if key not in largest:
            raise unknown(f"option of {kind}(…)", key, largest)
        whole = largest[key] == math.inf
        if not 0 < value <= (_LARGEST if whole else largest[key]) or (whole and value != int(value)):
            wanted = f"a whole number from 1 to {_LARGEST}" if whole else f"above 0 and at most {largest[key]:g}"
            raise XadaptError(f"{key}={value:g} in {kind}(…) must be {wanted}")
    return tuple(sorted((key, _printed(value)) for key, value in options.items()))


def _printed(weight: float) -> float:
    # Weights that differ must be printed differently, because the printed form names runs.
    return float(f"{weight:g}")
