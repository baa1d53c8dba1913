"""What kind of setup a row of a comparison is: no intermediate adapter, a single one, or several put together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xadapt.composition.expression import Node
from xadapt.composition.grammar import parse
from xadapt.composition.placeholder import for_any_target
from xadapt.composition.specs import family_of_kind
from xadapt.tasks.catalogue import DEFAULT


@dataclass(frozen=True)
class Family:
    """A setup, as a comparison sees it.

    Attributes:
        family: Its name (see :class:`xadapt.composition.specs.Family`). "none" is no intermediate adapter: the bare
            base, or the target's adapter alone.
            "sum" is task arithmetic, "merge" a merge of LoRA-type adapters, "soup" an average with chosen weights.
        label: The setup without the target's adapter, such as "mnli" or "fuse(mnli, squad, stsb)"; where that is a
            member, or something was learnt on its rows, it is "target", as in "fuse(mnli, squad)@target".
        with_target: Whether it has seen the target's English rows: by the target's own adapter, or because a fusion
            or soup was learnt on them.
        continued: Whether the target was learnt by training the setup's weights on, not by an adapter on top.
    """

    family: str
    label: str
    with_target: bool
    continued: bool = False


def classify(setup: str, task: str) -> Family:
    """Sort a setup into its family, as seen from a target task.

    A target's adapter on top, as in `stack(mnli, xnli)` or `continue(mnli, xnli)`, is taken off first; what is left
    decides the family. An ensemble, or another composition, whose members all have the target on top is taken apart
    member by member. A target's adapter that is itself a member, as in `fuse(mnli, xnli)`, stays in the label, as
    "target".

    Args:
        setup: The setup's expression.
        task: The name of the target task; its adapter has that name too, or that of the task it is trained as.

    Returns:
        The family. `continue(mnli, squad)`, without the target, counts as a stack: one task after another.

    Raises:
        XadaptError: If the setup is no valid expression.
    """
    node = parse(setup)
    family = family_of(node, _adapter(task))
    # A fusion can be learnt on a task's rows by the task's own name too.
    return family if family.with_target else family_of(node, task)


def _adapter(task: str) -> str:
    found = DEFAULT.get(task)
    # A result may be of a task that is not in the catalogue, such as another user's own.
    return found.adapter if found else task


def family_of(node: Node, task: str) -> Family:
    """Sort a parsed setup into its family; see `classify`."""
    rest, continued = _without_target(node, task)
    learnt_on = any(part.name == task for part in node.walk())
    label = str(for_any_target(rest, task))
    return Family(family_of_kind(rest.kind).name, label, with_target=learnt_on, continued=continued)


def _without_target(node: Node, task: str) -> tuple[Node, bool]:
    target = Node("adapter", task)
    if node == target:
        return Node("none"), False
    if node.kind in ("stack", "continue"):
        if node.children[-1] != target:
            return node, False
        below = node.children[:-1]
        return (below[0] if len(below) == 1 else Node("stack", children=below)), node.kind == "continue"
    members = [_without_target(child, task) for child in node.children]
    bare = [member for member, _ in members]
    changed = bool(bare) and all(member != child for member, child in zip(bare, node.children, strict=True))
    # What differs in its way to the target alone would have one name.
    if changed and len(set(bare)) == len(bare) and all(member.kind != "none" for member in bare):
        return replace(node, children=tuple(bare)), all(continued for _, continued in members)
    return node, False
