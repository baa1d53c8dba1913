"""The grammar of setups.

``none``, ``mnli``, ``stack(mnli, squad)``, ``average(0.7*mnli, 0.3*squad)``, ``mnli + squad - stsb``,
``fuse(mnli, squad, rank=16)@xnli``, ``ensemble(mnli, squad)``, ``multitask(mnli, squad)``, ``greedy_soup(a, b)@xnli``,
``gate(a, b)@xnli``, ``greedy_ensemble(a, b)@xnli``, ``ties(a, b, density=0.5)``, ``continue(mnli, xnli)``,
``runs(mnli, n=3)`` and their nestings.
"""

from __future__ import annotations

import re

from xadapt.composition.expression import Node, adapter, add, compose
from xadapt.composition.specs import words
from xadapt.errors import XadaptError, quoted, unknown

_TOKEN = re.compile(
    r"\s*(?:(?P<option>[A-Za-z_]\w*)\s*=\s*(?P<value>[^\s,()=]+)"
    r"|(?P<number>\d*\.?\d+(?:[eE][+-]?\d+)?)\s*\*"
    r"|(?P<name>[A-Za-z0-9][\w-]*)|(?P<sign>[(),@+-]))"
)


#: Characters of a setup, and brackets inside of each other; what people write has some hundred and five.
_LONGEST, _DEEPEST = 10_000, 50
#: Characters of an adapter's name.
_LONGEST_NAME = 100
#: The largest weight of a term.
_LARGEST = 1_000_000


class _Token:
    """A piece of the text.

    Attributes:
        kind: ``option``, ``number``, ``name`` or ``sign``.
        text: Its characters.
        at: Its position in the text.
        value: An option's value.
    """

    def __init__(self, match: re.Match[str]) -> None:
        self.kind = next(key for key in ("option", "number", "name", "sign") if match[key])
        self.text, self.at, self.value = match[self.kind], match.start(self.kind), match["value"]


def parse(text: str) -> Node:
    """Parse an expression.

    Raises:
        XadaptError: If it is not one; names the character.
    """
    if len(text) > _LONGEST:
        raise XadaptError(f"setup {quoted(text)} has {len(text):,} characters: {_LONGEST:,} are the most")
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if not match:
            where = len(text) - len(text[at:].lstrip())
            raise _fault(text, where, f"unexpected {text[where]!r}")
        tokens.append(_Token(match))
        at = match.end()
    if not tokens:
        raise XadaptError("the setup is empty: name an adapter, a composition such as fuse(mnli, squad), or none")
    try:
        reader = _Reader(text, tokens)
        node = reader.sum()
    except RecursionError:
        raise _too_deep(text) from None
    left = reader.next()
    if left:
        raise _fault(text, left.at, f"{left.text!r} follows a setup that was already complete")
    return node


def _fault(text: str, at: int, what: object) -> XadaptError:
    return XadaptError(f"setup {quoted(text, 200)}, character {at + 1}: {what}")


def _too_deep(text: str) -> XadaptError:
    return XadaptError(f"setup {quoted(text)} is nested too deeply (more than {_DEEPEST} levels)")


class _Reader:
    """Reads tokens from left to right, one method a rule."""

    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self.text, self.tokens, self.at, self.depth = text, tokens, 0, 0

    def next(self) -> _Token | None:
        """The token that is to be read."""
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, signs: str) -> _Token | None:
        """Read the next token if it is one of these signs."""
        token = self.next()
        if token and token.kind == "sign" and token.text in signs:
            self.at += 1
            return token
        return None

    def fault(self, token: _Token | None, what: object) -> XadaptError:
        return _fault(self.text, token.at if token else len(self.text), what)

    def sum(self) -> Node:
        """``[-] term {+|- term}``."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _too_deep(self.text)
        node = self._terms()
        self.depth -= 1
        return node

    def _terms(self) -> Node:
        first = self.next()
        sign = self.take("+-")
        terms = []
        while True:
            weight, node = self.term()
            terms.append((-weight if sign and sign.text == "-" else weight, node))
            sign = self.take("+-")
            if sign is None:
                break
        if len(terms) == 1 and terms[0][0] == 1:
            return terms[0][1]
        try:
            return add(terms)
        except XadaptError as error:
            raise self.fault(first, error) from None

    def term(self) -> tuple[float, Node]:
        """``[number *] setup``."""
        token = self.next()
        if token and token.kind == "number":
            self.at += 1
            weight = float(token.text)
            if weight > _LARGEST:
                raise self.fault(token, f"a weight is {_LARGEST:,} at most")
            return weight, self.setup()
        return 1.0, self.setup()

    def setup(self) -> Node:
        """A name, a composition or a sum in brackets."""
        token = self.next()
        bracket = self.take("(")
        if bracket:
            node = self.sum()
            if not self.take(")"):
                raise self.fault(bracket, "a bracket is not closed")
            return node
        if token is None or token.kind != "name":
            shown = f"where {quoted(token.text)} stands" if token else "at the end"
            raise self.fault(token, f"a name was expected {shown}")
        if len(token.text) > _LONGEST_NAME:
            raise self.fault(token, f"a name has {_LONGEST_NAME} characters at most")
        self.at += 1
        opened = self.take("(")
        names = set(words())
        if token.text in names and not opened:
            raise self.fault(token, f"{token.text} needs members, as in {token.text}(mnli, squad)")
        if not opened:
            return Node("none") if token.text == "none" else adapter(token.text)
        if token.text not in names:
            raise self.fault(token, unknown("composition", token.text, names))
        children, options = self.members(opened)
        on = self.learnt_on()
        try:
            return compose(token.text, *children, on=on, options=options)
        except XadaptError as error:
            raise self.fault(token, error) from None

    def members(self, opened: _Token) -> tuple[list[Node], dict[str, float]]:
        """Members and options up to the closing bracket."""
        children: list[Node] = []
        options: dict[str, float] = {}
        while True:
            token = self.next()
            if token is None:
                raise self.fault(opened, "a bracket is not closed")
            if token.kind == "option":
                self.at += 1
                try:
                    options[token.text] = float(token.value)
                except ValueError:
                    raise self.fault(token, f"{token.text} is not a number ({quoted(token.value)})") from None
            else:
                children.append(self.sum())
            if self.take(")"):
                return children, options
            if not self.take(","):
                wrong = self.next()
                if wrong is None:
                    raise self.fault(opened, "a bracket is not closed")
                raise self.fault(wrong, f"a comma or a closing bracket was expected where {wrong.text!r} stands")

    def learnt_on(self) -> str:
        """``[@ task]``."""
        sign = self.take("@")
        if not sign:
            return ""
        token = self.next()
        if token is None or token.kind != "name":
            raise self.fault(sign, "the name of a task must follow '@'")
        self.at += 1
        return token.text
