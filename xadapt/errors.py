"""Errors a person can act on: one line that says what is wrong, where, and what to do."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from typing import TYPE_CHECKING

from xadapt.outside_text import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_FLAGS: ContextVar[bool] = ContextVar("flags", default=False)


@contextmanager
def options_as_flags() -> Iterator[None]:
    """While the block runs, call options what the command line calls them: ``--batch-size 8``."""
    token = _FLAGS.set(True)
    try:
        yield
    finally:
        _FLAGS.reset(token)


def option(name: str, value: object = None) -> str:
    """Call an option, for a message: by its argument's name in Python, by its flag on the command line.

    Args:
        name: The argument's name, such as ``batch_size``.
        value: What it was given or should be given, None to name it alone.
    """
    if _FLAGS.get():
        flag = f"--{name.replace('_', '-')}"
        return flag if value is None else f"{flag} {value}"
    return name if value is None else f"{name}={value}"


class XadaptError(Exception):
    """Bad input; the command line prints the message alone and exits with code 2."""

    exit_code = 2

    def __str__(self) -> str:
        # What it quotes may be a stranger's.
        return shown(super().__str__())


class RunFailed(XadaptError):
    """A run that started well and could not finish; the command line exits with code 1."""

    exit_code = 1


class Interrupted(KeyboardInterrupt):
    """A run that was interrupted; the command line exits with code 130.

    Attributes:
        kept: What is kept of it.
    """

    def __init__(self, kept: str = "what was finished is kept") -> None:
        """Say what is kept, and how to go on."""
        super().__init__(f"interrupted: {kept}; the same command goes on")
        self.kept = kept


@contextmanager
def interruption_says(kept: Callable[[], str]) -> Iterator[None]:
    """Say what is kept, and how to go on, if the block is interrupted.

    Raises:
        Interrupted: If it is. What a block inside it says, which knows more, is added.
    """
    try:
        yield
    except Interrupted as error:
        raise Interrupted(f"{kept()}, {error.kept}") from None
    except KeyboardInterrupt:
        raise Interrupted(kept()) from None


class DataFault(XadaptError):
    """Something that is wrong with data.

    Attributes:
        what: What it is, without its source.
    """

    def __init__(self, source: object, what: str, link: str = ": ") -> None:
        """Name the source and what is wrong with it, in one line.

        Args:
            source: A file or data set.
            what: What is wrong.
            link: What joins both.
        """
        super().__init__(f"{source}{link}{what}")
        self.what = what


class UnknownName(XadaptError):
    """A name that is not known.

    Attributes:
        nearest: The known name that is nearest to it, None if none is near.
    """

    def __init__(self, message: str, nearest: str | None = None) -> None:
        """Say so, in one line."""
        super().__init__(message)
        self.nearest = nearest


def reason_of(error: BaseException, longest: int = 200) -> str:
    """What a library says is wrong, in one line, to be shown and not to be read by a program.

    Args:
        error: What it raised.
        longest: Characters at most.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:longest] if lines else type(error).__name__


#: Characters of a text from outside that a message shows.
_QUOTED = 80
#: Characters of a message that is printed.
_PRINTED = 1000


def quoted(value: object, longest: int = _QUOTED) -> str:
    """Quote what was given, for a message: as Python writes it, cut where it is long.

    Args:
        value: A text, or any other value.
        longest: Characters that are shown at most.
    """
    if isinstance(value, str):
        return repr(value) if len(value) <= longest else f"{value[:longest]!r}…"
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        # A whole number with more digits than Python prints, or a value as deep as it can be.
        return f"a {type(value).__name__}"
    return text if len(text) <= longest else f"{text[:longest]}…"


def shortened(message: str, longest: int = _PRINTED) -> str:
    """A message of bounded length: the middle of a longer one is left out, since advice stands at its end.

    Args:
        message: The message.
        longest: Characters at most.
    """
    if len(message) <= longest:
        return message
    end = longest // 3
    return f"{message[: longest - end - 5]} […] {message[-end:]}"


def unknown(what: str, name: str, known: Iterable[str]) -> UnknownName:
    """Build the error for a name that is not known, with the nearest right name.

    Args:
        what: What was looked up, such as ``"task"``.
        name: The name that was given.
        known: All names that would have been right.

    Returns:
        The error, to be raised by the caller.
    """
    names = sorted(known)
    close = get_close_matches(name[:_QUOTED].lower(), {n.lower(): n for n in names}, n=1, cutoff=0.5)
    lookup = {n.lower(): n for n in names}
    if close:
        nearest = lookup[close[0]]
        return UnknownName(f"unknown {what} {quoted(name)}: did you mean {quoted(nearest)}?", nearest)
    choices = shortened(", ".join(names[:12]) + (", …" if len(names) > 12 else ""), 5 * _QUOTED)
    return UnknownName(f"unknown {what} {quoted(name)}" + (f": choose one of {choices}" if names else ""))
