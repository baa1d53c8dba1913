"""Ctrl-C and SIGTERM: the first one lets what runs clean up and say how to go on, a second one ends the process."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
#: A wrapper that hands a signal on often does so when the terminal has sent it already: that is no second one.
_SAME = 0.5
#: Seconds after which a module that is being imported no longer holds an interruption up, and between two looks.
_IMPORT, _LOOK = 10.0, 0.02
_IMPORTS = "<frozen importlib._bootstrap>"
_SHOW_CURSOR = b"\x1b[?25h"


class _Interruption:
    """What has come so far."""

    first: int | None = None
    since = 0.0
    #: Whether the next one is the first again, for which it was not the time.
    again = False
    #: How many signals are on their way that this process has sent to itself.
    own = 0


_now = _Interruption()


def interrupted() -> bool:
    """Whether a signal has come."""
    return _now.first is not None


def exit_code() -> int:
    """The exit code of an interruption: 130 for Ctrl-C, 143 for SIGTERM."""
    return 128 + (_now.first or signal.SIGINT)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let signals raise KeyboardInterrupt while the block runs, and, if one has come, a second one end the process.

    Only in the main thread, since Python gives signals to no other; a signal that is ignored stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    hook = sys.unraisablehook
    _now.first, _now.again, _now.own = None, False, 0
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    sys.unraisablehook = lambda unraisable: _unraisable(unraisable, hook)
    try:
        yield
    finally:
        if _now.first is None:
            sys.unraisablehook = hook
            for number, handler in before.items():
                signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _now.first is not None and not _now.again:
        return
    if _now.first is None:
        _now.first, _now.since = number, time.monotonic()
        _watch()
    _now.again = False
    # Libraries import Python modules from C++ that aborts the process on any exception.
    if _imports(frame) and time.monotonic() - _now.since < _IMPORT:
        _once_more(_now.first)
        return
    raise KeyboardInterrupt


def _imports(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code.co_filename != _IMPORTS:
        frame = frame.f_back
    return frame is not None


def _once_more(number: int) -> None:
    _now.again = True
    _now.own += 1
    threading.Timer(_LOOK, signal.pthread_kill, (threading.main_thread().ident, number)).start()


def _unraisable(unraisable: Any, hook: Any) -> None:
    """Interrupt once more where the interruption came in a place that cannot raise, such as a finalizer."""
    if unraisable.exc_type is KeyboardInterrupt and _now.first is not None:
        # What is raised in here goes nowhere either.
        _once_more(_now.first)
    else:
        hook(unraisable)


def _watch() -> None:
    """Wait for a second signal in a thread, which runs while the main one is inside a library."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    threading.Thread(target=_end_at_the_next, args=(read,), daemon=True).start()


def _end_at_the_next(read: int) -> None:
    while numbers := os.read(read, 1):
        if _now.own:
            _now.own -= 1
        elif numbers[0] in _SIGNALS and time.monotonic() - _now.since > _SAME:
            if sys.stderr is not None and sys.stderr.isatty():
                # A view that moves has hidden it.
                os.write(sys.stderr.fileno(), _SHOW_CURSOR)
            os._exit(128 + numbers[0])
