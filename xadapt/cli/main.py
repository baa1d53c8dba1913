"""The command line: parse, one call of the session, print."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

from xadapt import __version__
from xadapt.cli import data, evaluate, explain, hub, info, portable, predict, report, run, store, suite, train
from xadapt.cli.groups import Group
from xadapt.errors import XadaptError, options_as_flags, shortened
from xadapt.outside_text import shown

_INTERRUPTED = 130

app = typer.Typer(
    name="xadapt",
    cls=Group,
    help="Adapters for cross-lingual transfer: train in English, put adapters together, measure zero-shot.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        print(f"xadapt {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    if debug:
        os.environ["XADAPT_DEBUG"] = "1"
    if context.invoked_subcommand is None:
        print(context.get_help())


for module in (train, evaluate, predict, explain, suite, run, report, portable, hub, info, data, store):
    module.register(app)


def main(arguments: list[str] | None = None) -> None:
    """Run a command; errors are one line and an exit code (2 bad input, 1 a failed run, 130 interrupted)."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    command = typer.main.get_command(app)
    try:
        # In this mode Typer returns the code of a typer.Exit, or of an interruption, instead of leaving.
        with options_as_flags():
            code = command.main(args=arguments, prog_name="xadapt", standalone_mode=False) or 0
        if code == _INTERRUPTED:
            raise KeyboardInterrupt
        sys.exit(code)
    except XadaptError as error:
        if os.environ.get("XADAPT_DEBUG"):
            raise
        _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted; what trains or evaluates goes on from what is done when it is called again", _INTERRUPTED)
    except OSError as error:
        # A full disk or a folder that went away; what was written before is whole, because writes are atomic.
        if os.environ.get("XADAPT_DEBUG"):
            raise
        _fail(f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""), 1)
    except Exception as error:
        # Typer's usage errors have no public class that all its releases share, but all can format themselves.
        if not hasattr(error, "format_message") or os.environ.get("XADAPT_DEBUG"):
            raise
        _fail(_usage(error), 2)


def _usage(error: Any) -> str:
    message = " ".join(error.format_message().split())
    missing = type(error).__name__ == "MissingParameter"
    return f"{message.rstrip('.')}: see `{error.ctx.command_path} --help`" if missing else message


def _fail(message: str, code: int) -> None:
    print(f"error: {shortened(shown(message))}", file=sys.stderr)
    sys.exit(code)
