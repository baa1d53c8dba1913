"""Groups of commands that say which command was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from xadapt.errors import unknown


class Stopped(Exception):
    """Carries what Typer would give a code of its own past it: an interruption, or an output that nobody reads.

    Attributes:
        by: What was raised.
    """

    def __init__(self, by: KeyboardInterrupt | OSError) -> None:
        """Carry it."""
        super().__init__()
        self.by = by


@contextmanager
def _past_typer() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, BrokenPipeError) as error:
        raise Stopped(error) from None


class Group(TyperGroup):
    """Commands whose unknown name is refused with the nearest known one."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Parse, and print help where it is asked for."""
        with _past_typer():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        with _past_typer():
            return super().invoke(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Find a command.

        Raises:
            XadaptError: If there is none of that name.
        """
        found = super().get_command(ctx, cmd_name)
        if found is None:
            raise unknown(f"command of {ctx.info_name}" if ctx.parent else "command", cmd_name, self.commands)
        return found


def add_group(app: typer.Typer, name: str, summary: str, commands: Mapping[str, Callable[..., None]]) -> None:
    """Add a command that has commands, and shows its help when none of them is given."""
    group = typer.Typer(cls=Group, invoke_without_command=True, rich_markup_mode=None)
    group.callback(help=summary)(_help_alone)
    for command, function in commands.items():
        group.command(command)(function)
    app.add_typer(group, name=name)


def _help_alone(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())
