"""What kind of setup a row of a comparison is: no intermediate adapter, a single one, or several put together."""

from __future__ import annotations

from dataclasses import dataclass

from xadapt.composition.expression import Node, parse
from xadapt.errors import XadaptError
from xadapt.tasks import get_task

#: In the order in which a comparison lists them.
FAMILIES = ("none", "single", "stack", "average", "multitask", "ensemble", "fuse")


@dataclass(frozen=True)
class Family:
    """A setup, as a comparison sees it.

    Attributes:
        family: One of `FAMILIES`. "none" is no intermediate adapter: the bare base, or the target's adapter alone.
        label: The setup without the target's adapter, such as "mnli" or "fuse(mnli, squad, stsb)".
        with_target: Whether the target's own adapter is in it, so that it was trained on the target's English rows.
        continued: Whether the target was learnt by training the setup's weights on, not by an adapter on top.
    """

    family: str
    label: str
    with_target: bool
    continued: bool = False


def classify(setup: str, task: str) -> Family:
    """Sort a setup into its family, as seen from a target task.

    A target's adapter on top, as in `stack(mnli, xnli)` or `continue(mnli, xnli)`, is taken off first; what is left
    decides the family. An ensemble or average whose members all have the target on top is taken apart member by member.
    A target's adapter that is itself a member, as in `fuse(mnli, xnli)`, stays in the label.

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
    try:
        return get_task(task).adapter
    except XadaptError:
        # A result of a task that is not known here, such as another user's own.
        return task


def family_of(node: Node, task: str) -> Family:
    """Sort a parsed setup into its family; see `classify`."""
    rest, continued = _without_target(node, task)
    family = _family(rest)
    return Family(family, str(rest), with_target=task in node.adapters() or _learnt_on(node, task), continued=continued)


def _learnt_on(node: Node, task: str) -> bool:
    """Whether a fusion in the setup was learnt on the target's English rows."""
    return (node.kind == "fuse" and node.name == task) or any(_learnt_on(child, task) for child in node.children)


def _family(node: Node) -> str:
    if node.kind == "adapter":
        return "single"
    return "stack" if node.kind == "continue" else node.kind


def _without_target(node: Node, task: str) -> tuple[Node, bool]:
    if node.kind == "adapter" and node.name == task:
        return Node("none"), False
    if node.kind in ("stack", "continue") and node.children[-1] == Node("adapter", task):
        below = node.children[:-1]
        return (below[0] if len(below) == 1 else Node("stack", children=below)), node.kind == "continue"
    if node.kind in ("average", "ensemble", "fuse"):
        members = [_without_target(child, task) for child in node.children]
        bare = [member for member, _ in members]
        changed = all(member != child for member, child in zip(bare, node.children, strict=True))
        if changed and all(member.kind != "none" for member in bare):
            return Node(node.kind, node.name, tuple(bare)), all(continued for _, continued in members)
    return node, False
