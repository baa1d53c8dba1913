"""The way into the command line and out of it: signals, errors in one line, exit codes."""

from __future__ import annotations

import errno
import os
import sys
from typing import NoReturn

from xadapt.cli.interruption import exit_code, interrupted, interruptible
from xadapt.errors import Interrupted, XadaptError, quoted, shortened
from xadapt.outside_text import shown

#: As of a program that a closed pipe ends.
_CLOSED_PIPE = 141
#: What the system says of a name that no file can have.
_NO_NAMES = (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL)


def main(arguments: list[str] | None = None) -> None:
    """Run a command; errors are one line and an exit code.

    They are 2 for bad input, 1 for a failed run, 130 for Ctrl-C, 143 for SIGTERM and 141 if nobody reads the output.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    try:
        with interruptible():
            # Typer takes a while to load, in which a person may change their mind too.
            from xadapt.cli.app import run_command

            code = run_command(arguments)
            if sys.stdout is not None:
                sys.stdout.flush()
    except KeyboardInterrupt as error:
        _fail(str(error if isinstance(error, Interrupted) else Interrupted()), exit_code())
    except Exception as error:
        if os.environ.get("XADAPT_DEBUG"):
            raise
        if interrupted():
            # A library has made an error of its own of it.
            _fail(str(Interrupted()), exit_code())
        _tell(error)
    sys.exit(code)


def _tell(error: Exception) -> NoReturn:
    """End with what an error says, if it is one that a person can act on."""
    match error:
        case XadaptError():
            _fail(str(error), error.exit_code)
        case BrokenPipeError():
            _write_no_more()
            sys.exit(_CLOSED_PIPE)
        case OSError():
            # The output, for one; what is written to a store says more of itself.
            _write_no_more()
            named = f": {quoted(str(error.filename))}" if error.filename else ""
            _fail(f"{error.strerror or error}{named}", 2 if error.errno in _NO_NAMES else 1)
        case _:
            raise error


def _fail(message: str, code: int) -> NoReturn:
    print(f"error: {shortened(shown(message))}", file=sys.stderr)
    sys.exit(code)


def _write_no_more() -> None:
    """Let what is still to be written to an output that takes no more go nowhere, and not into an error at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        if sys.stdout is not None:
            os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        # Not a file of the system.
        pass
    finally:
        os.close(nowhere)
