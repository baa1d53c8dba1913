"""The commands as one Typer application."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from xadapt import __version__
from xadapt.cli import data, evaluate, explain, hub, info, portable, predict, report, run, store, suite, train
from xadapt.cli.groups import Group, Stopped
from xadapt.errors import XadaptError, options_as_flags

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


def run_command(arguments: list[str] | None) -> int:
    """Parse and run a command.

    Args:
        arguments: What stands behind ``xadapt``; None for those of the process.

    Returns:
        Its exit code.

    Raises:
        XadaptError: If something is wrong, the words of the command too.
        KeyboardInterrupt: If it was interrupted.
        OSError: If the output cannot be written.
    """
    try:
        # In this mode Typer returns the code of a typer.Exit instead of leaving.
        with options_as_flags():
            code = typer.main.get_command(app).main(args=arguments, prog_name="xadapt", standalone_mode=False) or 0
    except Stopped as stopped:
        raise stopped.by from None
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        # Typer's usage errors have no public class that all its releases share, but all can format themselves.
        if not hasattr(error, "format_message") or os.environ.get("XADAPT_DEBUG"):
            raise
        raise XadaptError(_usage(error)) from None
    return int(code)


def _usage(error: Any) -> str:
    message = " ".join(error.format_message().split())
    missing = type(error).__name__ == "MissingParameter"
    return f"{message.rstrip('.')}: see `{error.ctx.command_path} --help`" if missing else message
