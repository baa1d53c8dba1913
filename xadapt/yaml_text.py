"""YAML from outside, read within limits: plain values alone, nothing that is deep or grows as it is read."""

from __future__ import annotations

import re
from typing import Any

import yaml

from xadapt.errors import XadaptError, quoted, reason_of, shortened

#: Mappings and lists inside of each other; what people write has six.
DEEPEST = 40
#: Values in a file, those behind an alias counted wherever it stands.
MOST_VALUES = 50_000
#: Bytes of a file.
LARGEST = 1 << 20
#: Digits of a whole number; 64 bits have 19.
MOST_DIGITS = 100

_TAG = "tag:yaml.org,2002:"
_STR = f"{_TAG}str"


class NotYaml(XadaptError):
    """A text that is no YAML, or YAML that nobody should read.

    Attributes:
        line: The line, from 1; None where it is not known.
    """

    def __init__(self, what: str, line: int | None) -> None:
        """Keep the line, counted from 0 here, so that the error can name it."""
        super().__init__(what)
        self.line = None if line is None else line + 1


class _Texts(yaml.SafeLoader):
    """Leaves every value as the text that is written there, ``no`` and ``1`` included."""

    # The library's own would take ``no`` for false, 1:30 for 90, 010 for 8 and a date for what is no text.
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - the library's own

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._values = 0
        #: How many values each anchored part has that is read to its end.
        self._sizes: dict[str, int] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Read a value, an alias included, and count what it holds."""
        event: Any = self.peek_event()
        if self.check_event(yaml.AliasEvent):
            if event.anchor in self.anchors and event.anchor not in self._sizes:
                raise NotYaml(f"alias {quoted(event.anchor)} stands inside of what it names", event.start_mark.line)
            self._count(self._sizes.get(event.anchor, 1), event)
            return super().compose_node(parent, index)
        tag = getattr(event, "tag", None)
        if tag not in (None, _STR) or (tag and not isinstance(event, yaml.ScalarEvent)):
            shown = tag.replace(_TAG, "!!")
            raise NotYaml(f"tags such as {quoted(shown)} are not read: write the value plainly", event.start_mark.line)
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotYaml(f"nested too deeply (more than {DEEPEST} levels)", event.start_mark.line)
        before = self._values
        self._count(1, event)
        node = super().compose_node(parent, index)
        self._depth -= 1
        if event.anchor is not None:
            self._sizes[event.anchor] = self._values - before
        return node

    def _count(self, values: int, event: Any) -> None:
        self._values += values
        if self._values > MOST_VALUES:
            raise NotYaml(
                f"more than {MOST_VALUES:,} values, aliases counted wherever they stand", event.start_mark.line
            )


class _Values(_Texts):
    """Reads true, false, null and numbers as YAML 1.2 has them; all else is text."""


def _whole(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    if len(node.value) > MOST_DIGITS:
        raise NotYaml(f"a whole number has {len(node.value):,} digits, {MOST_DIGITS} at most", node.start_mark.line)
    return int(node.value)


_Texts.add_implicit_resolver(f"{_TAG}merge", re.compile("<<"), ["<"])
for _name, _pattern, _first in (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", "~|null|Null|NULL|", "~nN"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan", "-+.0123456789"),
):
    # The library looks for the first that fits, among those for a value's first character or for no value.
    _Values.add_implicit_resolver(f"{_TAG}{_name}", re.compile(rf"(?:{_pattern})\Z"), [*_first, ""])
_Values.add_constructor(f"{_TAG}int", _whole)


def read_yaml_text(text: str, texts: bool = False) -> tuple[yaml.Node | None, Any]:
    """Read YAML whose values are texts, numbers, true, false and null, as YAML 1.2 writes them.

    Args:
        text: The text.
        texts: Whether every value stays the text that is written there, ``true`` and ``1`` included.

    Returns:
        The parts with their lines, None for an empty text, and what they hold.

    Raises:
        NotYaml: If it is not YAML, gives a key twice, has a tag, nests deeper than 40, or has more than 50,000 values,
            those behind aliases counted wherever they stand.
    """
    try:
        loader = (_Texts if texts else _Values)(text)
        tree = loader.get_single_node()
        if tree is None:
            return None, None
        _refuse_double_keys(tree, set())
        return tree, loader.construct_document(tree)
    except yaml.reader.ReaderError as error:
        raise NotYaml(f"not YAML ({reason_of(error)})", text.count("\n", 0, error.position)) from None
    except yaml.MarkedYAMLError as error:
        why = ", ".join(part for part in (error.context, error.problem) if part)
        mark = error.problem_mark or error.context_mark
        raise NotYaml(f"not YAML ({shortened(why, 200)})", mark.line if mark else None) from None


def _refuse_double_keys(node: Any, seen: set[int]) -> None:
    if id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    # An alias is the same node again.
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _refuse_double_keys(child, seen)
        return
    keys = set()
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value in keys:
            raise NotYaml(f"{quoted(key.value)} is given twice: keep one", key.start_mark.line)
        keys.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
        _refuse_double_keys(value, seen)
