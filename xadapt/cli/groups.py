"""Groups of commands that say which command was meant."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from xadapt.errors import unknown


class Group(TyperGroup):
    """Commands whose unknown name is refused with the nearest known one."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Find a command.

        Raises:
            XadaptError: If there is none of that name.
        """
        found = super().get_command(ctx, cmd_name)
        if found is None:
            raise unknown(f"command of {ctx.info_name}" if ctx.parent else "command", cmd_name, self.commands)
        return found
