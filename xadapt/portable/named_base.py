"""Whether an adapter is for the base that it is to be used on: many bases have the same sizes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xadapt.bases import ALIASES, same_base
from xadapt.errors import XadaptError, option, quoted
from xadapt.store.files import read_json

if TYPE_CHECKING:
    from xadapt.backbone.base import Backbone
    from xadapt.portable.found_adapters import FoundAdapter
    from xadapt.store.records import BaseOf


def check_named_base(found: FoundAdapter, backbone: Backbone, force: bool = False) -> str:
    """Check that the base that an adapter's configuration names is the base in use.

    Args:
        found: The adapter.
        backbone: The base in use.
        force: Whether to take it though it is another.

    Returns:
        What a user should know if it cannot be told, "" if it is the same.

    Raises:
        XadaptError: If it is another one, and that is not forced.
    """
    named = found.base
    if named is None:
        return f"it names no base, and is taken for one of {backbone.name}"
    own = _names(backbone)
    if any(same_base(named, name) for name in own):
        return ""
    if not own:
        return f"it names base {quoted(named)}, which {backbone.name} is taken for: the folder does not say what it is"
    if force:
        return f"it names base {quoted(named)}, and is used on {backbone.name} all the same"
    raise XadaptError(
        f"{found.folder} was trained on base {quoted(named)}, not on {backbone.name!r}, which may have the "
        f"same sizes: name its base with {option('base')}, or give {option('force_base')} if both have the same weights"
    )


def check_exported_base(where: object, base: BaseOf, backbone: Backbone, force: bool = False) -> str:
    """Check that an export was made from the base in use; as :func:`check_named_base`."""
    if base.fingerprint == backbone.fingerprint:
        return ""
    if force:
        return f"it was exported from base {quoted(base.name)}, and is used on {backbone.name} all the same"
    raise XadaptError(
        f"{where} was exported from base {quoted(base.name)} ({base.fingerprint[:8]}), and this is {backbone.name!r} "
        f"({backbone.fingerprint[:8]}): name its base with {option('base')}, or give {option('force_base')}"
    )


def _names(backbone: Backbone) -> list[str]:
    """What a base is called; nothing for a folder that says so neither in its name nor in its configuration."""
    folder = Path(backbone.name).expanduser()
    if not folder.is_dir():
        return [backbone.name]
    said = read_json(folder / "config.json").get("_name_or_path")
    known = {name.rpartition("/")[2] for names in ALIASES.items() for name in names}
    called = [str(folder.resolve())] if folder.resolve().name in known or "models--" in str(folder.resolve()) else []
    return [*called, *([str(said)] if said else [])]
