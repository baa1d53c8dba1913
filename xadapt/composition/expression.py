"""Setups as expressions: one parser, one printer.

``none``, ``mnli``, ``stack(mnli, squad)``, ``average(mnli, squad)``, ``fuse(mnli, squad)``, ``continue(mnli, xnli)``
and their nestings. The printed form is canonical (members of order-free compositions are sorted), so it can name a run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xadapt.errors import XadaptError, unknown

#: Compositions and the least number of members each takes.
COMPOSITIONS = {"stack": 2, "average": 2, "fuse": 2, "continue": 2}
_ORDER_FREE = ("average", "fuse")
_TOKEN = re.compile(r"\s*(?:([A-Za-z0-9][\w-]*)|([(),@]))")


@dataclass(frozen=True)
class Node:
    """A setup.

    Attributes:
        kind: ``none``, ``adapter`` or the name of a composition.
        name: The adapter's name when kind is ``adapter``; for a fusion that was learnt on one task's rows, that task;
            else empty.
        children: Members of a composition, bottom first for ``stack``; for ``continue`` what training started from
            and the task that it went on with.
    """

    kind: str
    name: str = ""
    children: tuple[Node, ...] = ()

    def __str__(self) -> str:
        if self.kind == "none":
            return "none"
        if self.kind == "adapter":
            return self.name
        learnt_on = f"@{self.name}" if self.name else ""
        return f"{self.kind}({', '.join(map(str, self.children))}){learnt_on}"

    def adapters(self) -> tuple[str, ...]:
        """Names of the adapters in it, from left to right, each once."""
        return tuple(dict.fromkeys(self._names()))

    def _names(self) -> Iterator[str]:
        if self.kind == "adapter":
            yield self.name
        for child in self.children:
            yield from child._names()


def adapter(name: str) -> Node:
    """A single adapter."""
    return Node("adapter", name)


def compose(kind: str, *children: Node, on: str = "") -> Node:
    """Put setups together in the canonical form; ``on`` names the one task that a fusion was learnt on.

    Raises:
        XadaptError: If there are too few members, one is named twice, or ``none`` is among them.
    """
    if kind not in COMPOSITIONS:
        raise unknown("composition", kind, COMPOSITIONS)
    if len(children) < COMPOSITIONS[kind] or (kind == "continue" and len(children) != 2):
        wanted = "two" if kind == "continue" else f"at least {COMPOSITIONS[kind]}"
        raise XadaptError(f"{kind}(…) takes {wanted} members, got {len(children)}")
    if any(child.kind == "none" for child in children):
        raise XadaptError(f"'none' cannot be a member of {kind}(…): it means no adapter at all")
    if kind == "continue" and children[1].kind != "adapter":
        raise XadaptError(f"continue(…) ends with the task that training went on with, not with {children[1]}")
    if kind == "stack":
        # stack(stack(a, b), c) is the same network as stack(a, b, c).
        flat = [part for child in children for part in (child.children if child.kind == "stack" else (child,))]
        children = tuple(flat)
    if len(set(children)) < len(children):
        twice = next(child for child in children if children.count(child) > 1)
        raise XadaptError(f"{kind}(…) names {twice} twice")
    ordered = tuple(sorted(children, key=str)) if kind in _ORDER_FREE else children
    if on and kind != "fuse":
        raise XadaptError(f"@{on} cannot follow {kind}(…): only a fusion is learnt on a task's rows")
    return Node(kind, on, ordered)


def parse(text: str) -> Node:
    """Parse an expression.

    Raises:
        XadaptError: If it is not one; says where it stops making sense.
    """
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if not match:
            where = len(text) - len(text[at:].lstrip())
            raise _fault(text, where, f"unexpected {text[where]!r}")
        tokens.append((match.group(1) or match.group(2), match.start(match.lastindex or 0)))
        at = match.end()
    if not tokens:
        raise XadaptError("the setup is empty: name an adapter, a composition such as fuse(mnli, squad), or none")
    try:
        node, rest = _node(tokens, text)
    except RecursionError:
        raise XadaptError(f"setup {text[:40]!r}… is nested too deeply") from None
    if rest:
        raise _fault(text, rest[0][1], f"{rest[0][0]!r} follows a setup that was already complete")
    return node


_Tokens = list[tuple[str, int]]


def _fault(text: str, at: int, what: object) -> XadaptError:
    return XadaptError(f"setup {text!r}, character {at + 1}: {what}")


def _node(tokens: _Tokens, text: str) -> tuple[Node, _Tokens]:
    (head, at), rest = tokens[0], tokens[1:]
    if head in "(),@":
        raise _fault(text, at, f"a name was expected where {head!r} stands")
    if not rest or rest[0][0] != "(":
        if head in COMPOSITIONS:
            raise _fault(text, at, f"{head} needs members, as in {head}(mnli, squad)")
        return (Node("none") if head == "none" else adapter(head)), rest
    if head not in COMPOSITIONS:
        raise _fault(text, at, unknown("composition", head, COMPOSITIONS))
    children, opened, separator = [], rest[0][1], "("
    while rest and rest[0][0] == separator:
        if len(rest) < 2:
            raise _fault(text, opened, "a bracket is not closed")
        child, rest = _node(rest[1:], text)
        children.append(child)
        separator = ","
    if not rest:
        raise _fault(text, opened, "a bracket is not closed")
    if rest[0][0] != ")":
        raise _fault(text, rest[0][1], f"a comma or a closing bracket was expected where {rest[0][0]!r} stands")
    rest, on = rest[1:], ""
    if rest and rest[0][0] == "@":
        if len(rest) < 2 or rest[1][0] in "(),@":
            raise _fault(text, rest[0][1], "the name of a task must follow '@'")
        on, rest = rest[1][0], rest[2:]
    try:
        return compose(head, *children, on=on), rest
    except XadaptError as error:
        raise _fault(text, at, error) from None
