r"""Texts from outside, shown so that they cannot steer what shows them.

A label, a name or a row of somebody else may hold control characters, which move the cursor of a terminal, recolour it
or write to its clipboard, and marks of direction, which let a line read as another. Shown, they are escapes like
``\x1b``. :class:`~xadapt.errors.XadaptError` and the consoles that :func:`console` makes go through here, so that who
prints need not think of it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

#: Controls without tab and line feed; separators of lines; marks of direction; marks that nobody sees; lone surrogates.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
_LINE_FEED = "\n"
#: Ends of lines, tags, code, links and cells.
_MEANING = re.compile(r"[\x00-\x1f\x7f-\x9f<>`|\[\]\\]+")


def shown(text: str, lines: bool = False) -> str:
    """A text with escapes for what would steer a terminal.

    Args:
        text: The text.
        lines: Whether it may have several lines.
    """
    safe = _STEERING.sub(_escaped, text)
    return safe if lines else safe.replace(_LINE_FEED, r"\n")


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def plain(text: str) -> str:
    """A name as it stands in sentences that are shown everywhere: what would mean something to a page is a dash."""
    return _MEANING.sub("-", text)


def shown_json(text: str) -> str:
    """JSON with its own escapes for what would steer a terminal: the same to a program."""
    # Outside of strings JSON has none of these characters.
    return _STEERING.sub(lambda found: "".join(f"\\u{unit:04x}" for unit in _units(found[0])), text)


def _units(character: str) -> Iterator[int]:
    data = character.encode("utf-16-be", errors="surrogatepass")
    return (int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))


def console(**options: Any) -> Console:
    """A console of rich that shows every text so, wherever in a table or a bar it stands.

    Args:
        options: Those of :class:`rich.console.Console`.
    """
    made: Console = _console_class()(**options)
    return made


@cache
def _console_class() -> Any:
    from rich.console import Console
    from rich.segment import Segment

    class SafeConsole(Console):
        """Escapes what is laid out; the codes that rich itself writes come later."""

        def render(self, renderable: Any, options: Any = None) -> Any:
            for segment in super().render(renderable, options):
                text, style, control = segment
                yield segment if control else Segment(shown(text, lines=True), style)

        def on_broken_pipe(self) -> None:
            """Leave it to the caller what an output means that nobody reads; rich would end the program."""
            raise BrokenPipeError

    return SafeConsole
